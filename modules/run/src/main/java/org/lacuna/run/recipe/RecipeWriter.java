package org.lacuna.run.recipe;

import java.io.StringWriter;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Records to YAML, so that {@link Binder} reads the same record from it and any YAML 1.1 or 1.2 reader the same values. */
final class RecipeWriter {
    private RecipeWriter() {}

    static String write(Record recipe) {
        return text(node(recipe));
    }

    /** Each key's path and its value's text, in order; a list is one value. */
    static Map<String, String> flat(Record recipe) {
        Map<String, String> values = new LinkedHashMap<>();
        flatten("", mapping(recipe), values);
        return values;
    }

    private static void flatten(String path, MappingNode mapping, Map<String, String> into) {
        for (NodeTuple tuple : mapping.getValue()) {
            String key = path + ((ScalarNode) tuple.getKeyNode()).getValue();
            if (tuple.getValueNode() instanceof MappingNode nested) {
                flatten(key + ".", nested, into);
            } else {
                into.put(key, text(tuple.getValueNode()).strip());
            }
        }
    }

    private static String text(Node node) {
        DumperOptions options = new DumperOptions();
        options.setSplitLines(false);
        StringWriter text = new StringWriter();
        new Yaml(options).serialize(node, text);
        return text.toString();
    }

    private static Node node(Object value) {
        if (value == null) {
            return scalar(Tag.NULL, "null");
        }
        if (value instanceof Optional<?> optional) {
            return node(optional.orElse(null));
        }
        if (value instanceof Record record) {
            return mapping(record);
        }
        if (value instanceof Map<?, ?> map) {
            List<NodeTuple> entries = map.entrySet().stream().map(e -> new NodeTuple(scalar(Tag.STR, e.getKey().toString()), node(e.getValue()))).toList();
            return new MappingNode(Tag.MAP, entries, FlowStyle.FLOW);
        }
        if (value instanceof List<?> list) {
            boolean flat = list.stream().noneMatch(element -> element instanceof Record || element instanceof List);
            List<Node> elements = list.stream().map(RecipeWriter::node).toList();
            return new SequenceNode(Tag.SEQ, elements, flat ? FlowStyle.FLOW : FlowStyle.BLOCK);
        }
        if (value instanceof Double number) {
            // YAML 1.1 takes an exponent only with its sign.
            return scalar(Tag.FLOAT, Double.toString(number).replaceFirst("E(?=[0-9])", "E+").replace('E', 'e'));
        }
        if (value instanceof Number number) {
            return scalar(Tag.INT, number.toString());
        }
        if (value instanceof Boolean) {
            return scalar(Tag.BOOL, value.toString());
        }
        return scalar(Tag.STR, value instanceof Enum<?> constant ? RecipeTypes.name(constant) : value.toString());
    }

    private static MappingNode mapping(Record record) {
        List<NodeTuple> tuples = new ArrayList<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            try {
                Method accessor = component.getAccessor();
                accessor.setAccessible(true);
                tuples.add(new NodeTuple(scalar(Tag.STR, component.getName()), node(accessor.invoke(record))));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("can't read " + record.getClass().getSimpleName() + "." + component.getName(), e);
            }
        }
        return new MappingNode(Tag.MAP, tuples, FlowStyle.BLOCK);
    }

    private static ScalarNode scalar(Tag tag, String text) {
        return new ScalarNode(tag, text, null, null, ScalarStyle.PLAIN);
    }
}
