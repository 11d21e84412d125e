package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;

/** Outputs that lie where an input did. */
class InPlaceTest {
    private final Device device = new CpuDevice();
    private final SmallLlama llama = new SmallLlama(3);

    /** The device, but with every output in a place of its own. */
    private static Device apart(Device device) {
        return (Device) Proxy.newProxyInstance(Device.class.getClassLoader(), new Class<?>[] {Device.class}, (proxy, method, args) -> {
            if (method.getName().equals("inPlace")) {
                return false;
            }
            try {
                Object result = method.invoke(device, args);
                return method.getName().equals("in") ? apart((Device) result) : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    private Program program(Device on, Precision precision, List<String> kept, String... outputs) {
        return llama.program(on, precision).outputs(outputs).gradients().recompute(kept).build();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void givesTheBitsOfAnOutputApart(Precision precision) {
        for (List<String> kept : List.of(List.<String>of(), List.of("0.output", "1.output"))) {
            Program inPlace = program(device, precision, kept, "loss", "nll", "1.middle");
            Program apart = program(apart(device), precision, kept, "loss", "nll", "1.middle");
            Map<String, float[]> expected = llama.run(apart, device);
            SmallLlama.assertSameBits(expected, llama.run(inPlace, device));
            ParameterStore store = llama.store(device);
            ParameterStore.Flat gradients = store.like();
            SmallLlama.assertSameBits(expected, SmallLlama.run(inPlace, inPlace.debugInstance(store.values(), gradients), store, gradients));
            assertTrue(inPlace.arena().needs().size() < apart.arena().needs().size(), "some lie in place");
            assertTrue(inPlace.liveBytes() <= apart.liveBytes(), inPlace.liveBytes() + " bytes alive, apart " + apart.liveBytes());
        }
    }

    /** In one slot no value begins before the last one has been read, and where that is in the same step, the kernel allows it. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void noValueIsOverwrittenThatIsNeeded(Precision precision) {
        check(program(device, precision, List.of(), "loss", "nll"));
        check(program(device, precision, List.of("0.output"), "loss", "x", "0.middle", "1.q.turned", "1.down"));
    }

    private static void check(Program program) {
        Map<String, Integer> end = new HashMap<>();
        for (int i = 0; i < program.nodes().size(); i++) {
            int step = i;
            program.nodes().get(i).inputs().forEach(name -> end.put(name, step));
        }
        program.outputs().forEach(name -> end.put(name, program.nodes().size()));
        program.gradients().values().forEach(name -> end.put(name, program.nodes().size()));
        Map<Integer, String> holder = new HashMap<>();
        for (int i = 0; i < program.nodes().size(); i++) {
            for (String output : program.nodes().get(i).outputs()) {
                String before = program.arena().slot(output) < 0 ? null : holder.put(program.arena().slot(output), output);
                if (before != null) {
                    checkOver(program, i, before, output, end);
                }
            }
        }
    }

    private static void checkOver(Program program, int step, String before, String output, Map<String, Integer> end) {
        Node node = program.nodes().get(step);
        assertEquals(step, end.get(before), before + " ends where " + output + " lies over it");
        assertEquals(program.specs().get(before).bytes(), program.specs().get(output).bytes());
        for (int input = 0; input < node.inputs().size(); input++) {
            if (node.inputs().get(input).equals(before)) {
                assertTrue(program.device().inPlace(node.op(), input, node.outputs().indexOf(output)), output + " over " + before);
            }
        }
    }

    @Test
    void aSumLiesOverTheTermThatEnds() {
        Program forward = llama.program(device, Precision.FP32).outputs("loss").build();
        assertEquals(forward.arena().slot("x"), forward.arena().slot("0.middle"), "the residual stream ends");
        assertEquals(forward.arena().slot("0.q"), forward.arena().slot("0.q.turned"));
        Program backward = program(device, Precision.FP32, List.of(), "loss");
        assertNotEquals(backward.arena().slot("x"), backward.arena().slot("0.middle"), "the norm's gradient needs it");
        assertEquals(backward.arena().slot("0.projected"), backward.arena().slot("0.middle"), "nobody needs it");
    }

    @Test
    void anOutputIsNotOverwritten() {
        Program forward = llama.program(device, Precision.FP32).outputs("loss", "x", "0.q", "0.projected").build();
        assertNotEquals(forward.arena().slot("x"), forward.arena().slot("0.middle"));
        assertNotEquals(forward.arena().slot("0.projected"), forward.arena().slot("0.middle"));
        assertNotEquals(forward.arena().slot("0.q"), forward.arena().slot("0.q.turned"));
    }

    /** A sum in float has no place where half as many bytes were. */
    @Test
    void aTermInBf16IsTooSmall() {
        Program backward = program(device, Precision.BF16, List.of(), "loss"); // skips where there is no bf16
        assertNotEquals(backward.arena().slot("0.projected"), backward.arena().slot("0.middle"));
        assertEquals(backward.arena().slot("0.q"), backward.arena().slot("0.q.turned"));
    }

    @Test
    void parametersGradientsLieOutsideTheArena() {
        Program program = program(device, Precision.FP32, List.of(), "loss");
        program.gradientTargets().keySet().forEach(name -> assertEquals(-1, program.arena().slot(name), name));
        assertTrue(program.gradientTargets().size() > 20, program.gradientTargets().toString());
    }
}
