package org.lacuna.graph.program;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.LacunaOp;

/**
 * Lets the gradients of several runs add up in one vector. An op that can ({@link LacunaOp#adds}) adds a gradient to what the runs before left at its parameter's
 * place; another makes it in the arena, and the step behind adds it. The vector that would hold a run's own gradients is not needed, only room for the
 * largest of the latter.
 */
final class Accumulation {
    private Accumulation() {}

    /**
     * The nodes with those that add.
     *
     * @param nodes     sorted
     * @param gradients parameter name to the name of its gradient variable; those that a node makes are replaced by their sum
     * @param outputs   variables that are read after a run
     * @param specs     the sums' are added
     * @throws ProgramException if no node makes one
     */
    static List<Node> apply(List<Node> nodes, Map<String, String> gradients, Set<String> outputs, Map<String, TensorSpec> specs) {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        gradients.forEach((parameter, variable) -> parameters.computeIfAbsent(variable, name -> new ArrayList<>()).add(parameter));
        Set<String> made = nodes.stream().flatMap(node -> node.outputs().stream()).collect(Collectors.toSet());
        parameters.forEach((variable, of) -> {
            if (!made.contains(variable)) {
                throw new ProgramException("no op makes the gradient of " + String.join(", ", of) + ", so that it can't be added up over runs");
            }
        });
        Set<String> read = nodes.stream().flatMap(node -> node.inputs().stream()).collect(Collectors.toSet());
        read.addAll(outputs);
        List<Node> all = new ArrayList<>();
        for (Node node : nodes) {
            String only = node.outputs().get(0);
            List<String> of = parameters.getOrDefault(only, List.of());
            if (node.op().adds() && of.size() == 1 && !read.contains(only)) {
                all.add(adding(node.op(), node.inputs(), only, of.get(0), gradients, specs));
                continue;
            }
            all.add(node);
            for (String output : node.outputs()) {
                for (String parameter : parameters.getOrDefault(output, List.of())) {
                    all.add(adding(new Add(), List.of(output), output, parameter, gradients, specs));
                }
            }
        }
        return all;
    }

    /** An op that adds a parameter's gradient, made of {@code inputs}, to that of the runs before. */
    private static Node adding(LacunaOp op, List<String> inputs, String gradient, String parameter, Map<String, String> gradients, Map<String, TensorSpec> specs) {
        String before = before(parameter);
        String sum = "gradient of " + parameter + ", sum";
        for (String name : List.of(before, sum)) {
            specs.put(name, new TensorSpec(name, specs.get(gradient).dataType(), specs.get(gradient).shape()));
        }
        gradients.put(parameter, sum);
        return new Node(sum, op, Stream.concat(inputs.stream(), Stream.of(before)).toList(), List.of(sum));
    }

    /** What the runs before left of a parameter's gradient, by name; it lies where the sum does. */
    static String before(String parameter) {
        return "gradient of " + parameter + ", before";
    }
}
