package org.lacuna.eval.source;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lacuna.run.InputException;

/**
 * Models that are to be compared, each followed by its run's control unless that is named too.
 *
 * @param sources  the models
 * @param controls the place of a model among them: that of its own control
 */
public record WithControls(List<ModelSource> sources, Map<Integer, Integer> controls) {
    /** Copies both. */
    public WithControls {
        sources = List.copyOf(sources);
        controls = Map.copyOf(controls);
    }

    /**
     * Finds the models and their controls.
     *
     * @param references as the user wrote them
     * @throws InputException if one of them is no model, or there are fewer than two in all
     */
    public static WithControls of(List<String> references) {
        return of(references, 2);
    }

    /**
     * The same where others are compared with them.
     *
     * @param least how many there must be in all
     */
    public static WithControls of(List<String> references, int least) {
        List<ModelSource> named = references.stream().map(ModelSource::of).toList();
        List<ModelSource> all = new ArrayList<>();
        Map<Integer, ModelSource> found = new HashMap<>();
        for (ModelSource model : named) {
            Optional<ModelSource> control = Controls.of(model);
            all.add(model);
            control.ifPresent(c -> found.put(all.indexOf(model), c));
            control.filter(c -> place(named, c) < 0 && place(all, c) < 0).ifPresent(all::add);
        }
        if (all.size() < least) {
            throw new InputException("compare: " + references.get(0) + " has no control to be compared with (" + named.get(0).run().map(run -> "nothing in " + run.resolve(Controls.FOLDER))
                    .orElse("it is no run's checkpoint") + "); name a second model, or train it with control: true in its recipe");
        }
        Map<Integer, Integer> controls = new HashMap<>();
        found.forEach((model, control) -> controls.put(model, place(all, control)));
        return new WithControls(all, controls);
    }

    private static int place(List<ModelSource> models, ModelSource wanted) {
        return IntStream.range(0, models.size()).filter(i -> absolute(models.get(i)).equals(absolute(wanted))).findFirst().orElse(-1);
    }

    private static Path absolute(ModelSource model) {
        return model.checkpoint().toAbsolutePath().normalize();
    }
}
