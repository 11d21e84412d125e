package org.lacuna.data.tokenize.bpe;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lacuna.data.text.TextSource;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;

/** How often each word stands in texts. Texts are read piece by piece, once; only the different words are held. */
public final class WordCounts {
    private static final long CHECK_MASK = 0xFFFF;

    private final List<String> special;
    private final Runnable check;
    private final Map<String, Long> counts = new HashMap<>();
    private long bytes;
    private long words;

    /**
     * None yet.
     *
     * @param special spellings of special tokens, which divide a text
     * @param check   run every now and then; what it throws ends the counting
     */
    public WordCounts(List<String> special, Runnable check) {
        this.special = List.copyOf(special);
        this.check = check;
    }

    /**
     * Counts the words of a file, or of all regular files in a folder and below it but those whose names begin with a dot.
     *
     * @param path a UTF-8 text or a folder of such
     * @throws InputException if there is none, or it is not text
     */
    public void add(Path path) {
        TextSource.files(path).forEach(this::addFile);
    }

    private void addFile(Path file) {
        try (Reader reader = new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder())) {
            add(reader);
            bytes += Files.size(file);
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": not UTF-8; expected UTF-8 text, so convert the file first", e);
        } catch (WordSplitter.WordTooLongException e) {
            throw new InputException(file + ": " + e.getMessage() + "; expected text", e);
        } catch (IOException e) {
            throw new InputException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    /** Counts the words of one text. */
    void add(Reader text) throws IOException {
        new WordSplitter(special, word -> {
            counts.merge(word, 1L, Long::sum);
            if ((++words & CHECK_MASK) == 0) {
                check.run();
            }
        }).split(text);
    }

    /**
     * The counts.
     *
     * @return by word, in no order
     */
    public Map<String, Long> counts() {
        return counts;
    }

    /**
     * The length of all texts.
     *
     * @return bytes
     */
    public long bytes() {
        return bytes;
    }

    /**
     * The number of words, each time that one stands in a text.
     *
     * @return words
     */
    public long words() {
        return words;
    }
}
