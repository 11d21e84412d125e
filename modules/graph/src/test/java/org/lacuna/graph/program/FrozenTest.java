package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.nd4j.linalg.api.buffer.DataType;

/** Parameters without gradients. */
class FrozenTest {
    private final CpuDevice device = new CpuDevice();
    private final SmallLlama llama = new SmallLlama(2);

    private ParameterStore frozen(ParameterStore whole, Set<String> names) {
        List<TensorSpec> specs = new ArrayList<>(whole.names().stream().map(whole::spec).toList());
        ParameterStore store = new ParameterStore(device, specs, names);
        whole.names().forEach(name -> store.tensor(name).set(whole.tensor(name).toFloats()));
        return store;
    }

    @ParameterizedTest
    @EnumSource
    void theOthersGradientsAreTheSameBits(Precision precision) {
        ParameterStore whole = llama.store(device);
        Set<String> names = Set.of("0.wq", "0.wd", "1.norm.weight", "1.wu");
        ParameterStore store = frozen(whole, names);
        Program all = llama.program(device, precision).outputs("loss", "nll").gradients().build();
        Program some = llama.program(device, precision).outputs("loss", "nll").gradients(name -> !names.contains(name)).build();
        ParameterStore.Flat expected = whole.like();
        ParameterStore.Flat found = store.like();
        Map<String, float[]> wanted = SmallLlama.run(all, all.instance(whole.values(), expected), whole, expected);
        Map<String, float[]> got = SmallLlama.run(some, some.debugInstance(store.values(), found), store, found);
        names.forEach(name -> assertFalse(got.containsKey("gradient of " + name)));
        wanted.keySet().retainAll(got.keySet());
        SmallLlama.assertSameBits(wanted, got);
        assertEquals(whole.names().size() - names.size() + 2, got.size());
    }

    @Test
    void whatOnlyFrozenParametersNeedIsNotComputed() {
        Program all = llama.program(device, Precision.FP32).outputs("loss").gradients().build();
        Program last = llama.program(device, Precision.FP32).outputs("loss").gradients("1.wd"::equals).build();
        assertTrue(last.steps().size() < all.steps().size() / 2 + 10, last.steps() + "");
        assertFalse(last.opNames().contains("lacuna_attention_grad"));
    }

    @Test
    void theyLieApart() {
        List<TensorSpec> specs = Stream.of("a", "b", "c").map(name -> new TensorSpec(name, DataType.FLOAT, 3, 5)).toList();
        ParameterStore store = new ParameterStore(device, specs, Set.of("b"));
        assertEquals(List.of("a", "c"), store.names());
        assertEquals(List.of("b"), store.frozenNames());
        assertEquals(45, store.count());
        assertEquals(30, store.trainableCount());
        assertEquals(64, store.length());
        store.tensor("b").setFloat(2, 7);
        ParameterStore.Flat moments = store.like();
        assertEquals(7, moments.tensor("b").getFloat(2), "the only one there is");
        assertEquals(0, moments.tensor("a").getFloat(2));
        assertEquals(0, store.tensor("a").getFloat(2));
        ParameterStore copy = store.copy();
        store.tensor("a").setFloat(3, 5);
        store.tensor("b").setFloat(3, 6);
        assertEquals(0, copy.tensor("a").getFloat(3), "its own");
        assertEquals(6, copy.tensor("b").getFloat(3), "the same");
        assertEquals(5, store.copy().tensor("a").getFloat(3));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> new ParameterStore(device, specs, Set.of("b", "d")));
        assertTrue(e.getMessage().contains("[d]"), e.getMessage());
    }
}
