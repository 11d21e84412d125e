package org.lacuna.run.recipe;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.lacuna.run.InputException;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * YAML nodes to a record, guided by the record's type; collects problems instead of stopping at the first.
 * Where a value could not be bound the result is null and {@code problems} has grown.
 */
final class Binder {
    private final String file;
    private final Class<? extends Record> root;
    private final List<String> problems;
    private final Overrides overrides;

    Binder(String file, Class<? extends Record> root, List<String> problems) {
        this.file = file;
        this.root = root;
        this.problems = problems;
        this.overrides = new Overrides(problems);
    }

    Overrides overrides() {
        return overrides;
    }

    @SuppressWarnings("unchecked")
    <T extends Record> T bind(MappingNode tree) {
        return (T) record(tree, root, top(tree));
    }

    /** A problem that begins with a key ({@code "data.text: no such file"}), placed where that key stands; any other as it is. */
    String placed(MappingNode tree, String problem) {
        return keyOf(root, problem).map(key -> inside(tree, key, top(tree)).problem(problem.substring(key.length() + 2))).orElse(problem);
    }

    private Place top(MappingNode tree) {
        return new Place(file, null, tree, "");
    }

    /** Where a value stands: the file or the override it came from, its node (null if absent), its key path. */
    private record Place(String file, String set, Node node, String path) {
        Place at(String key, Node value, String origin) {
            return new Place(file, origin == null ? set : origin, value, path.isEmpty() ? key : path + "." + key);
        }

        Place element(int index, Node value, String origin) {
            return new Place(file, origin == null ? set : origin, value, path + "[" + index + "]");
        }

        String problem(String text) {
            if (set != null) {
                // The override names its key itself; anything below it needs the path.
                boolean named = set.startsWith("--set " + path + "=");
                return set + ": " + (named ? "" : path + ": ") + text;
            }
            boolean line = node != null && node.getStartMark() != null;
            return file + (line ? ":" + (node.getStartMark().getLine() + 1) : "") + ": "
                    + (path.isEmpty() ? "" : path + ": ") + text;
        }
    }

    private Object value(Node node, Type type, Key key, Place place) {
        Class<?> raw = RecipeTypes.raw(type);
        boolean isNull = node instanceof ScalarNode scalar && scalar.isPlain() && scalar.getTag().equals(Tag.NULL);
        if (raw == Optional.class) {
            return isNull ? Optional.empty() : Optional.ofNullable(value(node, RecipeTypes.argument(type), key, place));
        }
        if (isNull && key != null && key.def().equals("null")) {
            return null;
        }
        if (raw == List.class) {
            return list(node, RecipeTypes.argument(type), key, place);
        }
        if (raw == Map.class) {
            return map(node, RecipeTypes.mapped(type), key, place);
        }
        if (raw.isRecord()) {
            if (node instanceof MappingNode mapping) {
                return record(mapping, raw, place);
            }
            return wrong("a mapping of keys to values", key, place);
        }
        if (isNull || !(node instanceof ScalarNode scalar)) {
            return wrong(RecipeTypes.expected(raw), key, place);
        }
        return scalar(scalar, raw, key, place);
    }

    private Object scalar(ScalarNode node, Class<?> raw, Key key, Place place) {
        Object value = RecipeTypes.parse(node, raw);
        if (value == null) {
            return wrong(RecipeTypes.expected(raw), key, place);
        }
        if (value instanceof Number number && key != null) {
            double x = number.doubleValue();
            // The infinite bounds mean "none", and a number is finite, so all four can be compared as they stand.
            if (x < key.min() || x > key.max() || x <= key.above() || x >= key.below()) {
                return wrong(RecipeTypes.expected(raw) + RecipeTypes.range(key), key, place);
            }
        }
        return value;
    }

    private List<Object> list(Node node, Type elementType, Key key, Place place) {
        if (key != null && key.single() && node instanceof ScalarNode) {
            Object one = value(node, elementType, key, place);
            return one == null ? null : List.of(one);
        }
        if (!(node instanceof SequenceNode sequence)) {
            wrong("a list [a, b, ...]", key, place);
            return null;
        }
        int before = problems.size();
        List<Object> values = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            values.add(value(element, elementType, key, place.element(values.size(), element, overrides.origin(element))));
        }
        // A null element leaves a problem behind, except where a key's default is "null", which is for the list itself.
        if (problems.size() == before && values.contains(null)) {
            wrong("a list without null", key, place);
        }
        return problems.size() == before ? List.copyOf(values) : null;
    }

    private Map<String, Object> map(Node node, Type valueType, Key key, Place place) {
        if (!(node instanceof MappingNode mapping)) {
            wrong("a mapping {name: value, ...}", key, place);
            return null;
        }
        int before = problems.size();
        Map<String, Object> values = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
                problems.add(place.at("?", tuple.getKeyNode(), null).problem("a key must be a name, found " + describe(tuple.getKeyNode())));
                continue;
            }
            Place here = at(place, name.getValue(), tuple);
            if (values.containsKey(name.getValue())) {
                problems.add(here.problem("given twice"));
            }
            values.put(name.getValue(), value(tuple.getValueNode(), valueType, key, here));
        }
        return problems.size() == before ? Collections.unmodifiableMap(values) : null;
    }

    private Object record(MappingNode mapping, Class<?> type, Place place) {
        int before = problems.size();
        RecordComponent[] components = type.getRecordComponents();
        Map<String, NodeTuple> given = tuples(mapping, type, place);
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            RecordComponent component = components[i];
            NodeTuple tuple = given.get(component.getName());
            values[i] = tuple == null ? absent(component, place) : value(tuple.getValueNode(), component.getGenericType(),
                    component.getAnnotation(Key.class), at(place, component.getName(), tuple));
        }
        return problems.size() == before ? construct(type, values, mapping, place) : null;
    }

    /** The mapping's entries by name; reports what is unknown, given twice, or no name at all. */
    private Map<String, NodeTuple> tuples(MappingNode mapping, Class<?> type, Place place) {
        List<String> known = Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
        Map<String, NodeTuple> given = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Node keyNode = tuple.getKeyNode();
            if (!(keyNode instanceof ScalarNode name)) {
                problems.add(place.at("?", keyNode, overrides.origin(keyNode)).problem("a key must be a name, found "
                        + describe(keyNode)));
                continue;
            }
            Place here = place.at(name.getValue(), keyNode, overrides.origin(keyNode));
            if (!known.contains(name.getValue())) {
                problems.add(here.problem("unknown key" + KeyNames.hint(root, place.path(), type, name.getValue())));
                continue;
            }
            NodeTuple earlier = given.putIfAbsent(name.getValue(), tuple);
            if (earlier != null) {
                problems.add(here.problem("given twice, first on line "
                        + (earlier.getKeyNode().getStartMark().getLine() + 1)));
            }
        }
        return given;
    }

    private Place at(Place place, String name, NodeTuple tuple) {
        String origin = overrides.origin(tuple.getValueNode());
        return place.at(name, tuple.getValueNode(), origin == null ? overrides.origin(tuple.getKeyNode()) : origin);
    }

    private Object absent(RecordComponent component, Place place) {
        Key key = component.getAnnotation(Key.class);
        Class<?> raw = component.getType();
        if (key != null && !key.def().equals(Key.REQUIRED)) {
            return defaultOf(component, key);
        }
        if (raw == Optional.class) {
            return Optional.empty();
        }
        if (raw.isRecord()) {
            MappingNode empty = new MappingNode(Tag.MAP, List.of(), DumperOptions.FlowStyle.BLOCK);
            return record(empty, raw, place.at(component.getName(), place.node(), null));
        }
        problems.add(place.at(component.getName(), place.node(), null).problem("missing; expected "
                + RecipeTypes.expected(component.getGenericType()) + RecipeTypes.range(key) + doc(key)));
        return null;
    }

    /** A default that does not fit its own key is a mistake in the program, not in the recipe. */
    private Object defaultOf(RecordComponent component, Key key) {
        List<String> mistakes = new ArrayList<>();
        Node node = RecipeText.compose(key.def());
        String name = "default of " + component.getDeclaringRecord().getSimpleName() + "." + component.getName();
        Object value = new Binder(name, root, mistakes).value(node == null ? RecipeText.compose("''") : node,
                component.getGenericType(), key, new Place(name, null, node, ""));
        if (!mistakes.isEmpty()) {
            throw new IllegalStateException(String.join("; ", mistakes));
        }
        return value;
    }

    private Object construct(Class<?> type, Object[] values, MappingNode mapping, Place place) {
        Class<?>[] types = Arrays.stream(type.getRecordComponents()).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refusal) {
                refused(type, String.valueOf(refusal.getMessage()), mapping, place);
                return null;
            }
            if (e.getCause() instanceof InputException refusal) {
                refusal.problems().forEach(problem -> refused(type, problem, mapping, place));
                return null;
            }
            throw new IllegalStateException(type.getSimpleName() + "'s constructor failed", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("can't construct " + type.getSimpleName(), e);
        }
    }

    private void refused(Class<?> type, String message, MappingNode mapping, Place place) {
        Optional<String> key = keyOf(type, message);
        Place here = key.map(path -> inside(mapping, path, place)).orElse(place);
        // What stands in the file was right by itself where an override of another key in the message broke it.
        Place blamed = here.set() != null ? here : KeyNames.paths(type).stream()
                .filter(path -> mentions(message, path))
                .map(path -> inside(mapping, path, place).set())
                .filter(Objects::nonNull)
                .findFirst()
                .map(set -> new Place(here.file(), set, here.node(), here.path()))
                .orElse(here);
        problems.add(blamed.problem(key.map(path -> message.substring(path.length() + 2)).orElse(message)));
    }

    /** The key, perhaps one of a record within, that a message begins with. */
    private static Optional<String> keyOf(Class<?> type, String message) {
        return KeyNames.paths(type).stream().filter(path -> message.startsWith(path + ": ")).findFirst();
    }

    private static boolean mentions(String message, String path) {
        String name = path.substring(path.lastIndexOf('.') + 1);
        return Pattern.compile("\\b" + Pattern.quote(name) + "\\b").matcher(message).find();
    }

    private Place inside(MappingNode mapping, String path, Place place) {
        Place here = place;
        Node node = mapping;
        for (String name : path.split("\\.")) {
            Optional<NodeTuple> tuple = node instanceof MappingNode inner ? tuple(inner, name) : Optional.empty();
            Place outer = here;
            here = tuple.map(t -> at(outer, name, t)).orElseGet(() -> outer.at(name, outer.node(), null));
            node = tuple.map(NodeTuple::getValueNode).orElse(null);
        }
        return here;
    }

    private static Optional<NodeTuple> tuple(MappingNode mapping, String name) {
        return mapping.getValue().stream()
                .filter(tuple -> tuple.getKeyNode() instanceof ScalarNode key && key.getValue().equals(name))
                .findFirst();
    }

    private Object wrong(String expected, Key key, Place place) {
        problems.add(place.problem("expected " + expected + doc(key) + ", found " + describe(place.node())));
        return null;
    }

    private static String doc(Key key) {
        return key == null || key.doc().isEmpty() ? "" : " (" + key.doc() + ")";
    }

    /** What a node holds, for a message. */
    static String describe(Node node) {
        if (node instanceof MappingNode) {
            return "a mapping";
        }
        if (node instanceof SequenceNode) {
            return "a list";
        }
        ScalarNode scalar = (ScalarNode) node;
        if (scalar.isPlain() && scalar.getTag().equals(Tag.NULL)) {
            return "nothing";
        }
        String text = scalar.getValue();
        String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
        return scalar.isPlain() && !text.isEmpty() ? shown : "the text \"" + shown + "\"";
    }
}
