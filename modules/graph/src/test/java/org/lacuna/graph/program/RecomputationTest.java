package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;

class RecomputationTest {
    private static final int LAYERS = 5;
    /** All but the last layer's: that layer is the last segment. */
    private static final List<String> KEPT = List.of("0.output", "1.output", "2.output", "3.output");
    private static final String AGAIN = ".again";

    private final Device device = new CpuDevice();
    private final SmallLlama llama = new SmallLlama(LAYERS);

    private Program program(Precision precision, List<String> kept) {
        return llama.program(device, precision).outputs("loss", "nll").gradients().recompute(kept).build();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void givesTheSameBitsInLessMemory(Precision precision) {
        Program plain = program(precision, List.of());
        Program again = program(precision, KEPT);
        Map<String, float[]> expected = llama.run(plain, device);
        SmallLlama.assertSameBits(expected, llama.run(again, device));
        assertTrue(again.arenaBytes() < plain.arenaBytes(), again.arenaBytes() + " bytes, without " + plain.arenaBytes());
        ParameterStore store = llama.store(device);
        ParameterStore.Flat gradients = store.like();
        SmallLlama.assertSameBits(expected, SmallLlama.run(again, again.debugInstance(store.values(), gradients), store, gradients));
    }

    /** What a step makes: the name of its first output. */
    private static List<String> made(Program program) {
        return program.steps().stream().map(s -> s.substring(s.indexOf("-> ") + 3).split(",")[0]).toList();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void computesAgainOnceWhatTheBackwardPassNeeds(Precision precision) {
        List<String> made = made(program(precision, KEPT));
        List<String> again = made.stream().filter(m -> m.endsWith(AGAIN)).map(m -> m.substring(0, m.length() - AGAIN.length())).toList();
        Set<String> expected = new HashSet<>(Set.of("x", "table"));
        for (int i = 0; i < LAYERS - 1; i++) {
            // Not the down projection, of which a layer's output is all that is needed; Linear and Attention make q, k and v, and lse, too.
            for (String name : List.of("norm", "q", "q.turned", "k.turned", "heads", "projected", "middle", "input", "gate", "intermediate")) {
                expected.add(i + "." + name);
            }
        }
        if (precision == Precision.FP32) {
            expected.addAll(cheap(LAYERS - 1));
        }
        assertEquals(expected, new HashSet<>(again));
        assertEquals(expected.size(), again.size(), "each once: " + again);
        assertEquals(withoutAgain(made(program(precision, List.of()))), withoutAgain(made), "all else is as it was");
    }

    private static List<String> cheap(int layer) {
        return List.of(layer + ".norm", layer + ".input", layer + ".intermediate");
    }

    private static List<String> withoutAgain(List<String> made) {
        return made.stream().filter(m -> !m.endsWith(AGAIN)).toList();
    }

    @Test
    void normsAndActivationsAreComputedAgainInAnyCase() {
        Program program = program(Precision.FP32, List.of());
        List<String> expected = new ArrayList<>(IntStream.range(0, LAYERS).mapToObj(RecomputationTest::cheap).flatMap(List::stream).toList());
        assertEquals(new HashSet<>(expected), made(program).stream().filter(m -> m.endsWith(AGAIN)).map(m -> m.substring(0, m.length() - AGAIN.length())).collect(Collectors.toSet()));
        expected.add("loss");
        Program keeping = llama.program(device, Precision.FP32).outputs(expected.toArray(String[]::new)).outputs("nll").gradients().build();
        assertEquals(List.of(), made(keeping).stream().filter(m -> m.endsWith(AGAIN)).toList(), "what is read after the run is kept");
        assertTrue(program.arenaBytes() < keeping.arenaBytes(), program.arenaBytes() + " bytes, keeping " + keeping.arenaBytes());
        Map<String, float[]> kept = llama.run(keeping, device);
        Map<String, float[]> again = llama.run(program, device);
        kept.keySet().retainAll(again.keySet());
        SmallLlama.assertSameBits(kept, again);
    }

    @Test
    void bf16KeepsNormsAndActivations() {
        assertEquals(List.of(), made(program(Precision.BF16, List.of())).stream().filter(m -> m.endsWith(AGAIN)).toList());
    }

    @Test
    void computesALayerAgainJustBeforeItIsNeeded() {
        List<String> made = made(program(Precision.FP32, KEPT));
        for (int i = 1; i < LAYERS - 1; i++) {
            int above = made.indexOf(i + ".intermediate" + AGAIN);
            int below = made.indexOf((i - 1) + ".norm" + AGAIN);
            assertTrue(above < below, "layer " + i + " goes first: " + made);
        }
    }

    /** What is read after the run is there, whether or not it is computed again. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void outputsOnTheWayStayReadable(Precision precision) {
        String[] outputs = {"loss", "1.norm", "1.middle", "2.output", "1.intermediate"};
        Program plain = llama.program(device, precision).outputs(outputs).gradients().build();
        Program again = llama.program(device, precision).outputs(outputs).gradients().recompute(KEPT).build();
        SmallLlama.assertSameBits(llama.run(plain, device), llama.run(again, device));
    }

    @Test
    void aProgramWithoutGradientsHasNothingToComputeAgain() {
        Program program = llama.program(device, Precision.FP32).outputs("loss").recompute(KEPT).build();
        assertFalse(made(program).stream().anyMatch(m -> m.endsWith(AGAIN)));
    }

    @Test
    void aNameThatIsNoVariableIsRefused() {
        Program.Builder builder = llama.program(device, Precision.FP32).outputs("loss").gradients().recompute(List.of("0.output", "0.outptu"));
        assertEquals("'0.outptu', to compute again from, is no variable of the graph", assertThrows(ProgramException.class, builder::build).getMessage());
    }
}
