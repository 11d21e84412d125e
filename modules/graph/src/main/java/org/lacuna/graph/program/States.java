package org.lacuna.graph.program;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lacuna.graph.Device;
import org.lacuna.graph.TensorSpec;
import org.nd4j.autodiff.samediff.SameDiff;

/** The memory that a program keeps from run to run: placeholders, and for each the variable whose value a run leaves there. */
final class States {
    private final Map<String, String> outputs = new LinkedHashMap<>();

    void add(String placeholder, String output) {
        if (outputs.putIfAbsent(placeholder, output) != null) {
            throw new ProgramException("placeholder '" + placeholder + "' is the state of '" + outputs.get(placeholder) + "' already, it can't be that of '" + output + "' too");
        }
        if (Collections.frequency(outputs.values(), output) > 1) {
            throw new ProgramException("'" + output + "' has a state already, '" + placeholder + "' can't be another one");
        }
    }

    /** Refuses names that the graph does not have. */
    void checkNames(SameDiff graph) {
        outputs.forEach((placeholder, output) -> {
            if (!graph.hasVariable(placeholder) || !graph.getVariable(placeholder).isPlaceHolder()) {
                throw new ProgramException("state '" + placeholder + "' is no placeholder of the graph");
            }
            if (!graph.hasVariable(output)) {
                throw new ProgramException("'" + output + "', to be kept in state '" + placeholder + "', is no variable of the graph");
            }
        });
    }

    /**
     * Refuses a state that would not have its value wherever it is read.
     *
     * @param nodes sorted, as they run
     */
    void check(List<Node> nodes, Map<String, TensorSpec> specs, Device device) {
        outputs.forEach((placeholder, output) -> {
            Node maker = nodes.stream().filter(n -> n.outputs().contains(output)).findFirst()
                    .orElseThrow(() -> new ProgramException("'" + output + "', to be kept in state '" + placeholder + "', is not the output of an op"));
            if (!maker.inputs().contains(placeholder)) {
                throw new ProgramException("op '" + maker.op().opName() + "', which gives '" + output + "', does not read state '" + placeholder + "'");
            }
            TensorSpec kept = specs.get(output);
            TensorSpec state = specs.get(placeholder);
            if (!kept.equals(new TensorSpec(output, state.dataType(), state.shape()))) {
                throw new ProgramException("state " + state + " can't keep " + kept + ": they need one type and shape");
            }
            for (Node node : nodes) {
                if (node != maker && node.inputs().contains(placeholder)) {
                    throw new ProgramException("op '" + node.op().opName() + "' (variable '" + node.outputs().get(0) + "') reads state '" + placeholder
                            + "', which only the op that gives '" + output + "' may read: it writes there");
                }
            }
            for (int i = 0; i < maker.inputs().size(); i++) {
                if (maker.inputs().get(i).equals(placeholder) && !device.inPlace(maker.op(), i, maker.outputs().indexOf(output))) {
                    throw new ProgramException("op '" + maker.op().opName() + "' can't write its output '" + output + "' where its input " + i + ", state '" + placeholder + "', lies");
                }
            }
        });
    }

    /** Placeholder to the variable that it keeps. */
    Map<String, String> outputs() {
        return Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    }
}
