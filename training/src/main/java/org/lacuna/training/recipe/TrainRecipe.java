package org.lacuna.training.recipe;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.lacuna.data.DataRecipe;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;
import org.lacuna.run.recipe.Recipes;

/**
 * A training recipe: everything that the result's bits depend on, this build and the CPU's vector width apart.
 *
 * @param name what the run is called; its folder where none is given is {@code runs/NAME}
 */
public record TrainRecipe(
        @Key(doc = "what the run is called") String name,
        ModelRecipe model,
        DataRecipe data,
        TrainSettings train,
        Objective objective,
        @Key(doc = "whether the same model is trained on the same tokens without the objective too, in the run's folder control", def = "false") boolean control) {

    /** What a control is called after its run's name. */
    private static final String CONTROL = "-control";

    /** Checks what the parts alone can't know. */
    public TrainRecipe {
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw new InputException("name: \"" + name + "\" can't be a folder's name; take letters, digits, '.', '_' and '-'");
        }
        model.maxPositions().filter(positions -> train.window() > positions).ifPresent(positions -> {
            throw new InputException("train.window: " + train.window() + " is more than model.maxPositions = " + positions);
        });
        if (control && objective.penalties().isEmpty() && model.natural().equals(model)) {
            throw new InputException("control: there is nothing to control: the recipe has no objective.penalties, no model.masks"
                    + (model.from().isPresent() ? ", and no activation in place of the checkpoint's" : "") + ", so the run is its own control; leave control out");
        }
    }

    /**
     * The recipe of this one's control: the same but for what makes activations sparse, so the same tokens in the same order. Of a checkpoint the
     * control is the checkpoint, trained on as it is.
     */
    public TrainRecipe controlRecipe() {
        return new TrainRecipe(name + CONTROL, model.natural(), data, train, objective.unpenalised(), false);
    }

    /**
     * Reads a recipe and the overrides {@code path.to.key=value}.
     *
     * @throws InputException with all that is wrong with them
     */
    public static TrainRecipe load(Path file, List<String> sets) {
        return Recipes.load(file, sets, TrainRecipe.class);
    }

    /** SHA-256 of all that the result depends on: two recipes with the same hash train the same model. */
    public String sha256() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Recipes.toYaml(withoutMachine()).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Why a run of this recipe can't go on with another one, a key each; empty where both train the same model. */
    public List<String> differences(TrainRecipe here) {
        return Recipes.differences(withoutMachine(), here.withoutMachine());
    }

    /** Why the run that a folder holds can't go on with this recipe, in a sentence; empty where it can, or where there is no run. */
    public Optional<String> refusalOf(Path folder) {
        Path config = folder.resolve("config.yaml");
        List<String> differences = Files.exists(config) ? load(config, List.of()).differences(this) : List.of();
        return differences.isEmpty() ? Optional.empty() : Optional.of(folder + ": is a run with other settings: " + String.join(", ", differences)
                + "; give those to go on with it, or another folder with --out");
    }

    /** Without what is no part of the result: a run with a control is the run that it is without one. */
    private TrainRecipe withoutMachine() {
        return new TrainRecipe(name, model, data.withoutMachine(), train.withoutMachine(), objective, false);
    }
}
