package org.lacuna.data.tokenize;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

/**
 * The bytes of UTF-8 as tokens: ids 0 to 255 are byte values, 256 is {@code <|endoftext|>}.
 *
 * <p>As a {@code tokenizer.json} this is a byte-level BPE without merges.
 */
public final class ByteTokenizer implements Tokenizer {

    /** Id of {@code <|endoftext|>}. */
    public static final int END_OF_TEXT = 256;

    /** How the end of a text is spelled out. */
    public static final String END_OF_TEXT_SPELLING = "<|endoftext|>";

    private static final int LONGEST_FILE = 1 << 16;
    private static final byte[] END_BYTES = END_OF_TEXT_SPELLING.getBytes(StandardCharsets.UTF_8);

    private final BesideFiles beside;

    /** One that comes from no file. */
    public ByteTokenizer() {
        this(BesideFiles.NONE);
    }

    private ByteTokenizer(BesideFiles beside) {
        this.beside = beside;
    }

    /**
     * Reads a {@code tokenizer.json} that {@link #save} wrote.
     *
     * @param tokenizerJson the file
     * @return the tokenizer
     * @throws InputException when it can't be read or is another tokenizer
     */
    public static ByteTokenizer load(Path tokenizerJson) {
        return read(tokenizerJson).orElseThrow(() -> new InputException(tokenizerJson + ": not the byte-level tokenizer that Lacuna writes"));
    }

    /** The tokenizer if the file is of this one, which few bytes tell. */
    static Optional<ByteTokenizer> read(Path tokenizerJson) {
        String text = TokenizerFile.text(tokenizerJson, TokenizerFile.LARGEST);
        return text.length() < LONGEST_FILE && json().equals(Json.parse(tokenizerJson.toString(), text))
                ? Optional.of(new ByteTokenizer(BesideFiles.of(tokenizerJson))) : Optional.empty();
    }

    @Override
    public int vocabularySize() {
        return END_OF_TEXT + 1;
    }

    @Override
    public OptionalInt beginOfText() {
        return OptionalInt.empty();
    }

    @Override
    public OptionalInt endOfText() {
        return OptionalInt.of(END_OF_TEXT);
    }

    @Override
    public OptionalInt padding() {
        return OptionalInt.empty();
    }

    @Override
    public OptionalInt unknown() {
        return OptionalInt.empty();
    }

    @Override
    public int[] leading() {
        return new int[0];
    }

    @Override
    public int[] encode(String text) {
        byte[] bytes = utf8(text);
        int[] ids = new int[bytes.length];
        int count = 0;
        for (int i = 0; i < bytes.length; count++) {
            if (endsAt(bytes, i, bytes.length)) {
                ids[count] = END_OF_TEXT;
                i += END_BYTES.length;
            } else {
                ids[count] = bytes[i++] & 0xFF;
            }
        }
        return Arrays.copyOf(ids, count);
    }

    @Override
    public int[] encodeWithSpecial(String text) {
        return encode(text);
    }

    @Override
    public String decode(int[] ids) {
        return decode(ids, END_BYTES);
    }

    @Override
    public String decodeWithoutSpecial(int[] ids) {
        return decode(ids, new byte[0]);
    }

    private static String decode(int[] ids, byte[] end) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(ids.length);
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == END_OF_TEXT) {
                bytes.writeBytes(end);
            } else if (ids[i] >= 0 && ids[i] < END_OF_TEXT) {
                bytes.write(ids[i]);
            } else {
                throw new InputException("token " + ids[i] + " at position " + i + ": expected 0 to " + END_OF_TEXT);
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /**
     * Whether {@code <|endoftext|>} is spelled out at a place.
     *
     * @param bytes UTF-8
     * @param index the place
     * @param limit where the text ends
     * @return whether it stands there in full
     */
    public static boolean endsAt(byte[] bytes, int index, int limit) {
        return bytes[index] == END_BYTES[0] && index + END_BYTES.length <= limit
                && Arrays.equals(bytes, index, index + END_BYTES.length, END_BYTES, 0, END_BYTES.length);
    }

    /**
     * The number of bytes that {@code <|endoftext|>} takes where it is spelled out.
     *
     * @return 13
     */
    public static int spelledLength() {
        return END_BYTES.length;
    }

    @Override
    public Optional<ChatTemplateText> chatTemplate() {
        return beside.chatTemplate();
    }

    @Override
    public void save(Path tokenizerJson) {
        beside.save(tokenizerJson);
        AtomicFiles.write(tokenizerJson, json().toPrettyString() + "\n");
    }

    private static ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        root.putArray("added_tokens").addObject()
                .put("id", END_OF_TEXT)
                .put("content", END_OF_TEXT_SPELLING)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
        root.putNull("normalizer");
        root.set("pre_tokenizer", byteLevel());
        root.putNull("post_processor");
        root.set("decoder", byteLevel());
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.putNull("dropout");
        model.putNull("unk_token");
        model.putNull("continuing_subword_prefix");
        model.putNull("end_of_word_suffix");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        ObjectNode vocabulary = model.putObject("vocab");
        for (int value = 0; value < END_OF_TEXT; value++) {
            vocabulary.put(String.valueOf(ByteAlphabet.character(value)), value);
        }
        model.putArray("merges");
        return root;
    }

    private static ObjectNode byteLevel() {
        return JsonNodeFactory.instance.objectNode().put("type", "ByteLevel").put("add_prefix_space", false)
                .put("trim_offsets", true).put("use_regex", false);
    }

    private static byte[] utf8(String text) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            return Arrays.copyOf(bytes.array(), bytes.limit());
        } catch (CharacterCodingException e) {
            throw new InputException("the text holds half of a surrogate pair, which UTF-8 can't spell");
        }
    }
}
