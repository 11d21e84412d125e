package org.lacuna.training.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.RunFolder;

/**
 * {@code state.json}: what a run needs to go on, beside parameters and moments. The learning rate follows from the step,
 * and nothing but the sampler draws random numbers, so its cursor is all the randomness there is.
 *
 * @param step the step taken last
 * @param tokens scored in all steps so far
 * @param sampler the data cursor
 * @param lambdas the state of each penalty's weight, in the objective's order
 * @param recipe hash of the recipe, see {@code TrainRecipe.sha256}
 * @param data hash of the corpus
 * @param modelFrom hash of the weights that the model began with; empty where they were fresh
 * @param build what made it
 */
public record TrainingState(long step, long tokens, JsonNode sampler, List<JsonNode> lambdas, String recipe, String data, Optional<String> modelFrom, BuildInfo build) {
    /** The file's name in a checkpoint. */
    public static final String FILE = "state.json";

    String toJson() {
        ObjectNode json = Json.object().put("step", step).put("tokens", tokens);
        json.set("sampler", sampler);
        json.putArray("lambdas").addAll(lambdas);
        json.put("recipe_sha256", recipe).put("data_sha256", data);
        modelFrom.ifPresent(sha256 -> json.put("model_from_sha256", sha256));
        json.set("build", build.toJson());
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
                json.hasNonNull("model_from_sha256") ? Optional.of(json.get("model_from_sha256").asText()) : Optional.empty(), BuildInfo.of(json.path("build")));
    }

    private static List<JsonNode> lambdas(JsonNode array) {
        List<JsonNode> lambdas = new ArrayList<>();
        array.forEach(lambdas::add);
        return lambdas;
    }

    private static boolean isCount(JsonNode value) {
        return value.isIntegralNumber() && value.canConvertToLong() && value.asLong() >= 0;
    }
}
