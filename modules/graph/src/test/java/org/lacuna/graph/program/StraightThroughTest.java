package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.Sparsify;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The two gradients of a mask, seen from what is in front of it. The straight-through one is, by definition, what the same graph without the mask
 * would have if it were given the masked values. Each word of the table is read once, so the table's gradient is that of the vectors.
 */
class StraightThroughTest {
    private static final int TOKENS = 5;
    private static final int WIDTH = 19;
    private static final int VOCABULARY = 23;
    private static final int TOP_P = 1;
    private static final double SHARE = 0.5;

    private enum Mask { NONE, FIXED, STRAIGHT_THROUGH }

    private final Device device = new CpuDevice();

    /** table → mask → loss by the head. */
    private static SameDiff graph(Mask mask) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable v = Embedding.of(sd, "v", sd.var("table", DataType.FLOAT, TOKENS, WIDTH), sd.placeHolder("ids", DataType.INT, 1, TOKENS));
        if (mask != Mask.NONE) {
            SDVariable rule = sd.constant("rule", Nd4j.createFromArray(TOP_P));
            SDVariable parameters = sd.constant("parameters", Nd4j.createFromArray(new double[][] {{SHARE}}));
            v = (mask == Mask.FIXED ? Sparsify.of(sd, "masked", "kept", v, rule, parameters, sd.constant("all", Nd4j.ones(DataType.INT, 1, TOKENS)), false)
                    : Sparsify.straightThrough(sd, "masked", "kept", v, rule, parameters))[0];
        }
        LmHeadLoss.of(sd, "loss", "nll", v, sd.var("head", DataType.FLOAT, VOCABULARY, WIDTH), sd.placeHolder("targets", DataType.INT, 1, TOKENS),
                sd.placeHolder("weight", DataType.FLOAT, 1, TOKENS));
        sd.setLossVariables("loss");
        return sd;
    }

    /** The masked vectors and the gradients of table and head. */
    private record Found(float[] masked, float[] table, float[] head) {}

    private Found run(Mask mask, Precision precision, int panels, float[] table) {
        Program program = Program.of(graph(mask), device).placeholder("ids", 1, TOKENS).placeholder("targets", 1, TOKENS)
                .placeholder("weight", 1, TOKENS).precision(precision).panels(panels).outputs("loss", mask == Mask.NONE ? "v" : "masked").gradients().build();
        ParameterStore store = new ParameterStore(device, List.of(new TensorSpec("table", DataType.FLOAT, TOKENS, WIDTH), new TensorSpec("head", DataType.FLOAT, VOCABULARY, WIDTH)));
        store.normal("head", 0.7, new Random(4));
        store.tensor("table").set(table);
        ParameterStore.Flat gradients = store.like();
        try (Workers workers = new Workers(panels)) {
            Instance run = program.instance(store.values(), gradients);
            run.tensor("ids").set(IntStream.range(0, TOKENS).toArray());
            run.tensor("targets").set(new Random(5).ints(TOKENS, 0, VOCABULARY).toArray());
            float[] weight = new float[TOKENS];
            Arrays.fill(weight, 0.3f);
            run.tensor("weight").set(weight);
            run.run(panels == 1 ? null : workers, null);
            return new Found(run.tensor(mask == Mask.NONE ? "v" : "masked").toFloats(), gradients.tensor("table").toFloats(), gradients.tensor("head").toFloats());
        }
    }

    private static float[] table() {
        float[] table = new float[TOKENS * WIDTH];
        Random random = new Random(3);
        for (int i = 0; i < table.length; i++) {
            table[i] = (float) random.nextGaussian();
        }
        return table;
    }

    @ParameterizedTest
    @CsvSource({"FP32,1", "FP32,3", "BF16,1", "BF16,3"})
    void theGradientIsThatOfTheMaskedValuesWithoutAMask(Precision precision, int panels) {
        Found straight = run(Mask.STRAIGHT_THROUGH, precision, panels, table());
        Found surrogate = run(Mask.NONE, precision, 1, straight.masked);
        assertArrayEquals(surrogate.table, straight.table);
        assertArrayEquals(surrogate.head, straight.head);

        Found fixed = run(Mask.FIXED, precision, panels, table());
        assertArrayEquals(straight.masked, fixed.masked);
        assertArrayEquals(straight.head, fixed.head);
        List<Integer> dropped = new ArrayList<>();
        for (int i = 0; i < fixed.table.length; i++) {
            assertEquals(fixed.masked[i] == 0 ? 0 : straight.table[i], fixed.table[i]);
            if (fixed.masked[i] == 0) {
                dropped.add(i);
                assertTrue(straight.table[i] != 0, "what was dropped is told too");
            }
        }
        assertTrue(dropped.size() > WIDTH && dropped.size() < fixed.table.length - TOKENS, dropped.size() + " dropped");
    }

    /** dy itself, by SameDiff's own gradient function and the references in double, before and after the graph was saved. */
    @Test
    void sameDiffHasItToo(@TempDir Path folder) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable v = sd.var("v", Nd4j.createFromArray(new double[] {4, -3, 2, 0, 1, 0.5}).reshape(2, 1, 3));
        SDVariable rule = sd.constant("rule", Nd4j.createFromArray(TOP_P, TOP_P));
        SDVariable parameters = sd.constant("parameters", Nd4j.createFromArray(0.5, 0.9).reshape(2, 1));
        SDVariable y = Sparsify.straightThrough(sd, "masked", "kept", v, rule, parameters)[0];
        double[] c = {1, 2, 3, 4, 5, 6};
        y.mul(sd.constant("c", Nd4j.createFromArray(c).reshape(2, 1, 3))).sum("loss");
        sd.setLossVariables("loss");
        assertArrayEquals(c, sd.calculateGradients(Map.of(), "v").get("v").dup('c').data().asDouble());

        File file = folder.resolve("saved.fb").toFile();
        sd.save(file, false);
        SameDiff loaded = SameDiff.load(file, false);
        assertTrue(((Sparsify) loaded.getOpById(loaded.getVariableOutputOp("masked").getOwnName())).straightThrough());
        assertArrayEquals(c, loaded.calculateGradients(Map.of(), "v").get("v").dup('c').data().asDouble());
        SameDiff fixed = graph(Mask.FIXED);
        assertFalse(((Sparsify) fixed.getOpById(fixed.getVariableOutputOp("masked").getOwnName())).straightThrough());
    }
}
