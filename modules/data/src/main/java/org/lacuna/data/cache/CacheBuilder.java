package org.lacuna.data.cache;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.lacuna.run.InterruptedRunException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the two token files of a text in a folder. Several threads encode, one after the other their results are appended, and every
 * so often what is there is forced to the disk and noted in a journal; a later build in the same folder cuts the files to what the
 * journal says, reads over the chunks that are done, and goes on to the same bytes.
 */
final class CacheBuilder {

    private static final Logger LOG = LoggerFactory.getLogger(CacheBuilder.class);
    /** Bytes of a source that are encoded faster than safe cuts are found. */
    private static final long WORTH_A_LOOK = 1 << 20;
    private static final String JOURNAL = "journal";

    private final TokenizedText text;
    private final Path folder;
    private final Tuning tuning;
    private final BuildProgress progress;
    private final Runnable moment;
    private Journal.Done done;
    private long uncommitted;

    /** {@code moment} is run before each change on the disk. */
    CacheBuilder(TokenizedText text, Path folder, Tuning tuning, BuildProgress progress, Runnable moment) {
        this.text = text;
        this.folder = folder;
        this.tuning = tuning;
        this.progress = progress;
        this.moment = moment;
    }

    static Path journal(Path folder) {
        return folder.resolve(JOURNAL);
    }

    /** Builds or goes on; {@code trainCharacters} as {@link PieceSource} takes it. */
    Journal.Done build(long trainCharacters) throws IOException {
        SafeCuts safe = text.source().bytes() < WORTH_A_LOOK ? SafeCuts.NONE : SafeCuts.of(text.tokenizer());
        PieceCutter cutter = new PieceCutter(safe.lines() ? tuning.brief() : tuning.atLeast(), tuning.atMost());
        WordMemory words = new WordMemory(text.tokenizer(), safe.words());
        ExecutorService threads = Executors.newFixedThreadPool(tuning.threads(), task -> {
            Thread thread = new Thread(task, "tokens");
            thread.setDaemon(true);
            return thread;
        });
        try (Journal journal = new Journal(journal(folder));
                TokenFile train = new TokenFile(folder.resolve(CacheIndex.TRAIN));
                TokenFile validation = new TokenFile(folder.resolve(CacheIndex.VALIDATION));
                PieceSource source = new PieceSource(text, trainCharacters, cutter, tuning.chunk())) {
            begin(journal, train, validation);
            Deque<Future<Encoded>> waiting = new ArrayDeque<>();
            long chunks = 0;
            for (List<Piece> chunk = source.chunk(); !chunk.isEmpty(); chunk = source.chunk()) {
                progress.at(source.position());
                if (chunks++ < done.chunks() && waiting.isEmpty()) {
                    continue;
                }
                if (waiting.size() > tuning.threads()) {
                    append(waiting.remove(), journal, train, validation);
                }
                List<Piece> taken = chunk;
                waiting.add(threads.submit(() -> Encoded.of(taken, text, words)));
            }
            while (!waiting.isEmpty()) {
                append(waiting.remove(), journal, train, validation);
            }
            commit(journal, train, validation);
            return done;
        } finally {
            threads.shutdownNow();
        }
    }

    private void begin(Journal journal, TokenFile train, TokenFile validation) throws IOException {
        done = journal.last();
        if (!train.keep(done.train().bytes(), done.train().crc32c()) || !validation.keep(done.validation().bytes(), done.validation().crc32c())) {
            LOG.warn("{}: the tokens of an earlier, unfinished run are damaged; they are made again", folder);
            journal.clear();
            done = Journal.Done.NOTHING;
            train.keep(0, 0);
            validation.keep(0, 0);
        }
    }

    private void append(Future<Encoded> result, Journal journal, TokenFile train, TokenFile validation) throws IOException {
        Encoded encoded = get(result);
        moment.run();
        train.append(encoded.train());
        moment.run();
        validation.append(encoded.validation());
        done = new Journal.Done(done.chunks() + 1,
                new Journal.Part(train.length(), done.train().documents() + encoded.trainDocuments(), train.crc32c()),
                new Journal.Part(validation.length(), done.validation().documents() + encoded.validationDocuments(), validation.crc32c()),
                done.validationBytes() + encoded.validationBytes());
        uncommitted += encoded.characters();
        if (uncommitted >= tuning.commit()) {
            commit(journal, train, validation);
        }
    }

    private void commit(Journal journal, TokenFile train, TokenFile validation) throws IOException {
        moment.run();
        train.force();
        validation.force();
        moment.run();
        journal.append(done);
        uncommitted = 0;
    }

    private static Encoded get(Future<Encoded> result) {
        try {
            return result.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedRunException("stopped while making tokens of the text; the same command goes on from there");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
