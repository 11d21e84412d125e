package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
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
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

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
        itIsWhatTheEngineAllocates(family, folder, config, Settings.PAPER.withSites(sites));
        itIsWhatTheEngineAllocates(family, folder, config, Settings.PAPER.withSites(sites).withLayers(LayerSet.parse("1")));
        itIsWhatTheEngineAllocates(family, folder, config, Settings.PAPER.withSites(List.of(SiteSet.ATTENTION_INPUT, SiteSet.ATTENTION_OUTPUT)));
        itIsWhatTheEngineAllocates(family, folder, config, Settings.COARSE.withSites(List.of(SiteSet.INTERMEDIATE))
                .withJoint(new JointGrid(Map.of(Site.INPUT, List.of(1.0, 0.9, 0.7), Site.INTERMEDIATE, List.of(1.0, 0.9, 0.8, 0.6, 0.5)))));
    }

    private static void itIsWhatTheEngineAllocates(String family, Path folder, ModelConfig config, Settings settings) {
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
            DenseResult dense = robustness.dense(OptionalLong.empty(), settings.sites());
            largest = Math.max(largest, bytes.get() - before);
            for (SiteSet site : settings.sites()) {
                before = bytes.get();
                robustness.curve(site, settings, dense);
                largest = Math.max(largest, bytes.get() - before);
            }
            if (settings.joint().isPresent()) {
                before = bytes.get();
                JointGrid grid = settings.joint().orElseThrow();
                Treatment.Uniform all = new Treatment.Uniform(Rules.byName(settings.rule()), grid.measured(Site.INPUT));
                robustness.joint(settings, dense, Treatment.Joint.of(grid, Map.of(Site.INPUT, all, Site.INTERMEDIATE,
                        new Treatment.Uniform(Rules.byName(settings.rule()), grid.measured(Site.INTERMEDIATE)))));
                largest = Math.max(largest, bytes.get() - before);
            }
            assertEquals(memory.activations(), largest);
            assertEquals(2, memory.workers());
        }
    }

    /** A model that changes is measured in the same memory again and again, to the bits of a measurement in memory of its own. */
    @ParameterizedTest
    @ValueSource(strings = {"llama-mha", "gpt2", "olmoe"})
    void memoryThatIsHeldIsComputedInAgain(String family, @TempDir Path temp) {
        Path folder = Fixtures.unpack(family, temp);
        ModelConfig config = Checkpoint.config(folder);
        Settings settings = Settings.COARSE.withSites(List.of(SiteSet.INPUT, SiteSet.INTERMEDIATE));
        AtomicLong bytes = new AtomicLong();
        Device device = counting(new CpuDevice(), bytes);
        Model model = Checkpoint.load(folder, device);
        Batch windows = new Batch(WINDOWS, LENGTH, new Random(1).ints(WINDOWS * LENGTH, 3, 90).toArray(), new Random(2).ints(WINDOWS * LENGTH, 3, 90).toArray());
        GridPrograms programs = new GridPrograms(config, device, WINDOWS, LENGTH);
        try (Workers team = new Workers(2)) {
            long before = bytes.get();
            programs.hold(model.parameters(), settings, team.count());
            assertEquals(programs.heldBytes(settings, team.count()), bytes.get() - before);
            before = bytes.get();
            Robustness held = new Robustness(family, model, programs, team, windows, () -> false);
            for (int i = 0; i < 2; i++) {
                DenseResult dense = held.dense(OptionalLong.empty());
                SiteResult curve = held.curve(SiteSet.INPUT, settings, dense);
                SiteResult other = held.curve(SiteSet.INTERMEDIATE, settings, dense);
                assertEquals(before, bytes.get());
                Robustness fresh = new Robustness(family, model, new CpuDevice(), team, windows, () -> false);
                assertEquals(fresh.dense(OptionalLong.empty()), dense);
                assertEquals(fresh.curve(SiteSet.INPUT, settings, dense), curve);
                assertEquals(fresh.curve(SiteSet.INTERMEDIATE, settings, dense), other);
                model.parameters().tensor("model.norm.weight").setFloat(1, 0.3f);
            }
        }
    }
}
