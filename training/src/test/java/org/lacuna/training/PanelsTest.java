package org.lacuna.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.training.recipe.Recompute;

/** A shard that several workers compute together has the bits of one that a single worker computed. */
class PanelsTest {
    private static final int VOCABULARY = 997;
    private final Device device = new CpuDevice();

    @ParameterizedTest
    @EnumSource(Precision.class)
    void anyNumberOfWorkersGivesTheSameBits(Precision precision) {
        // 300 rows: two blocks of logits, panels that are not full.
        ModelConfig config = ModelConfig.llama(VOCABULARY, 72, 200, 2, 6, 2, 12, 1e-5, RotaryPosition.plain(10000), true, FeedForward.gated("silu"), 150,
                0.2, OptionalInt.empty(), List.of());
        ParameterStore store = Initialization.of(config, device, 5).parameters();
        ObjectiveGraph graph = new ObjectiveGraph(config, Tuning.full(), Objectives.of("""
                penalties:
                - {kind: l1, lambda: 1}
                - {kind: hoyer_square, site: input, lambda: 1}
                - {kind: chunk, site: gate, lambda: 1}
                - {kind: locality, site: preactivation, lambda: 1, parameters: {alpha: 1}}
                """), Optional.empty(), 0, precision);
        float[] alone = gradient(graph, store, 1);
        for (int workers : new int[] {2, 3, 7}) {
            assertArrayEquals(alone, gradient(graph, store, workers), workers + " workers");
        }
    }

    private float[] gradient(ObjectiveGraph graph, ParameterStore store, int panels) {
        Program program = graph.training(device, 2, 150, panels, false, Recompute.NONE);
        ParameterStore.Flat gradient = store.like();
        Instance run = program.instance(store.values(), gradient);
        Random random = new Random(3);
        fill(run.tensor(DecoderGraph.INPUT_IDS), random);
        fill(run.tensor(DecoderGraph.TARGETS), random);
        ObjectiveGraph.fillPositions(run.tensor(DecoderGraph.POSITIONS));
        Tensor weights = run.tensor(DecoderGraph.TOKEN_WEIGHT);
        for (int i = 0; i < weights.length(); i++) {
            weights.setFloat(i, i % 5 == 0 ? 0 : 1f / 300);
        }
        graph.fillCoefficients(run.tensor(DecoderGraph.OBJECTIVE_COEFFICIENTS), new double[] {0.01, 1e-3, 0.1, 0.01});
        try (Workers team = new Workers(panels)) {
            run.run(team, null);
        }
        return gradient.part(0, Math.toIntExact(gradient.length())).toFloats();
    }

    private static void fill(Tensor ids, Random random) {
        for (int i = 0; i < ids.length(); i++) {
            ids.ints().put(i, random.nextInt(VOCABULARY));
        }
    }
}
