package org.lacuna.run.folder;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
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
    private static final int BUFFER_BYTES = 1 << 16;
    /** No line comes near: the longest have a sample of the model's text. */
    private static final int MOST_LINE_BYTES = 1 << 26;

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
            long[] kept = new long[1];
            lines(file, line -> kept[0] += line.step <= step ? line.bytes.length + 1 : 0);
            if (kept[0] < size(file)) {
                AtomicFiles.write(file, output -> read(file, line -> {
                    if (line.step <= step) {
                        output.write(line.bytes);
                        output.write('\n');
                    }
                }));
            }
        }
        return open(file);
    }

    /** All whole lines of a log. */
    public static List<JsonNode> read(Path file) {
        List<JsonNode> all = new ArrayList<>();
        each(file, all::add);
        return all;
    }

    /**
     * Takes all whole lines of a log, one after the other: a long run's are more than need be in memory together.
     *
     * @throws InputException if one is not an object with a step
     */
    public static void each(Path file, Consumer<JsonNode> action) {
        lines(file, line -> action.accept(line.json));
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

    /** A whole line, without its end. */
    private record Line(byte[] bytes, JsonNode json, long step) {}

    private interface LineAction {
        void take(Line line) throws IOException;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static void lines(Path file, LineAction action) {
        try {
            read(file, action);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static RunException unreadable(Path file, IOException e) {
        return new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
    }

    /** As bytes: what follows the last line's end was being written when the process died, and may end within a character. */
    private static void read(Path file, LineAction action) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES)) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            int number = 1;
            for (int next = in.read(); next >= 0; next = in.read()) {
                if (next == '\n') {
                    action.take(line(file + ":" + number++, bytes.toByteArray()));
                    bytes.reset();
                } else if (bytes.size() < MOST_LINE_BYTES) {
                    bytes.write(next);
                } else {
                    throw new InputException(file + ":" + number + ": more than " + MOST_LINE_BYTES + " bytes; expected an object with a step; remove the line to go on");
                }
            }
        }
    }

    private static Line line(String where, byte[] bytes) {
        try {
            JsonNode json = Json.parse(where, TextFile.utf8(where, bytes));
            JsonNode step = json.path("step");
            if (!step.isIntegralNumber()) {
                throw new InputException(where + ": expected an object with a whole number step");
            }
            return new Line(bytes, json, step.asLong());
        } catch (InputException e) {
            throw e.map(problem -> problem + "; remove the line to go on");
        }
    }
}
