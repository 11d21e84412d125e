package org.lacuna.training.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.RunFolder;

/**
 * {@code state.json}: what a run needs to go on, beside parameters and moments. The learning rate follows from the step
 * and how often the run went back, and nothing but the sampler draws random numbers, so its cursor is all the randomness there is.
 *
 * @param step the step taken last
 * @param tokens scored in all steps so far
 * @param sampler the data cursor
 * @param lambdas the state of each penalty's weight, in the objective's order
 * @param recipe hash of the recipe, see {@code TrainRecipe.sha256}
 * @param data hash of the corpus
 * @param modelFrom hash of the weights that the model began with; empty where they were fresh
 * @param teacher hash of the weights that the objective distils from; empty where it does not
 * @param build what made it
 * @param validation how validations have gone; empty before the first
 * @param wentBack each time that the run went back to a checkpoint, in order
 */
public record TrainingState(long step, long tokens, JsonNode sampler, List<JsonNode> lambdas, String recipe, String data, Optional<String> modelFrom, Optional<String> teacher, BuildInfo build,
        Optional<ValidationHistory> validation, List<WentBack> wentBack) {
    /** The file's name in a checkpoint. */
    public static final String FILE = "state.json";

    String toJson() {
        ObjectNode json = Json.object().put("step", step).put("tokens", tokens);
        json.set("sampler", sampler);
        json.putArray("lambdas").addAll(lambdas);
        json.put("recipe_sha256", recipe).put("data_sha256", data);
        modelFrom.ifPresent(sha256 -> json.put("model_from_sha256", sha256));
        teacher.ifPresent(sha256 -> json.put("distill_from_sha256", sha256));
        json.set("build", build.toJson());
        validation.ifPresent(history -> json.set("validation", history.toJson()));
        ArrayNode back = json.putArray("went_back");
        wentBack.forEach(w -> back.addObject().put("diverged", w.diverged()).put("to", w.to()));
        return json.toPrettyString() + "\n";
    }

    /**
     * Reads the state in a checkpoint's folder.
     *
     * @throws InputException if it is damaged, or of another step than the folder's name says
     */
    public static TrainingState read(Path checkpoint) {
        Path file = checkpoint.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file; a checkpoint without it can't be trained on, only read");
        }
        JsonNode json = Json.read(file);
        if (!isCount(json.path("step")) || !isCount(json.path("tokens")) || !json.path("sampler").isObject()) {
            throw new InputException(file + ": expected whole numbers step and tokens, 0 or more, and an object sampler");
        }
        OptionalLong named = RunFolder.step(checkpoint);
        if (named.isPresent() && named.getAsLong() != json.get("step").asLong()) {
            throw new InputException(file + ": step is " + json.get("step") + ", but its folder is " + checkpoint.getFileName());
        }
        return new TrainingState(json.get("step").asLong(), json.get("tokens").asLong(), json.get("sampler"), lambdas(json.path("lambdas")),
                json.path("recipe_sha256").asText(), json.path("data_sha256").asText(),
                hash(json.path("model_from_sha256")), hash(json.path("distill_from_sha256")), BuildInfo.of(json.path("build")),
                json.path("validation").isObject() ? Optional.of(ValidationHistory.of(json.get("validation"))) : Optional.empty(), wentBack(file, json.path("went_back")));
    }

    private static Optional<String> hash(JsonNode text) {
        return text.isTextual() ? Optional.of(text.asText()) : Optional.empty();
    }

    private static List<JsonNode> lambdas(JsonNode array) {
        List<JsonNode> lambdas = new ArrayList<>();
        array.forEach(lambdas::add);
        return lambdas;
    }

    private static List<WentBack> wentBack(Path file, JsonNode json) {
        List<WentBack> list = new ArrayList<>();
        boolean sound = json.isArray() || json.isMissingNode();
        for (JsonNode back : json) {
            sound &= isCount(back.path("diverged")) && isCount(back.path("to"));
            list.add(new WentBack(back.path("diverged").asLong(), back.path("to").asLong()));
        }
        if (!sound) {
            throw new InputException(file + ": expected in went_back a list of {diverged, to}, two steps for each time that the run went back");
        }
        return List.copyOf(list);
    }

    /** The validation loss of the very weights that lie beside it; empty if they were not validated. */
    public OptionalDouble validationLoss() {
        return validation.filter(history -> history.step() == step).map(history -> OptionalDouble.of(history.loss())).orElse(OptionalDouble.empty());
    }

    private static boolean isCount(JsonNode value) {
        return value.isIntegralNumber() && value.canConvertToLong() && value.asLong() >= 0;
    }
}
