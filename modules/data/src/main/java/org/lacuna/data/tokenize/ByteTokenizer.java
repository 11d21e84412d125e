package org.lacuna.data.tokenize;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * The bytes of UTF-8 as tokens: ids 0 to 255 are byte values, 256 is {@code <|endoftext|>}.
 *
 * <p>As a {@code tokenizer.json} this is a byte-level BPE without merges. That format spells each byte as a printable
 * character (GPT-2's table, Radford et al. 2019): the printable ones of Latin-1 stand for themselves, the others in rising
 * order are U+0100, U+0101 and so on.
 */
public final class ByteTokenizer implements Tokenizer {

    /** Id of {@code <|endoftext|>}. */
    public static final int END_OF_TEXT = 256;

    /** How the end of a text is spelled out. */
    public static final String END_OF_TEXT_SPELLING = "<|endoftext|>";

    private static final byte[] END_BYTES = END_OF_TEXT_SPELLING.getBytes(StandardCharsets.UTF_8);
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Reads a {@code tokenizer.json} that {@link #save} wrote.
     *
     * @param tokenizerJson the file
     * @return the tokenizer
     * @throws InputException when it can't be read or is another tokenizer
     */
    public static ByteTokenizer load(Path tokenizerJson) {
        ByteTokenizer tokenizer = new ByteTokenizer();
        try {
            if (tokenizer.json().equals(JSON.readTree(tokenizerJson.toFile()))) {
                return tokenizer;
            }
        } catch (JsonProcessingException e) {
            throw new InputException(tokenizerJson + ": not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InputException(tokenizerJson + ": can't be read as a tokenizer.json (" + e.getMessage() + ")");
        }
        throw new InputException(tokenizerJson + ": not the byte-level tokenizer that Lacuna writes; it reads no other yet");
    }

    @Override
    public int vocabularySize() {
        return END_OF_TEXT + 1;
    }

    @Override
    public int endOfText() {
        return END_OF_TEXT;
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
    public String decode(int[] ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(ids.length);
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == END_OF_TEXT) {
                bytes.writeBytes(END_BYTES);
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
    public void save(Path tokenizerJson) {
        AtomicFiles.write(tokenizerJson, json().toPrettyString() + "\n");
    }

    private ObjectNode json() {
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
        int unprintable = 0;
        for (int value = 0; value < END_OF_TEXT; value++) {
            boolean printable = value >= '!' && value <= '~' || value >= 0xA1 && value <= 0xAC || value >= 0xAE;
            vocabulary.put(String.valueOf((char) (printable ? value : 0x100 + unprintable++)), value);
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
