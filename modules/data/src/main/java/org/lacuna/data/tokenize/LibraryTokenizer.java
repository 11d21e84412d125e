package org.lacuna.data.tokenize;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.lacuna.data.tokenize.SpecialTokens.Kind;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * Any {@code tokenizer.json}, run by Hugging Face's own library through DJL: the ids and texts are those that {@code tokenizers} gives. May be
 * used by several threads at once.
 *
 * <p>The native library comes in DJL's jar and is unpacked once, below {@code ~/.djl.ai/tokenizers} (DJL's {@code DJL_CACHE_DIR} names another
 * folder); nothing is downloaded. It needs glibc 2.34 or newer. Since it ends the process where its assumptions about a file do not hold, a
 * file is checked before it gets there: {@link TokenizerFile}, {@link PipelineCheck}.
 */
final class LibraryTokenizer implements Tokenizer {
    private static final Map<String, String> PLAIN = Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
    private static final String PROBE = "a";

    static {
        // DJL would fetch a library for CUDA where it sees a GPU.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("RUST_FLAVOR", "cpu");
    }

    private final Path file;
    private final byte[] json;
    private final BesideFiles beside;
    private final HuggingFaceTokenizer library;
    private final int mostCharacters;
    private final int vocabularySize;
    private final int[] leading;
    private final Map<Kind, OptionalInt> special = new HashMap<>();

    private LibraryTokenizer(Path file, BesideFiles beside, SpecialTokens tokens) {
        TokenizerFile parsed = TokenizerFile.read(file, tokens.spellings());
        this.file = file;
        this.beside = beside;
        json = parsed.text().getBytes(StandardCharsets.UTF_8);
        library = open(file, json);
        mostCharacters = parsed.mostCharacters();
        Map<String, Integer> added = added(parsed);
        vocabularySize = Math.max(parsed.vocabularySize(), 1 + added.values().stream().mapToInt(Integer::intValue).max().orElse(-1));
        for (Kind kind : Kind.values()) {
            OptionalInt model = kind == Kind.UNKNOWN ? parsed.unknown() : OptionalInt.empty();
            special.put(kind, tokens.find(kind, spelling -> added.getOrDefault(spelling, parsed.ids().get(spelling)), added::get, model,
                    vocabularySize));
        }
        leading = leading(encodeWithSpecial(PROBE), encode(PROBE));
    }

    static LibraryTokenizer load(Path file) {
        return new LibraryTokenizer(file, BesideFiles.of(file), new SpecialTokens(file.toAbsolutePath().getParent()));
    }

    private static HuggingFaceTokenizer open(Path file, byte[] json) {
        try {
            return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), PLAIN);
        } catch (LinkageError | EngineException e) {
            throw new RunException("the native library of Hugging Face's tokenizers can't be loaded (" + e.getMessage()
                    + "); it needs Linux on x86-64 with glibc 2.34 or newer, and a home folder, or DJL_CACHE_DIR, that can be written to", e);
        } catch (RuntimeException e) {
            throw new InputException(file + ": Hugging Face's tokenizers can't read it: " + firstLine(e), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ids of added tokens: the library counts them itself, whatever a file says of those that its vocabulary lacks. */
    private Map<String, Integer> added(TokenizerFile parsed) {
        Map<String, Integer> added = new HashMap<>(parsed.added());
        added.replaceAll((spelling, id) -> {
            Integer known = parsed.ids().get(spelling);
            if (known != null || spelling.isEmpty() || spelling.length() > mostCharacters) {
                return known == null ? id : known;
            }
            int[] ids = ids(spelling, false);
            return ids.length == 1 ? ids[0] : id;
        });
        return added;
    }

    /** What stands before the plain ids in those with special tokens. */
    private static int[] leading(int[] around, int[] plain) {
        for (int start = 0; plain.length > 0 && start + plain.length <= around.length; start++) {
            if (Arrays.equals(around, start, start + plain.length, plain, 0, plain.length)) {
                return Arrays.copyOf(around, start);
            }
        }
        return new int[0];
    }

    @Override
    public int vocabularySize() {
        return vocabularySize;
    }

    @Override
    public int[] encode(String text) {
        return inVocabulary(ids(text, false));
    }

    @Override
    public int[] encodeWithSpecial(String text) {
        return inVocabulary(ids(text, true));
    }

    /** A file can name any ids to be put around a text, and a model has none for them. */
    private int[] inVocabulary(int[] ids) {
        for (int id : ids) {
            if (id >= vocabularySize) {
                throw new InputException(file + ": puts the token " + id + " into a text, and its vocabulary ends at " + (vocabularySize - 1));
            }
        }
        return ids;
    }

    private int[] ids(String text, boolean withSpecial) {
        if (text.length() > mostCharacters) {
            throw new InputException(file + ": can encode at most " + mostCharacters + " characters at once, not " + text.length()
                    + "; give the text in parts");
        }
        checkSurrogates(text);
        try {
            long encoding = TokenizersLibrary.LIB.encode(library.getHandle(), text, withSpecial);
            try {
                return Arrays.stream(TokenizersLibrary.LIB.getTokenIds(encoding)).mapToInt(Math::toIntExact).toArray();
            } finally {
                TokenizersLibrary.LIB.deleteEncoding(encoding);
            }
        } catch (RuntimeException e) {
            throw new InputException(file + ": can't encode a text: " + firstLine(e), e);
        } finally {
            Reference.reachabilityFence(library);
        }
    }

    private static void checkSurrogates(String text) {
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (Character.isSurrogate(character)) {
                if (!Character.isHighSurrogate(character) || i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    throw new InputException("the text holds half of a surrogate pair, which UTF-8 can't spell");
                }
                i++;
            }
        }
    }

    @Override
    public String decode(int[] ids) {
        return text(ids, false);
    }

    @Override
    public String decodeWithoutSpecial(int[] ids) {
        return text(ids, true);
    }

    private String text(int[] ids, boolean skipSpecial) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= vocabularySize) {
                throw new InputException("token " + ids[i] + " at position " + i + ": expected 0 to " + (vocabularySize - 1));
            }
            wide[i] = ids[i];
        }
        try {
            return TokenizersLibrary.LIB.decode(library.getHandle(), wide, skipSpecial);
        } catch (RuntimeException e) {
            throw new InputException(file + ": can't decode tokens: " + firstLine(e), e);
        } finally {
            Reference.reachabilityFence(library);
        }
    }

    private static String firstLine(RuntimeException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    @Override
    public int[] leading() {
        return leading.clone();
    }

    @Override
    public OptionalInt beginOfText() {
        return special.get(Kind.BEGIN);
    }

    @Override
    public OptionalInt endOfText() {
        return special.get(Kind.END);
    }

    @Override
    public OptionalInt padding() {
        return special.get(Kind.PADDING);
    }

    @Override
    public OptionalInt unknown() {
        return special.get(Kind.UNKNOWN);
    }

    @Override
    public Optional<ChatTemplateText> chatTemplate() {
        return beside.chatTemplate();
    }

    @Override
    public void save(Path tokenizerJson) {
        beside.save(tokenizerJson);
        AtomicFiles.write(tokenizerJson, output -> output.write(json));
    }
}
