package org.lacuna.graph.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.graph.TensorSpec;

/**
 * Lets a node wait until just before its result is first read, where the result takes more memory than the inputs that end
 * with the node: the gradients of all layers' penalties could run at once, and would lie there until their layers' turn.
 */
final class Waiting {
    private Waiting() {}

    /**
     * The nodes in another order in which they can run.
     *
     * @param nodes sorted
     * @param wanted variables that are read after the last node
     */
    static List<Node> apply(List<Node> nodes, Set<String> wanted, Map<String, TensorSpec> specs) {
        Map<String, Integer> lastUse = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (String input : nodes.get(i).inputs()) {
                lastUse.put(input, i);
            }
        }
        List<Node> sorted = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            int step = i;
            List<String> ending = node.inputs().stream().distinct().filter(input -> lastUse.get(input) == step).toList();
            boolean waits = node.outputs().stream().noneMatch(wanted::contains) && bytes(node.outputs(), specs) > bytes(ending, specs);
            sorted.add(waits ? firstReader(node, sorted) : 0, node);
        }
        return sorted;
    }

    private static int firstReader(Node node, List<Node> after) {
        for (int i = 0; i < after.size(); i++) {
            if (after.get(i).inputs().stream().anyMatch(node.outputs()::contains)) {
                return i;
            }
        }
        return 0;
    }

    private static long bytes(List<String> names, Map<String, TensorSpec> specs) {
        return names.stream().mapToLong(name -> specs.get(name).bytes()).sum();
    }
}
