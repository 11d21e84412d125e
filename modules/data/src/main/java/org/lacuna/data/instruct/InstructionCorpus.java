package org.lacuna.data.instruct;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lacuna.data.Corpus;
import org.lacuna.data.Examples;
import org.lacuna.data.text.Characters;
import org.lacuna.data.text.Documents;
import org.lacuna.data.text.Lines;
import org.lacuna.data.text.Sha256;
import org.lacuna.data.text.SourceFile;
import org.lacuna.data.text.Split;
import org.lacuna.data.text.TextSource;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/** Instruction data from JSON lines, held in memory as tokens. An example belongs to validation by the hash of its words. */
public final class InstructionCorpus {
    /** Tokens may take half of the heap. */
    private static final long HEAP_SHARE = 2L * Integer.BYTES;

    private final Tokenizer tokenizer;
    private final double validationFraction;
    private final ExampleEncoder encoder;
    private final long most = Runtime.getRuntime().maxMemory() / HEAP_SHARE;
    private final Part train = new Part();
    private final Part validation = new Part();
    private long tokens;

    private static final class Part {
        private final List<int[]> tokens = new ArrayList<>();
        private final List<String> places = new ArrayList<>();

        Examples examples(int padding) {
            return new Examples(tokens, places, padding);
        }

        void hash(MessageDigest hash) {
            hash.update(ByteBuffer.allocate(Integer.BYTES).putInt(tokens.size()).array());
            for (int[] ids : tokens) {
                ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (ids.length + 1)).putInt(ids.length);
                bytes.asIntBuffer().put(ids);
                hash.update(bytes.array());
            }
        }
    }

    private InstructionCorpus(Tokenizer tokenizer, double validationFraction) {
        this.tokenizer = tokenizer;
        this.validationFraction = validationFraction;
        encoder = new ExampleEncoder(tokenizer);
    }

    /**
     * Reads and encodes all examples. The corpus's hash is that of the tokens and of which are scored.
     *
     * @param path               a file of JSON lines or a folder of them
     * @param tokenizer          of the model, with its chat template for conversations
     * @param validationFraction above 0 and at most 1
     * @return the corpus, named after the file or folder, both parts {@link Examples}
     * @throws InputException when a file can't be read or is none, or a line is none, can't be spelled out, encoded or scored; it names the line
     */
    public static Corpus open(Path path, Tokenizer tokenizer, double validationFraction) {
        TextSource source = TextSource.of(path);
        InstructionCorpus corpus = new InstructionCorpus(tokenizer, validationFraction);
        source.files().forEach(corpus::read);
        if (corpus.tokens == 0) {
            throw new InputException(path + ": holds no examples; expected a JSON object in each line");
        }
        MessageDigest hash = Sha256.start();
        corpus.train.hash(hash);
        corpus.validation.hash(hash);
        int padding = tokenizer.endOfText().orElse(tokenizer.padding().orElse(0));
        return new Corpus(source.name(), Sha256.hexadecimal(hash), tokenizer.vocabularySize(), Optional.of(tokenizer), corpus.train.examples(padding),
                corpus.validation.examples(padding), 0, OptionalDouble.empty());
    }

    private void read(SourceFile file) {
        if (file.form() != SourceFile.Form.JSON_LINES) {
            throw new InputException(file.path() + ": its name is not that of JSON lines; expected .jsonl or .ndjson, also with .gz or .zst");
        }
        try (Lines lines = new Lines(file, Documents.largest())) {
            while (lines.next()) {
                add(Instruction.of(Json.parse(lines.where(), lines.text()), lines.where()), lines.where());
            }
        }
    }

    private void add(Instruction line, String where) {
        int[] ids;
        try {
            ids = encoder.encode(line);
        } catch (InputException e) {
            throw e.map(problem -> where + ": " + problem);
        }
        tokens += ids.length;
        if (tokens > most) {
            throw new InputException(where + ": more than " + most + " tokens up to here, which take half of the heap; give more by -Xmx, or less data");
        }
        Part part = Split.inValidation(() -> Characters.of(line.identity()), validationFraction) ? validation : train;
        part.tokens.add(ids);
        part.places.add(where);
    }
}
