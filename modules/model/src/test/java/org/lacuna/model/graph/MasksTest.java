package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.config.Mask;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.sparsity.Site;

/** Rules that are part of a model. */
class MasksTest {
    private static final CpuDevice CPU = new CpuDevice();
    private static final int WINDOW = 6;
    private static final int INTERMEDIATE = 20;

    private static ModelConfig config(FeedForward form) {
        return ModelConfig.llama(13, 8, INTERMEDIATE, 2, 2, 1, 4, 1e-5, RotaryPosition.plain(10000), true, form, WINDOW, 0.5, OptionalInt.empty(), List.of());
    }

    private static Instance run(ModelConfig config, ParameterStore store, ParameterStore.Flat gradients, List<FeedForwardSite> sites) {
        TrainingForm form = new TrainingForm(sites.stream().map(site -> Forms.form("l1", site)).toList(), 0);
        Program program = Program.of(DecoderGraph.training(config, form), CPU)
                .placeholder(DecoderGraph.INPUT_IDS, 2, WINDOW).placeholder(DecoderGraph.POSITIONS, 2, WINDOW).placeholder(DecoderGraph.TARGETS, 2, WINDOW)
                .placeholder(DecoderGraph.TOKEN_WEIGHT, 2, WINDOW).placeholder(DecoderGraph.OBJECTIVE_COEFFICIENTS, 1 + sites.size() * config.layers())
                .outputs(DecoderGraph.LOSS).outputs(sites.stream().map(site -> DecoderGraph.active(site, 1)).toArray(String[]::new)).gradients().build();
        Instance run = program.debugInstance(store.values(), gradients);
        Random random = new Random(2);
        run.tensor(DecoderGraph.INPUT_IDS).set(random.ints(2 * WINDOW, 0, 13).toArray());
        run.tensor(DecoderGraph.TARGETS).set(random.ints(2 * WINDOW, 0, 13).toArray());
        for (int i = 0; i < 2 * WINDOW; i++) {
            run.tensor(DecoderGraph.POSITIONS).ints().put(i, i % WINDOW);
            run.tensor(DecoderGraph.TOKEN_WEIGHT).setFloat(i, 0.1f);
        }
        run.tensor(DecoderGraph.OBJECTIVE_COEFFICIENTS).setFloat(0, 1);
        run.run();
        return run;
    }

    private static int active(Instance run, FeedForwardSite site) {
        int sum = 0;
        for (int i = 0; i < run.tensor(DecoderGraph.active(site, 1)).length(); i++) {
            sum += run.tensor(DecoderGraph.active(site, 1)).ints().get(i);
        }
        return sum;
    }

    @ParameterizedTest
    @EnumSource
    void atEachSiteItLeavesItsShare(FeedForwardSite site) {
        ModelConfig masked = config(FeedForward.gated("silu").withMasks(List.of(new Mask(site, "top_k", 0.25))));
        assertEquals(ModelConfig.LACUNA_LLAMA, masked.family());
        ParameterStore store = Initialization.of(masked, CPU, 3).parameters();
        ParameterStore.Flat gradients = store.like();
        List<FeedForwardSite> sites = List.of(FeedForwardSite.values());
        Instance run = run(masked, store, gradients, sites);
        int width = site == FeedForwardSite.INPUT ? 8 : INTERMEDIATE;
        assertEquals(2 * WINDOW * width / 4, active(run, site));
        // What is dropped is told what it would have done: all rows of the matrices in front of the mask learn.
        float[] gate = gradients.tensor("model.layers.1.mlp.gate_proj.weight").toFloats();
        boolean learns = site == FeedForwardSite.PREACTIVATION || site == FeedForwardSite.GATE;
        for (int row = 0; learns && row < INTERMEDIATE; row++) {
            float largest = 0;
            for (int i = 0; i < 8; i++) {
                largest = Math.max(largest, Math.abs(gate[row * 8 + i]));
            }
            assertTrue(largest > 0, "row " + row);
        }
    }

    @Test
    void allThatIsKeptIsThePlainModel() {
        ModelConfig plain = config(FeedForward.gated("silu"));
        List<Mask> all = new ArrayList<>();
        for (FeedForwardSite site : FeedForwardSite.values()) {
            all.add(new Mask(site, "top_k", 1));
        }
        ParameterStore store = Initialization.of(plain, CPU, 3).parameters();
        ParameterStore.Flat expected = store.like();
        ParameterStore.Flat found = store.like();
        float[] loss = run(plain, store, expected, List.of(FeedForwardSite.GATE)).tensor(DecoderGraph.LOSS).toFloats();
        assertArrayEquals(loss, run(plain.withMasks(all), store, found, List.of(FeedForwardSite.GATE)).tensor(DecoderGraph.LOSS).toFloats());
        store.names().forEach(name -> assertArrayEquals(expected.tensor(name).toFloats(), found.tensor(name).toFloats(), name));
    }

    @Test
    void everyGraphHasThem() {
        ModelConfig masked = config(FeedForward.gated("silu").withMasks(List.of(new Mask(FeedForwardSite.INTERMEDIATE, "top_p", 0.5), new Mask(FeedForwardSite.INPUT, "top_k", 0.5))));
        for (var graph : List.of(DecoderGraph.logits(masked), DecoderGraph.decoding(masked), DecoderGraph.evaluation(masked, Set.of(Site.INTERMEDIATE)),
                DecoderGraph.grid(masked, Set.of(Site.INPUT)))) {
            assertTrue(graph.hasVariable("layers.1.mlp.intermediate.unmasked") && graph.hasVariable("layers.0.mlp.input.unmasked"));
        }
    }

    @Test
    void theyAreStored(@TempDir Path temp) throws IOException {
        List<Mask> masks = List.of(new Mask(FeedForwardSite.PREACTIVATION, "stat_top_k", 0.08), new Mask(FeedForwardSite.INPUT, "top_k", 0.5));
        Model model = Initialization.of(config(FeedForward.gated("gelu")).withMasks(masks), CPU, 1);
        Path folder = temp.resolve("m");
        AtomicFiles.folder(folder, fresh -> Checkpoint.write(fresh, model));
        assertEquals(model.config(), Checkpoint.config(folder));
        assertFalse(Checkpoint.config(folder).feedForward().isLlama());
        Path json = folder.resolve("config.json");
        String text = Files.readString(json);
        for (String[] bad : new String[][] {{"stat_top_k", "top", "no rule 'top'"}, {"preactivation", "before", "expected objects"},
            {"stat_top_k", "none", "of rule none, which keeps all"}, {"0.08", "1.5", "keeps 1.5, it must be above 0 and at most 1"}, {"0.08", "\"all\"", "expected objects"}, {"preactivation", "input", "has a second mask at input"}}) {
            Files.writeString(json, text.replace(bad[0], bad[1]));
            InputException e = assertThrows(InputException.class, () -> Checkpoint.config(folder));
            assertTrue(e.getMessage().contains("lacuna_masks") && e.getMessage().contains(bad[2]), e.getMessage());
        }
    }
}
