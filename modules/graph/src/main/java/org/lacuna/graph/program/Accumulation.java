package org.lacuna.graph.program;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.Add;

/**
 * Lets the gradients of several runs add up in one vector: a gradient is made in the arena, and the step behind adds it to what the runs before left at its
 * parameter's place. The vector that would hold a run's own gradients is not needed, only room for the largest of them.
 */
final class Accumulation {
    private Accumulation() {}

    /**
     * The nodes with those that add.
     *
     * @param nodes     sorted
     * @param gradients parameter name to the name of its gradient variable; those that a node makes are replaced by their sum
     * @param specs     the sums' are added
     * @throws ProgramException if no node makes one
     */
    static List<Node> apply(List<Node> nodes, Map<String, String> gradients, Map<String, TensorSpec> specs) {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        gradients.forEach((parameter, variable) -> parameters.computeIfAbsent(variable, name -> new ArrayList<>()).add(parameter));
        Set<String> made = nodes.stream().flatMap(node -> node.outputs().stream()).collect(Collectors.toSet());
        parameters.forEach((variable, of) -> {
            if (!made.contains(variable)) {
                throw new ProgramException("no op makes the gradient of " + String.join(", ", of) + ", so that it can't be added up over runs");
            }
        });
        List<Node> all = new ArrayList<>();
        for (Node node : nodes) {
            all.add(node);
            for (String output : node.outputs()) {
                for (String parameter : parameters.getOrDefault(output, List.of())) {
                    String before = before(parameter);
                    String sum = "gradient of " + parameter + ", sum";
                    specs.put(before, new TensorSpec(before, specs.get(output).dataType(), specs.get(output).shape()));
                    specs.put(sum, new TensorSpec(sum, specs.get(output).dataType(), specs.get(output).shape()));
                    all.add(new Node(sum, new Add(), List.of(before, output), List.of(sum)));
                    gradients.put(parameter, sum);
                }
            }
        }
        return all;
    }

    /** What the runs before left of a parameter's gradient, by name; it lies where the sum does. */
    static String before(String parameter) {
        return "gradient of " + parameter + ", before";
    }
}
