package org.lacuna.graph.program;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.graph.Device;
import org.lacuna.graph.Format;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.ToBfloat16;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Which values of a program are kept in bf16, as its device's kernels have it: those whose producer can write it and whose
 * readers all take it. A value that stays in float, and is a product's factor all the same, is rounded once, before the first
 * op that needs it so.
 */
final class Formats {
    private final Map<String, TensorSpec> specs;
    private final Map<String, List<Format>> readers = new LinkedHashMap<>();

    private final List<String> parameters;

    private Formats(Map<String, TensorSpec> specs, List<String> parameters) {
        this.specs = specs;
        this.parameters = parameters;
    }

    /**
     * Chooses.
     *
     * @param nodes sorted
     * @param specs name to what the graph says of it; what is kept in bf16 changes its type here, and rounded copies come in
     * @param parameters whose rounded copies an {@link Instance} is given
     * @param wanted values that stay as the graph says
     * @return the nodes with those that round
     */
    static List<Node> choose(List<Node> nodes, Map<String, TensorSpec> specs, List<String> parameters, Set<String> wanted, Device device) {
        Formats formats = new Formats(specs, parameters);
        for (Node node : nodes) {
            for (int i = 0; i < node.inputs().size(); i++) {
                formats.readers.computeIfAbsent(node.inputs().get(i), n -> new ArrayList<>()).add(device.input(node.op(), i));
            }
        }
        for (Node node : nodes) {
            for (int i = 0; i < node.outputs().size(); i++) {
                if (device.output(node.op(), i) == Format.EITHER && !wanted.contains(node.outputs().get(i))) {
                    formats.narrow(node.outputs().get(i));
                }
            }
        }
        return formats.rounded(nodes, device);
    }

    /** What the rounded copy of a value is called. */
    static String copy(String name) {
        return name + ".bf16";
    }

    private void narrow(String name) {
        TensorSpec spec = specs.get(name);
        List<Format> takers = readers.get(name);
        if (takers != null && !takers.contains(Format.FP32) && spec.dataType() == DataType.FLOAT) {
            specs.put(name, new TensorSpec(name, DataType.BFLOAT16, spec.shape()));
        }
    }

    private List<Node> rounded(List<Node> nodes, Device device) {
        List<Node> all = new ArrayList<>();
        Set<String> copied = new HashSet<>();
        for (Node node : nodes) {
            List<String> inputs = new ArrayList<>(node.inputs());
            for (int i = 0; i < inputs.size(); i++) {
                String name = inputs.get(i);
                if (device.input(node.op(), i) == Format.BF16 && specs.get(name).dataType() == DataType.FLOAT) {
                    String copy = copy(name);
                    if (copied.add(name)) {
                        specs.put(copy, new TensorSpec(copy, DataType.BFLOAT16, specs.get(name).shape()));
                        if (!parameters.contains(name)) {
                            all.add(new Node(copy, new ToBfloat16(), List.of(name), List.of(copy)));
                        }
                    }
                    inputs.set(i, copy);
                }
            }
            all.add(new Node(node.name(), node.op(), List.copyOf(inputs), node.outputs()));
        }
        return all;
    }
}
