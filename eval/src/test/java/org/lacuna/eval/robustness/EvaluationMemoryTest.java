package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.AttentionForm;
import org.lacuna.model.config.Block;
import org.lacuna.model.config.Experts;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.Norm;
import org.lacuna.model.config.RotaryPosition;

class EvaluationMemoryTest {
    /** The device, adding up what is allocated on it. */
    private static Device counting(Device device, AtomicLong bytes) {
        return (Device) Proxy.newProxyInstance(Device.class.getClassLoader(), new Class<?>[] {Device.class}, (proxy, method, args) -> {
            if (method.getName().equals("allocate")) {
                bytes.addAndGet(args[0] instanceof TensorSpec spec ? spec.bytes() : (long) args[0]);
            }
            try {
                return method.invoke(device, args);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    private static ModelConfig config(FeedForward form) {
        return new ModelConfig(form.experts().isPresent() ? "olmoe" : "llama", 40, 24, 40, 2, 4, 2, 6, AttentionForm.plain(6), Norm.rms(1e-5), Block.SEQUENTIAL, RotaryPosition.plain(10000),
                form, 1, true, 64, 0.02, OptionalInt.empty(), List.of());
    }

    @ParameterizedTest
    @CsvSource({"true, 0, 5, 16, 1", "true, 0, 40, 48, 2", "false, 0, 3, 33, 4", "true, 4, 6, 20, 2"})
    void itIsTheMostThatMeasuringAllocates(boolean gated, int experts, int windows, int length, int workers) {
        FeedForward plain = gated ? FeedForward.gated("silu") : FeedForward.ungated("relu");
        ModelConfig config = config(experts == 0 ? plain : plain.withExperts(new Experts(experts, 2, false)));
        AtomicLong bytes = new AtomicLong();
        Device device = counting(new CpuDevice(), bytes);
        EvaluationMemory memory = EvaluationMemory.of(config, device, windows, length, Settings.PAPER, workers);
        assertEquals(0, bytes.get(), "compiling takes nothing");

        Model model = Initialization.of(config, device, 1);
        assertEquals(bytes.get(), memory.parameters());
        int[] tokens = new int[windows * length];
        Arrays.setAll(tokens, i -> i * 7 % 40);
        long most = 0;
        try (Workers team = new Workers(workers)) {
            Robustness robustness = new Robustness("tiny", model, device, team, new Batch(windows, length, tokens, tokens), () -> false);
            bytes.set(0);
            DenseResult dense = robustness.dense(OptionalLong.empty());
            most = bytes.getAndSet(0);
            for (SiteSet sites : SiteSet.values()) {
                if (config.feedForward().sites().containsAll(sites.sites())) {
                    robustness.curve(sites, Settings.PAPER, dense);
                    most = Math.max(most, bytes.getAndSet(0));
                }
            }
        }
        assertEquals(most, memory.activations());
        assertEquals(memory.parameters() + memory.activations(), memory.bytes());
        assertTrue(memory.workers() >= 1 && memory.workers() <= workers);
    }
}
