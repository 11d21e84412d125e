package org.lacuna.training.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.MetricsLog;

/**
 * {@code candidates.jsonl}, all that a sweep has found out, a line each, on the disk before anything is made of it: each candidate when it is
 * proposed ({@code step} 0), and each run's figures after a step. Lines are in the order in which runs ended; nothing is read from that order.
 */
final class Journal implements AutoCloseable {
    static final String FILE = "candidates.jsonl";

    private record Place(String run, int seed, int step) {}

    private final Map<Integer, Map<String, String>> proposals = new LinkedHashMap<>();
    private final Map<Place, Measured> results = new LinkedHashMap<>();
    private final Optional<MetricsLog> log;

    private Journal(Path file, boolean writes) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + ": is a folder; expected the sweep's journal");
        }
        // A line that was cut off is gone when the log is opened, and passed over by a reader.
        log = writes ? Optional.of(MetricsLog.truncateAfter(file, Long.MAX_VALUE)) : Optional.empty();
        if (Files.exists(file)) {
            MetricsLog.each(file, line -> add(file, line));
        }
    }

    /** Opens it to go on. */
    static Journal open(Path sweep) {
        return new Journal(sweep.resolve(FILE), true);
    }

    /** Reads what is there, while the sweep goes on perhaps. */
    static Journal read(Path sweep) {
        return new Journal(sweep.resolve(FILE), false);
    }

    private void add(Path file, JsonNode line) {
        if (line.path("candidate").isInt() && line.get("candidate").intValue() >= 0 && line.path("values").isObject()) {
            Map<String, String> values = new LinkedHashMap<>();
            line.path("values").fields().forEachRemaining(value -> values.put(value.getKey(), value.getValue().asText()));
            proposals.put(line.path("candidate").intValue(), values);
        } else if (line.path("run").isTextual() && line.path("seed").isInt() && line.path("step").isInt()) {
            try {
                results.put(new Place(line.path("run").textValue(), line.path("seed").intValue(), line.path("step").intValue()), Measured.of(line));
            } catch (IllegalArgumentException e) {
                throw new InputException(file + ": holds " + e.getMessage() + " in the line " + abbreviated(Json.line(line)) + "; remove the line, and the run is measured again", e);
            }
        } else {
            throw new InputException(file + ": holds a line that is none of a sweep's: " + abbreviated(Json.line(line)));
        }
    }

    private static String abbreviated(String line) {
        return (line.length() > 100 ? line.substring(0, 100) + "…" : line).replaceAll("\\p{Cntrl}", "?");
    }

    /**
     * Notes a candidate, or finds that it was noted with the same values.
     *
     * @throws InputException if another one was proposed in its place: then the folder is of another search
     */
    synchronized void propose(Proposal proposal) {
        Map<String, String> before = proposals.putIfAbsent(proposal.index(), proposal.values());
        if (before == null) {
            ObjectNode line = Json.object().put("step", 0).put("candidate", proposal.index());
            proposal.values().forEach(line.putObject("values")::put);
            append(line);
        } else if (!before.equals(proposal.values())) {
            throw new InputException(FILE + ": candidate " + proposal.index() + " is " + before + " there, and the search proposes "
                    + proposal.values()
                    + " now; the sweep was made by another version, begin another one in another folder");
        }
    }

    synchronized Optional<Measured> result(String run, int seed, int step) {
        return Optional.ofNullable(results.get(new Place(run, seed, step)));
    }

    synchronized void record(String run, int seed, int step, Measured measured) {
        ObjectNode line = Json.object().put("step", step).put("run", run).put("seed", seed);
        line.setAll(measured.json());
        append(line);
        results.put(new Place(run, seed, step), measured);
    }

    private void append(ObjectNode line) {
        MetricsLog open = log.orElseThrow();
        open.append(line);
        open.force();
    }

    /** Every candidate so far. */
    synchronized List<Proposal> proposals() {
        List<Proposal> all = new ArrayList<>();
        proposals.forEach((index, values) -> all.add(new Proposal(index, values)));
        return all;
    }

    @Override
    public void close() {
        log.ifPresent(MetricsLog::close);
    }
}
