package org.lacuna.eval.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.source.Hashes;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

/**
 * {@code findings.jsonl} in a folder: one JSON object a line, {@code {"question": hash, "finding": …, "check": hash}}, only ever added to.
 *
 * <p>A process that is killed loses at most the line that it was writing; lines are forced to the disk at the end, so a machine that loses power may lose some of the
 * last. Several processes may use one folder: a line is added under a lock on the file, so lines never mix; two that ask the same at the same time both
 * compute it, and find the same. A line that is cut off, damaged or of something else is passed over, and its question computed again.
 */
public final class ResultStore implements Findings, AutoCloseable {
    /** The file's name. */
    public static final String FILE = "findings.jsonl";

    private static final int CHECK_DIGITS = 16;
    private static final int MOST_LINE_BYTES = 1 << 28;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final long WAIT_MILLIS = 5;

    private final Path file;
    private final FileChannel channel;
    private final Map<String, Place> places = new HashMap<>();
    private long indexed;
    private boolean written;

    /** Where a whole line lies. */
    private record Place(long from, int bytes) {}

    private ResultStore(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens a folder's findings; makes folder and file where there are none.
     *
     * @throws InputException if something else is in their place
     * @throws RunException if they can't be written
     */
    public static ResultStore open(Path folder) {
        Path file = folder.resolve(FILE);
        if (Files.exists(folder) && !Files.isDirectory(folder) || Files.exists(file) && !Files.isRegularFile(file)) {
            throw new InputException((Files.isDirectory(folder) ? file : folder) + ": something else is there; expected a folder for findings, or nothing yet");
        }
        try {
            Files.createDirectories(folder);
            ResultStore store = new ResultStore(file, FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
            store.index();
            return store;
        } catch (IOException e) {
            throw new RunException(file + ": can't be opened: " + AtomicFiles.reason(e), e);
        }
    }

    /**
     * Works with a folder's findings, or without where they can't be kept: what is measured is worth more than the time that it takes.
     *
     * @param folder empty for none
     * @param note   told why nothing is kept
     */
    public static <T> T using(Optional<Path> folder, Consumer<String> note, Function<Findings, T> work) {
        Optional<ResultStore> opened = folder.flatMap(path -> {
            try {
                return Optional.of(open(path));
            } catch (InputException | RunException e) {
                note.accept("if this is cut short, it begins anew: " + e.getMessage());
                return Optional.empty();
            }
        });
        try {
            return work.apply(opened.<Findings>map(store -> store).orElse(Findings.NONE));
        } finally {
            opened.ifPresent(ResultStore::close);
        }
    }

    /** Looks at the whole lines behind those that were looked at: this process's, and others'. */
    private void index() throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            in.skipNBytes(indexed);
            InputStream buffered = new BufferedInputStream(in, BUFFER_BYTES);
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            long at = indexed;
            for (int next = buffered.read(); next >= 0; next = buffered.read()) {
                at++;
                if (next == '\n') {
                    Place place = new Place(indexed, (int) Math.min(at - indexed - 1, Integer.MAX_VALUE));
                    question(line.toByteArray()).ifPresent(question -> places.putIfAbsent(question, place));
                    line.reset();
                    indexed = at;
                } else if (line.size() <= MOST_LINE_BYTES) {
                    line.write(next);
                }
            }
        }
    }

    /** The question of a line that is whole. */
    private static Optional<String> question(byte[] line) {
        return line.length > MOST_LINE_BYTES ? Optional.empty() : parse(line).map(json -> json.get("question").textValue());
    }

    private static Optional<JsonNode> parse(byte[] line) {
        try {
            JsonNode json = Json.parse(FILE, new String(line, StandardCharsets.UTF_8));
            boolean whole = json.path("question").isTextual() && json.has("finding") && check(json.get("question").textValue(), json.get("finding")).equals(json.path("check").asText());
            return whole ? Optional.of(json) : Optional.empty();
        } catch (InputException e) {
            return Optional.empty();
        }
    }

    private static String check(String question, JsonNode finding) {
        return Hashes.text(question + " " + Json.line(finding)).substring(0, CHECK_DIGITS);
    }

    @Override
    public synchronized Optional<JsonNode> of(String question) {
        try {
            if (!places.containsKey(question) && channel.size() > indexed) {
                index();
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
        Place place = places.get(question);
        if (place == null) {
            return Optional.empty();
        }
        ByteBuffer line = ByteBuffer.allocate(place.bytes);
        try {
            while (line.hasRemaining() && channel.read(line, place.from + line.position()) >= 0) {
                // until it is whole
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
        return parse(line.array()).filter(json -> json.get("question").textValue().equals(question)).map(json -> json.get("finding"));
    }

    private RunException unreadable(IOException e) {
        return new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
    }

    @Override
    public synchronized void keep(String question, JsonNode finding) {
        ObjectNode json = Json.object().put("question", question).put("check", check(question, finding));
        json.set("finding", finding);
        byte[] line = Json.line(json).getBytes(StandardCharsets.UTF_8);
        FileLock lock = null;
        try {
            lock = lock();
            long end = channel.size();
            // A killed process may have left half a line: it ends here, and is passed over.
            boolean cutOff = end > 0 && last(end) != '\n';
            ByteBuffer bytes = ByteBuffer.allocate(line.length + (cutOff ? 2 : 1));
            if (cutOff) {
                bytes.put((byte) '\n');
            }
            bytes.put(line).put((byte) '\n').flip();
            long at = end;
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
            written = true;
            places.put(question, new Place(end + (cutOff ? 1 : 0), line.length));
        } catch (IOException e) {
            throw new RunException(file + ": can't be written: " + AtomicFiles.reason(e) + "; what was found so far is kept", e);
        } finally {
            release(lock);
        }
    }

    private void release(FileLock lock) {
        try {
            if (lock != null) {
                lock.release();
            }
        } catch (IOException e) {
            throw new RunException(file + ": can't be given free: " + AtomicFiles.reason(e), e);
        }
    }

    private byte last(long end) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        channel.read(one, end - 1);
        return one.get(0);
    }

    /** Other processes' locks are waited for; another store's in this one too, for which Java would throw. */
    private FileLock lock() throws IOException {
        while (true) {
            try {
                return channel.lock();
            } catch (OverlappingFileLockException e) {
                try {
                    Thread.sleep(WAIT_MILLIS);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted while another writes", interrupted);
                }
            }
        }
    }

    /** How many questions have an answer. */
    public synchronized int size() {
        return places.size();
    }

    @Override
    public void close() {
        try {
            if (written) {
                channel.force(true);
            }
            channel.close();
        } catch (IOException e) {
            throw new RunException(file + ": can't be closed: " + AtomicFiles.reason(e), e);
        }
    }
}
