package org.lacuna.model.graph;

import java.util.List;
import java.util.Map;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Placeholders' values as SameDiff wants them, and a program run with them. */
final class Feeds {
    private Feeds() {}

    /** Compiles, fills the placeholders and runs once, with dead memory full of NaN. */
    static Instance run(Program.Builder builder, Map<String, INDArray> inputs, ParameterStore store, ParameterStore.Flat gradients, List<String> outputs) {
        inputs.forEach((name, array) -> builder.placeholder(name, array.shape()));
        Instance run = builder.outputs(outputs.toArray(String[]::new)).build().debugInstance(store.values(), gradients);
        inputs.forEach((name, array) -> {
            switch (array.dataType()) {
                case FLOAT -> run.tensor(name).set(array.dup('c').data().asFloat());
                case DOUBLE -> run.tensor(name).set(array.dup('c').data().asDouble());
                default -> run.tensor(name).set(array.dup('c').data().asInt());
            }
        });
        run.run();
        return run;
    }

    static INDArray ints(int[] values, long... shape) {
        return Nd4j.createFromArray(values).reshape('c', shape);
    }

    static INDArray floats(float[] values, long... shape) {
        return Nd4j.createFromArray(values).reshape('c', shape);
    }

    static INDArray doubles(double[] values, long... shape) {
        return Nd4j.createFromArray(values).reshape('c', shape);
    }
}
