package org.lacuna.training.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lacuna.run.folder.Json;

/**
 * What a run was found to be after so many steps.
 *
 * @param failed   why it has no figures; then they are not numbers
 * @param loss     nats a token, dense
 * @param critical critical sparsity; 0 where no sparsity holds
 * @param zeros    share of exact zeros
 * @param sparsity of each point of the curve, rising
 * @param losses   at each point
 */
record Measured(Optional<String> failed, double loss, double critical, double zeros, List<Double> sparsity, List<Double> losses) {
    static Measured failure(String why) {
        return new Measured(Optional.of(why), Double.NaN, Double.NaN, Double.NaN, List.of(), List.of());
    }

    /** Whether the critical sparsity is but a lower bound: the curve ends there, and the bar still holds. */
    boolean atLeast() {
        return !sparsity.isEmpty() && critical > 0 && critical == sparsity.get(sparsity.size() - 1);
    }

    ObjectNode json() {
        ObjectNode json = Json.object();
        if (failed.isPresent()) {
            return json.put("failed", failed.get());
        }
        json.put("loss", loss).put("critical", critical).put("zeros", zeros);
        ObjectNode curve = json.putObject("curve");
        sparsity.forEach(curve.putArray("sparsity")::add);
        losses.forEach(curve.putArray("loss")::add);
        return json;
    }

    /**
     * Reads what {@link #json} wrote.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static Measured of(JsonNode json) {
        if (json.path("failed").isTextual()) {
            return failure(json.path("failed").asText());
        }
        boolean shares = isShare(json.path("critical")) && isShare(json.path("zeros"));
        if (json.has("failed") || !shares || !json.path("loss").isNumber() || !json.at("/curve/sparsity").isArray() || json.at("/curve/sparsity").size() != json.at("/curve/loss").size()) {
            throw new IllegalArgumentException("no figures of a run");
        }
        return new Measured(Optional.empty(), json.path("loss").asDouble(Double.NaN), json.path("critical").asDouble(Double.NaN), json.path("zeros")
                .asDouble(Double.NaN),
                numbers(json.at("/curve/sparsity")), numbers(json.at("/curve/loss")));
    }

    private static boolean isShare(JsonNode number) {
        return number.isNumber() && number.doubleValue() >= 0 && number.doubleValue() <= 1;
    }

    private static List<Double> numbers(JsonNode array) {
        List<Double> numbers = new ArrayList<>();
        array.forEach(number -> numbers.add(number.asDouble(Double.NaN)));
        return numbers;
    }

    /** The mean over seeds, with the first one's curve; failed if one is. */
    static Measured mean(List<Measured> seeds) {
        Optional<Measured> failure = seeds.stream().filter(seed -> seed.failed().isPresent()).findFirst();
        return failure.orElseGet(() -> new Measured(Optional.empty(), seeds.stream().mapToDouble(Measured::loss).average().orElseThrow(),
                seeds.stream().mapToDouble(Measured::critical).average().orElseThrow(), seeds.stream().mapToDouble(Measured::zeros).average()
                        .orElseThrow(),
                seeds.get(0).sparsity(), seeds.get(0).losses()));
    }
}
