package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.Batch;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;

class GridProgramsTest {
    private static final int WINDOWS = 7;
    private static final int LENGTH = 60;

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

    @ParameterizedTest
    @ValueSource(strings = {"llama-mha", "gemma3-text", "gpt2", "opt", "gpt-neox", "qwen3-moe", "olmoe"})
    void itIsWhatTheEngineAllocates(String family, @TempDir Path temp) {
        Path folder = Fixtures.unpack(family, temp);
        ModelConfig config = Checkpoint.config(folder);
        List<SiteSet> sites = config.feedForward().gated() ? List.of(SiteSet.INTERMEDIATE, SiteSet.UP) : List.of(SiteSet.INPUT, SiteSet.INTERMEDIATE);
        Settings settings = Settings.PAPER.withSites(sites);
        AtomicLong bytes = new AtomicLong();
        Device device = counting(new CpuDevice(), bytes);
        GridPrograms programs = new GridPrograms(config, device, WINDOWS, LENGTH);
        try (Workers team = new Workers(2)) {
            ForwardMemory memory = programs.memory(settings, team.count());
            assertEquals(0, bytes.get(), "compiling takes nothing");
            Model model = Checkpoint.load(folder, device);
            assertEquals(memory.parameters(), bytes.get());
            Robustness robustness = new Robustness(family, model, programs, team, new Batch(WINDOWS, LENGTH, new int[WINDOWS * LENGTH], new int[WINDOWS * LENGTH]), () -> false);
            long largest = 0;
            long before = bytes.get();
            DenseResult dense = robustness.dense(OptionalLong.empty());
            largest = Math.max(largest, bytes.get() - before);
            for (SiteSet site : sites) {
                before = bytes.get();
                robustness.curve(site, settings, dense);
                largest = Math.max(largest, bytes.get() - before);
            }
            assertEquals(memory.activations(), largest);
            assertEquals(2, memory.workers());
        }
    }
}
