package org.lacuna.run.folder;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

/**
 * {@code metrics.jsonl}: one JSON object a line, each with a whole number {@code step}, written at once so
 * that a reader sees whole lines and a killed process loses at most the last one.
 *
 * <p>A double comes back to the same bits. JSON has no NaN: a number that is not finite is written as a text.
 */
public final class MetricsLog implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;

    private MetricsLog(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Opens a log at its end; makes it if it does not exist. */
    public static MetricsLog open(Path file) {
        try {
            return new MetricsLog(file,
                    FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
        } catch (IOException e) {
            throw new RunException(file + ": can't be opened: " + AtomicFiles.reason(e), e);
        }
    }

    /**
     * Opens a log to go on after a step: lines of later steps, and a last line that was cut off, are gone
     * (whole or not at all, see {@link AtomicFiles}).
     *
     * @throws InputException if another line than the last is not an object with a step
     */
    public static MetricsLog truncateAfter(Path file, long step) {
        if (Files.exists(file)) {
            String text = TextFile.read(file);
            StringBuilder kept = new StringBuilder();
            for (Line line : lines(file, text)) {
                if (line.step <= step) {
                    kept.append(line.text).append('\n');
                }
            }
            if (kept.length() < text.length()) {
                AtomicFiles.write(file, kept.toString());
            }
        }
        return open(file);
    }

    /** All whole lines of a log. */
    public static List<JsonNode> read(Path file) {
        return lines(file, TextFile.read(file)).stream().map(Line::json).toList();
    }

    /**
     * Takes all whole lines of a log, one after the other: a long run's are more than need be in memory together.
     *
     * @throws InputException if one is not an object with a step
     */
    public static void each(Path file, Consumer<JsonNode> action) {
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            String line = lines.readLine();
            for (int number = 1; line != null; number++) {
                String next = lines.readLine();
                if (next != null || endsWhole(file)) {
                    action.accept(line(file + ":" + number, line).json);
                }
                line = next;
            }
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    /** Whether the last line has its end: else it was being written when the process died. */
    private static boolean endsWhole(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer last = ByteBuffer.allocate(1);
            return channel.size() > 0 && channel.read(last, channel.size() - 1) == 1 && last.get(0) == '\n';
        }
    }

    /** Adds a line; {@code metrics} holds a whole number {@code step}. */
    public void append(ObjectNode metrics) {
        if (!metrics.path("step").isIntegralNumber()) {
            throw new IllegalArgumentException("metrics without a step: " + metrics);
        }
        ByteBuffer line = StandardCharsets.UTF_8.encode(Json.line(metrics) + "\n");
        try {
            while (line.hasRemaining()) {
                channel.write(line);
            }
        } catch (IOException e) {
            throw new RunException(file + ": can't be written: " + AtomicFiles.reason(e), e);
        }
    }

    /** Forces the lines to the disk; before a checkpoint, so that none is there without its metrics. */
    public void force() {
        try {
            channel.force(true);
        } catch (IOException e) {
            throw new RunException(file + ": can't be written: " + AtomicFiles.reason(e), e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new RunException(file + ": can't be closed: " + AtomicFiles.reason(e), e);
        }
    }

    private record Line(String text, JsonNode json, long step) {}

    private static List<Line> lines(Path file, String text) {
        List<Line> lines = new ArrayList<>();
        int start = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            String where = file + ":" + (lines.size() + 1);
            String line = text.substring(start, end);
            lines.add(line(where, line));
            start = end + 1;
        }
        // What follows the last line's end was being written when the process died.
        return lines;
    }

    private static Line line(String where, String text) {
        try {
            JsonNode json = Json.parse(where, text);
            JsonNode step = json.path("step");
            if (!step.isIntegralNumber()) {
                throw new InputException(where + ": expected an object with a whole number step");
            }
            return new Line(text, json, step.asLong());
        } catch (InputException e) {
            throw e.map(problem -> problem + "; remove the line to go on");
        }
    }
}
