package org.lacuna.data.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lacuna.data.ByteTokens;
import org.lacuna.data.Corpus;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.run.InputException;

/**
 * UTF-8 text from a file or a folder, held in memory as bytes.
 *
 * <p>A file is one text, with nothing added. A folder is all regular files in it and below, in the order of their paths
 * (compared character by character, with {@code /} between names); each non-empty one is a document, followed by
 * end-of-text. Names that start with a dot are passed over. {@code <|endoftext|>} spelled out in a text is that token, as
 * it is to the tokenizer.
 *
 * <p>Training is the first ⌊characters · (1 − validation fraction)⌋ characters (code points; an end-of-text after a document
 * counts as one), validation the rest: a text is not shuffled, since its neighbouring parts are alike.
 */
public final class TextCorpus {

    private static final long LARGEST = Integer.MAX_VALUE - 16;

    private TextCorpus() {
    }

    /**
     * Reads the text. The corpus's hash is that of the file's bytes; for a folder, of all its documents' bytes, 0xFF after
     * each.
     *
     * @param path               a file or a folder
     * @param validationFraction above 0 and at most 1
     * @return the corpus, named after the file or folder
     * @throws InputException when there is no such file, it can't be read, is empty, not UTF-8, or too short to split
     */
    public static Corpus open(Path path, double validationFraction) {
        byte[] bytes = Files.isDirectory(path) ? folder(path) : file(path);
        if (bytes.length == 0) {
            throw new InputException(path + ": holds no text; expected " + (Files.isDirectory(path) ? "files of " : "")
                    + "UTF-8 text");
        }
        MessageDigest hash = Sha256.start();
        hash.update(bytes);
        long characters = characters(bytes, bytes.length);
        int split = offset(bytes, (long) (characters * (1 - validationFraction)));
        if (split == 0 && validationFraction < 1 || split == bytes.length) {
            throw new InputException(path + ": " + characters + " characters are too few to keep "
                    + validationFraction + " of them for validation");
        }
        ByteTokenizer tokenizer = new ByteTokenizer();
        ByteTokens validation = tokens(bytes, split, bytes.length);
        return new Corpus(name(path), Sha256.hexadecimal(hash), tokenizer.vocabularySize(), Optional.of(tokenizer),
                tokens(bytes, 0, split), validation, validation.textBytes(), OptionalDouble.empty());
    }

    /** The last name of a path, also of "." and "..". */
    static String name(Path path) {
        Path name = path.toAbsolutePath().normalize().getFileName();
        return name == null ? path.toString() : name.toString();
    }

    /** The bytes of a file that is there and not too large. */
    static byte[] read(Path path) {
        if (!Files.exists(path)) {
            throw new InputException(path + ": no such file; a path is taken from the folder that the command runs in");
        }
        try {
            if (Files.size(path) > LARGEST) {
                throw new InputException(path + ": " + Files.size(path) + " bytes; a corpus has at most " + LARGEST);
            }
            return Files.readAllBytes(path);
        } catch (IOException e) {
            throw new InputException(path + ": can't be read (" + e + ")", e);
        }
    }

    private static byte[] file(Path path) {
        byte[] bytes = read(path);
        checkUtf8(path, bytes);
        return bytes;
    }

    private static byte[] folder(Path folder) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Path path : TextSource.list(folder)) {
            byte[] bytes = file(path);
            if (all.size() + (long) bytes.length + 1 > LARGEST) {
                throw new InputException(folder + ": more than " + LARGEST + " bytes, the most that a corpus may have");
            }
            if (bytes.length > 0) {
                all.writeBytes(bytes);
                all.write(ByteTokens.END);
            }
        }
        return all.toByteArray();
    }

    private static void checkUtf8(Path path, byte[] bytes) {
        int invalid = Utf8.invalidAt(bytes, 0, bytes.length);
        if (invalid >= 0) {
            throw Utf8.refused(path.toString(), invalid, bytes[invalid]);
        }
    }

    private static long characters(byte[] bytes, int limit) {
        long count = 0;
        for (int i = 0; i < limit; i++) {
            if (starts(bytes[i])) {
                count++;
            }
        }
        return count;
    }

    /** Where a character begins. */
    private static int offset(byte[] bytes, long character) {
        long before = -1;
        int offset = 0;
        while (offset < bytes.length) {
            if (starts(bytes[offset]) && ++before == character) {
                break;
            }
            offset++;
        }
        return offset;
    }

    private static boolean starts(byte value) {
        return (value & 0xC0) != 0x80;
    }

    /** A stretch as tokens; spelled-out ends of text shrink to the one byte, in place. */
    private static ByteTokens tokens(byte[] bytes, int from, int to) {
        int length = from;
        for (int i = from; i < to; length++) {
            if (ByteTokenizer.endsAt(bytes, i, to)) {
                bytes[length] = ByteTokens.END;
                i += ByteTokenizer.spelledLength();
            } else {
                bytes[length] = bytes[i++];
            }
        }
        return new ByteTokens(bytes, from, length);
    }
}
