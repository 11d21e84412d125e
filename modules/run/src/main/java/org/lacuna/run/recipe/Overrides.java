package org.lacuna.run.recipe;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Lays {@code --set path.to.key=value} over a recipe's nodes and remembers which nodes came from where. */
final class Overrides {
    /** So much of a text that was given with --set stands in each problem with it. */
    private static final int ECHOED = 200;

    private final List<String> problems;
    private final Map<Node, String> origins = new IdentityHashMap<>();

    Overrides(List<String> problems) {
        this.problems = problems;
    }

    /** The {@code --set …} that a node came from, or null if it stood in the file. */
    String origin(Node node) {
        return origins.get(node);
    }

    MappingNode apply(MappingNode root, List<String> sets) {
        MappingNode result = root;
        for (String set : sets) {
            String origin = "--set " + (set.length() <= ECHOED ? set : set.substring(0, ECHOED) + "…");
            int equals = set.indexOf('=');
            List<String> path = equals < 0 ? List.of() : List.of(set.substring(0, equals).split("\\.", -1));
            if (path.isEmpty() || path.stream().anyMatch(String::isBlank)) {
                problems.add(origin + ": expected path.to.key=value, for example train.lr=3e-4");
                continue;
            }
            Node value = value(set.substring(equals + 1), origin);
            if (value != null) {
                result = with(result, path, value, origin);
            }
        }
        return result;
    }

    private Node value(String text, String origin) {
        try {
            Node value = RecipeText.compose(text);
            // Nothing after "=" is an empty text rather than null: `--set data.text=` names no file, and the error says so.
            return own(value == null ? scalar(text, Tag.STR) : value, origin);
        } catch (YAMLException e) {
            problems.add(origin + ": the value is not valid YAML; quote it");
            return null;
        }
    }

    /** A copy of the mapping with one path replaced: nodes may be shared through aliases, so none is changed. */
    private MappingNode with(MappingNode mapping, List<String> path, Node value, String origin) {
        List<NodeTuple> tuples = new ArrayList<>(mapping.getValue());
        int at = indexOf(tuples, path.get(0));
        Node child = at < 0 ? null : tuples.get(at).getValueNode();
        Node replaced = value;
        if (path.size() > 1 && child instanceof SequenceNode list) {
            replaced = with(list, path.get(0), path.subList(1, path.size()), value, origin);
            if (replaced == null) {
                return mapping;
            }
        } else if (path.size() > 1) {
            MappingNode inner;
            if (child instanceof MappingNode found) {
                inner = found;
            } else if (child == null || child.getTag().equals(Tag.NULL)) {
                inner = own(new MappingNode(Tag.MAP, List.of(), DumperOptions.FlowStyle.BLOCK), origin);
            } else {
                problems.add(origin + ": " + path.get(0) + " holds " + Binder.describe(child) + ", not further keys");
                return mapping;
            }
            replaced = with(inner, path.subList(1, path.size()), value, origin);
        }
        if (at < 0) {
            tuples.add(new NodeTuple(own(scalar(path.get(0), Tag.STR), origin), replaced));
        } else {
            tuples.set(at, new NodeTuple(tuples.get(at).getKeyNode(), replaced));
        }
        MappingNode copy = new MappingNode(mapping.getTag(), true, tuples, mapping.getStartMark(), mapping.getEndMark(),
                mapping.getFlowStyle());
        String inherited = origins.get(mapping);
        return inherited == null ? copy : own(copy, inherited);
    }

    /** A copy of the list with an element, or a path within it, replaced; null where there is no such element. */
    private Node with(SequenceNode list, String name, List<String> path, Node value, String origin) {
        List<Node> elements = new ArrayList<>(list.getValue());
        int at = path.get(0).matches("[0-9]{1,6}") ? Integer.parseInt(path.get(0)) : -1;
        if (at < 0 || at >= elements.size()) {
            problems.add(origin + ": " + name + " is a list of " + elements.size() + "; expected the place of one of its elements, from 0, found " + path.get(0));
            return null;
        }
        Node replaced = value;
        if (path.size() > 1) {
            if (!(elements.get(at) instanceof MappingNode inner)) {
                problems.add(origin + ": " + name + "." + at + " holds " + Binder.describe(elements.get(at)) + ", not further keys");
                return null;
            }
            replaced = with(inner, path.subList(1, path.size()), value, origin);
        }
        elements.set(at, replaced);
        return new SequenceNode(list.getTag(), true, elements, list.getStartMark(), list.getEndMark(), list.getFlowStyle());
    }

    private <N extends Node> N own(N node, String origin) {
        origins.put(node, origin);
        return node;
    }

    private static ScalarNode scalar(String text, Tag tag) {
        return new ScalarNode(tag, text, null, null, DumperOptions.ScalarStyle.PLAIN);
    }

    private static int indexOf(List<NodeTuple> tuples, String key) {
        for (int i = 0; i < tuples.size(); i++) {
            if (tuples.get(i).getKeyNode() instanceof ScalarNode scalar && scalar.getValue().equals(key)) {
                return i;
            }
        }
        return -1;
    }
}
