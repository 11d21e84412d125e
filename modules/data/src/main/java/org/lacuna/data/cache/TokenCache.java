package org.lacuna.data.cache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lacuna.data.Corpus;
import org.lacuna.data.text.Split;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of texts as tokens. Each is made once:
 *
 * <pre>
 * KEY/                KEY: 32 digits of a hash of the text's files, the tokenizer and the settings
 *   train.bin         ids, little-endian, uint16 where the vocabulary has at most 2¹⁶, else int32; nothing else is in it
 *   validation.bin    the same
 *   tokens.json       what they are of, numbers of tokens and documents, checksums (CRC-32C)
 * KEY.part/           the same while it is being made, and a journal
 * KEY.lock            locked by the process that makes it; others wait
 * </pre>
 *
 * <p>A build that was killed at any moment goes on where it was, to the same bytes. A finished folder is there whole (it is renamed)
 * and never written to again, so it may be removed at any time, also while a process uses it; one whose lengths, checksums or ids
 * are wrong is made again.
 *
 * <p><strong>Documents.</strong> Each non-empty document is followed by end-of-text; a corpus that is one text file has none added.
 * Training windows are cut from the running stream and may cross documents.
 */
public final class TokenCache {

    private static final Logger LOG = LoggerFactory.getLogger(TokenCache.class);
    private static final int NAME_DIGITS = 32;

    private final Path root;
    private final BuildProgress progress;
    private final Tuning tuning;
    private final Runnable moment;

    /**
     * A cache in a folder, which is made when there is something to keep.
     *
     * @param root     the folder
     * @param progress told how far it is
     */
    public TokenCache(Path root, BuildProgress progress) {
        this(root, progress, Tuning.here(), () -> { });
    }

    /** {@code moment} is run before each change on the disk. */
    TokenCache(Path root, BuildProgress progress, Tuning tuning, Runnable moment) {
        this.root = root;
        this.progress = progress;
        this.tuning = tuning;
        this.moment = moment;
    }

    /**
     * The folder where no other is named: {@code $XDG_CACHE_HOME/lacuna/tokens}, or {@code ~/.cache/lacuna/tokens} where that is not
     * set to an absolute path.
     *
     * @param environment the process's
     * @param home        the user's
     * @return the folder
     */
    public static Path defaultFolder(Map<String, String> environment, Path home) {
        String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path cache = !xdg.isEmpty() && Path.of(xdg).isAbsolute() ? Path.of(xdg) : home.resolve(".cache");
        return cache.resolve("lacuna").resolve("tokens");
    }

    /**
     * Opens a text as a corpus, from the cache if it is there, else after putting it there. The corpus's hash is that of the files'
     * names, sizes and bytes, the tokenizer and the settings.
     *
     * @param text what to open
     * @return the corpus, named after its file or folder
     * @throws InputException when the text can't be read as what it should be, is too short to split, or changes meanwhile
     * @throws RunException   when the file system refuses to keep the tokens
     */
    public Corpus open(TokenizedText text) {
        String source = sha256(text);
        String key = text.key(source);
        String name = key.substring(0, NAME_DIGITS);
        Path folder = root.resolve(name);
        try {
            Optional<Corpus> kept = kept(folder, text, key, false);
            if (kept.isPresent()) {
                return kept.get();
            }
            Files.createDirectories(root);
            CacheLock lock = new CacheLock(root.resolve(name + ".lock"),
                    () -> LOG.warn("{}: another process makes tokens of it; waiting for that", text.source().path()));
            try {
                kept = kept(folder, text, key, true);
                if (kept.isPresent()) {
                    return kept.get();
                }
                build(folder, text, key, source);
                return kept(folder, text, key, true).orElseThrow(() -> new IOException("what was just written can't be read"));
            } finally {
                lock.close();
            }
        } catch (IOException e) {
            throw new RunException(root + ": can't keep the tokens of " + text.source().path() + ": " + AtomicFiles.reason(e)
                    + "; make room or mend the folder and run the command again, which goes on from there, or name another with data.cache", e);
        }
    }

    private String sha256(TokenizedText text) {
        progress.begin("hashing " + text.source().name(), text.source().bytes());
        try {
            return text.source().sha256(progress::at);
        } finally {
            progress.end("");
        }
    }

    private Optional<Corpus> kept(Path folder, TokenizedText text, String key, boolean warns) throws IOException {
        try {
            CacheIndex index = CacheIndex.read(folder, text, key);
            MappedTokens train = mapped(folder.resolve(CacheIndex.TRAIN), index.done().train(), text);
            MappedTokens validation = mapped(folder.resolve(CacheIndex.VALIDATION), index.done().validation(), text);
            return Optional.of(new Corpus(text.source().name(), key, text.tokenizer().vocabularySize(), Optional.of(text.tokenizer()), train,
                    validation, index.done().validationBytes(), OptionalDouble.empty()));
        } catch (NoSuchFileException | CacheIndex.Damaged e) {
            if (warns && Files.exists(folder)) {
                LOG.warn("{}: damaged ({}); the tokens are made again", folder, AtomicFiles.reason(e));
            }
            return Optional.empty();
        }
    }

    private MappedTokens mapped(Path file, Journal.Part part, TokenizedText text) throws IOException {
        if (Files.size(file) != part.bytes()) {
            throw new CacheIndex.Damaged(file.getFileName() + " has " + Files.size(file) + " bytes instead of " + part.bytes());
        }
        MappedTokens tokens = new MappedTokens(file, text.idBytes(), tuning.mapBits());
        if (tokens.crc32c() != part.crc32c()) {
            throw new CacheIndex.Damaged(file.getFileName() + " has another checksum than when it was written");
        }
        if (!tokens.fits(text.tokenizer().vocabularySize())) {
            throw new CacheIndex.Damaged(file.getFileName() + " holds an id outside of the vocabulary");
        }
        return tokens;
    }

    private void build(Path folder, TokenizedText text, String key, String source) throws IOException {
        Path part = folder.resolveSibling(folder.getFileName() + ".part");
        remove(folder);
        // A crash may have left it complete, without its name.
        if (kept(part, text, key, false).isEmpty()) {
            try {
                fill(part, text, key, source);
            } catch (InputException e) {
                // What is in the text is wrong, so another text, with another key, will come.
                remove(part);
                throw e;
            }
        }
        moment.run();
        Files.deleteIfExists(CacheBuilder.journal(part));
        moment.run();
        Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel entries = FileChannel.open(root, StandardOpenOption.READ)) {
            entries.force(true);
        }
    }

    private void fill(Path part, TokenizedText text, String key, String source) throws IOException {
        long before = System.nanoTime();
        long trainCharacters = text.split() == Split.POSITION ? trainCharacters(text) : 0;
        Files.createDirectories(part);
        progress.begin("tokenizing " + text.source().name(), text.source().bytes());
        Journal.Done done = null;
        try {
            done = new CacheBuilder(text, part, tuning, progress, moment).build(trainCharacters);
        } finally {
            progress.end(done == null ? "" : summary(text, done, System.nanoTime() - before));
        }
        check(text, done);
        text.source().checkUnchanged();
        moment.run();
        new CacheIndex(key, done).write(part, text, source);
    }

    private long trainCharacters(TokenizedText text) {
        progress.begin("counting characters of " + text.source().name(), text.source().bytes());
        long characters;
        try {
            characters = PieceSource.count(text.source(), text.field(), progress::at);
        } finally {
            progress.end("");
        }
        if (characters == 0) {
            throw holdsNothing(text);
        }
        long split = (long) (characters * (1 - text.validationFraction()));
        if (split == 0 && text.validationFraction() < 1 || split == characters) {
            throw new InputException(text.source().path() + ": " + characters + " characters are too few to keep "
                    + text.validationFraction() + " of them for validation");
        }
        return split;
    }

    private static InputException holdsNothing(TokenizedText text) {
        return new InputException(text.source().path() + ": holds no text; expected " + (text.source().isOneText() ? "" : "documents of ") + "UTF-8 text");
    }

    private static void check(TokenizedText text, Journal.Done done) {
        long documents = done.train().documents() + done.validation().documents();
        if (done.train().bytes() == 0 && done.validation().bytes() == 0) {
            throw holdsNothing(text);
        }
        if (done.train().bytes() == 0 && text.validationFraction() < 1 || done.validation().bytes() == 0) {
            throw new InputException(text.source().path() + ": the hash of each document's text puts " + (documents == 1 ? "its one document" : "all "
                    + documents + " documents") + " into " + (done.train().bytes() == 0 ? "validation" : "training") + ", and the other part is empty; take"
                    + " more documents, another data.validationFraction than " + text.validationFraction() + ", or data.split=position");
        }
    }

    private static String summary(TokenizedText text, Journal.Done done, long nanos) {
        return String.format(java.util.Locale.ROOT, "%s: %,d training and %,d validation tokens, made in %.1f s and kept for the next time", text.source().name(),
                done.train().bytes() / text.idBytes(), done.validation().bytes() / text.idBytes(), nanos * 1e-9);
    }

    /** A folder of files, if it is there. */
    private static void remove(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                for (Path file : files) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }
}
