package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.LacunaOps;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** Gradients that add up over runs, in one vector. */
class AccumulationTest {
    private final Device device = new CpuDevice();
    private final SmallLlama llama = new SmallLlama(2);

    private Program program(Precision precision, int panels, boolean accumulating) {
        return llama.program(device, precision).outputs("loss", "nll").gradients().panels(panels).accumulating(accumulating).build();
    }

    private static void feed(Instance instance, int run) {
        for (int i = 0; i < SmallLlama.BATCH * SmallLlama.LENGTH; i++) {
            instance.tensor("ids").ints().put(i, (i * 5 + run * 11) % 37);
            instance.tensor("positions").ints().put(i, i % SmallLlama.LENGTH);
            instance.tensor("targets").ints().put(i, (i * 7 + run * 3) % 37);
            instance.tensor("weight").setFloat(i, 0.1f * (run + 1));
        }
    }

    @ParameterizedTest
    @CsvSource({"FP32,1,false", "FP32,3,false", "BF16,1,false", "FP32,1,true"})
    void runsAddUpInTheirOrderToTheBit(Precision precision, int panels, boolean debug) {
        ParameterStore store = llama.store(device);
        ParameterStore.Flat own = store.like();
        Instance each = program(precision, panels, false).instance(store.values(), own);
        ParameterStore.Flat sums = store.like();
        Program accumulating = program(precision, panels, true);
        Instance together = debug ? accumulating.debugInstance(store.values(), sums) : accumulating.instance(store.values(), sums);
        for (int again = 0; again < 2; again++) {
            together.restart();
            Map<String, float[]> expected = new LinkedHashMap<>();
            for (int run = 0; run < 3; run++) {
                feed(each, run + again);
                each.run();
                feed(together, run + again);
                together.run();
                assertEquals(each.tensor("loss").getFloat(0), together.tensor("loss").getFloat(0));
                for (String name : store.names()) {
                    float[] here = own.tensor(name).toFloats();
                    expected.merge(name, here, (sum, more) -> {
                        float[] total = sum.clone();
                        for (int i = 0; i < total.length; i++) {
                            total[i] += more[i];
                        }
                        return total;
                    });
                    assertArrayEquals(expected.get(name), sums.tensor(name).toFloats(), name + " after run " + run);
                }
            }
        }
        assertEquals(Optional.empty(), together.firstNonFinite());
    }

    @Test
    void onlyRoomForTheLargestGradientIsTaken() {
        Program plain = program(Precision.FP32, 1, false);
        Program accumulating = program(Precision.FP32, 1, true);
        long largest = llama.store(device).values().tensor("words").bytes().capacity();
        assertTrue(accumulating.arenaBytes() <= plain.arenaBytes() + largest, accumulating.arenaBytes() + " bytes, without " + plain.arenaBytes());
        for (Node node : plain.nodes()) {
            for (String output : node.outputs()) {
                if (plain.gradientTargets().containsKey(output)) {
                    assertEquals(node.op().adds(), accumulating.arena().slot(output) < 0, output + ": an op that adds needs no room");
                }
            }
        }
        accumulating.gradientTargets().keySet().forEach(name -> assertEquals(-1, accumulating.arena().slot(name), name));
    }

    @ParameterizedTest
    @EnumSource
    void theSumsAreTheSameWhoeverComputesThem(Precision precision) {
        ParameterStore store = llama.store(device);
        ParameterStore.Flat alone = store.like();
        ParameterStore.Flat shared = store.like();
        Instance one = program(precision, 1, true).instance(store.values(), alone);
        Instance three = program(precision, 3, true).instance(store.values(), shared);
        try (Workers team = new Workers(3)) {
            for (int run = 0; run < 5; run++) {
                if (run % 3 == 0) {
                    one.restart();
                    three.restart();
                }
                feed(one, run);
                one.run();
                feed(three, run);
                three.run(team, null);
                for (String name : store.names()) {
                    assertArrayEquals(alone.tensor(name).toFloats(), shared.tensor(name).toFloats(), name + " after run " + run);
                }
            }
        }
    }

    /** A gradient that is read too is a run's own, and the sum is beside it. */
    @Test
    void aGradientThatIsAnOutputIsARunsOwn() {
        ParameterStore store = llama.store(device);
        ParameterStore.Flat own = store.like();
        ParameterStore.Flat sums = store.like();
        Instance each = program(Precision.FP32, 1, false).instance(store.values(), own);
        Instance together = llama.program(device, Precision.FP32).outputs("loss", "nll", "0.wo-grad").gradients().accumulating(true).build().instance(store.values(), sums);
        float[] expected = new float[(int) store.spec("0.wo").length()];
        for (int run = 0; run < 2; run++) {
            feed(each, run);
            each.run();
            feed(together, run);
            together.run();
            float[] here = own.tensor("0.wo").toFloats();
            assertArrayEquals(here, together.tensor("0.wo-grad").toFloats());
            for (int i = 0; i < here.length; i++) {
                expected[i] += here[i];
            }
            assertArrayEquals(expected, sums.tensor("0.wo").toFloats());
        }
    }

    @Test
    void aGradientThatNoOpMakesIsRefused() {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable w = sd.var("w", DataType.FLOAT, 3);
        SDVariable v = sd.var("v", DataType.FLOAT, 3);
        Add.of(sd, "loss", w, v);
        sd.setLossVariables("loss");
        Program.Builder builder = Program.of(sd, device).outputs("loss").gradients().accumulating(true);
        assertTrue(assertThrows(ProgramException.class, builder::build).getMessage().contains("no op makes the gradient of "));
        assertEquals(List.of("v", "w"), Program.of(sd, device).outputs("loss").gradients().build().parameters().stream().sorted().toList(), "without rounds it is copied");
    }
}
