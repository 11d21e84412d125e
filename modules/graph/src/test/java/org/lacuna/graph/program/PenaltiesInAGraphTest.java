package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.Activity;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.SitePenalty;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A penalty as a graph's loss, beside the counts of what is active: compiled, saved, and by SameDiff's own execution. */
class PenaltiesInAGraphTest {
    private static final long[] SHAPE = {2, 5, 9};
    private static final float[] WEIGHTS = {1, 2, 0.5f, 0, 1, 1, 1, 3, 0, 1};

    @TempDir
    Path folder;

    private final Device device = new CpuDevice();

    static Stream<String> penalties() {
        return Penalties.all().stream().map(Penalty::name);
    }

    private static float[] values() {
        Random random = new Random(4);
        float[] values = new float[2 * 5 * 9];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(3) == 0 ? 0 : (float) random.nextGaussian();
        }
        return values;
    }

    private static SameDiff graph(Penalty penalty) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable v = sd.var("v", Nd4j.createFromArray(values()).reshape(SHAPE));
        SDVariable weight = sd.placeHolder("weight", DataType.FLOAT, 2, 5);
        SitePenalty.of(sd, "loss", penalty, penalty.defaults(), v, weight);
        Activity.of(sd, "active", v, weight);
        sd.setLossVariables("loss");
        return sd;
    }

    private record Result(float loss, int[] active, float[] gradient) {}

    private Result compiled(SameDiff sd) {
        ParameterStore store = new ParameterStore(device, List.of(new TensorSpec("v", DataType.FLOAT, SHAPE)));
        store.tensor("v").set(values());
        ParameterStore.Flat gradients = store.like();
        Instance run = Program.of(sd, device).placeholder("weight", 2, 5).outputs("loss", "active").gradients().build().instance(store.values(), gradients);
        run.tensor("weight").set(WEIGHTS);
        run.run();
        return new Result(run.tensor("loss").getFloat(0), run.tensor("active").toInts(), gradients.tensor("v").toFloats());
    }

    private static Result bySameDiff(SameDiff sd) {
        Map<String, INDArray> fed = Map.of("weight", Nd4j.createFromArray(WEIGHTS).reshape(2, 5));
        float[] gradient = sd.calculateGradients(fed, "v").get("v").dup('c').data().asFloat();
        Map<String, INDArray> out = sd.output(fed, "loss", "active");
        return new Result(out.get("loss").getFloat(0), out.get("active").toIntVector(), gradient);
    }

    @ParameterizedTest
    @MethodSource("penalties")
    void givesTheSameHoweverItIsRun(String name) throws Exception {
        SameDiff sd = graph(Penalties.byName(name));
        Result expected = compiled(sd);
        assertSame(expected, bySameDiff(sd), 1e-6f);
        File file = folder.resolve("graph.fb").toFile();
        sd.save(file, false);
        SameDiff loaded = SameDiff.load(file, false);
        loaded.setLossVariables("loss");
        assertSame(expected, compiled(loaded), 0);
        assertSame(expected, bySameDiff(loaded), 1e-6f);
    }

    private static void assertSame(Result expected, Result found, float tolerance) {
        assertEquals(expected.loss, found.loss, tolerance * Math.abs(expected.loss));
        assertArrayEquals(expected.active, found.active);
        float largest = 0;
        for (float g : expected.gradient) {
            largest = Math.max(largest, Math.abs(g));
        }
        assertArrayEquals(expected.gradient, found.gradient, tolerance * largest);
    }
}
