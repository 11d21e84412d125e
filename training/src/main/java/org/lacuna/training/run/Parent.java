package org.lacuna.training.run;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InputException;
import org.lacuna.training.recipe.TrainRecipe;

/**
 * The model that an objective distils from.
 *
 * @param source its checkpoint
 * @param config its config
 */
record Parent(ModelSource source, ModelConfig config) {
    private static final String KEY = "objective.distill.from";

    /**
     * Finds it, where the recipe names one; loads no weights yet.
     *
     * @throws InputException if what the recipe names is no checkpoint
     */
    static Optional<Parent> of(TrainRecipe recipe) {
        return recipe.objective().distill().map(distill -> byKey(() -> {
            ModelSource source = ModelSource.of(distill.from());
            return new Parent(source, Checkpoint.config(source.checkpoint()));
        }));
    }

    private static <T> T byKey(Supplier<T> read) {
        try {
            return read.get();
        } catch (InputException e) {
            throw e.map(problem -> KEY + ": " + problem);
        }
    }

    /** Hash of its weights. */
    String weightsSha256() {
        return byKey(source::weightsSha256);
    }

    /**
     * The model with its weights, all of them frozen.
     *
     * @throws InputException if they are damaged
     */
    Model load(Device device) {
        Set<String> all = Set.copyOf(DecoderParameters.of(config).stream().map(TensorSpec::name).toList());
        return byKey(() -> Checkpoint.load(source.checkpoint(), config, new Tuning(all, LowRank.none()), device));
    }

    /**
     * Refuses weights that have changed since a checkpoint was saved.
     *
     * @param saved their hash then
     */
    void check(Optional<String> saved) {
        if (!saved.equals(Optional.of(weightsSha256()))) {
            throw new InputException(List.of(KEY + ": " + source.checkpoint() + ": has not the weights that this run was taught by so far (SHA-256 " + weightsSha256()
                    + " now, " + saved.orElse("none") + " then); go on with those"));
        }
    }
}
