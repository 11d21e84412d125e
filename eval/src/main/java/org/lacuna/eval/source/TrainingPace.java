package org.lacuna.eval.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/** How fast a run trained, as its {@code metrics.jsonl} tells. */
final class TrainingPace {
    /** Hundreds of thousands of steps; a larger file is not read. */
    private static final long MOST_BYTES = 1L << 28;

    private TrainingPace() {}

    /**
     * The median of tokens / seconds over the last half of the steps, so that neither a start nor a pause counts.
     *
     * @param run its folder
     * @return empty where the log is missing, can't be read or has no times
     */
    static OptionalDouble tokensPerSecond(Path run) {
        Path log = run.resolve("metrics.jsonl");
        try {
            return Files.isRegularFile(log) && Files.size(log) <= MOST_BYTES ? median(lastHalf(log)) : OptionalDouble.empty();
        } catch (UncheckedIOException | IOException e) {
            // What a run's speed was is beside the point of a measurement: a damaged log must not stop it.
            return OptionalDouble.empty();
        }
    }

    private static List<Double> lastHalf(Path log) throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            List<Double> rates = lines.map(TrainingPace::rate).flatMapToDouble(OptionalDouble::stream).boxed().toList();
            return rates.subList(rates.size() / 2, rates.size());
        }
    }

    /** Of a step's line; empty for a validation's, and for the last one where it was cut off. */
    private static OptionalDouble rate(String line) {
        try {
            JsonNode json = Json.parse("metrics", line);
            double seconds = json.at("/time/seconds").asDouble();
            double tokens = json.path("tokens").asDouble();
            return seconds > 0 && tokens > 0 ? OptionalDouble.of(tokens / seconds) : OptionalDouble.empty();
        } catch (InputException e) {
            return OptionalDouble.empty();
        }
    }

    private static OptionalDouble median(List<Double> rates) {
        double[] sorted = rates.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
    }
}
