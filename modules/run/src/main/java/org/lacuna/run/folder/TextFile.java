package org.lacuna.run.folder;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

/** A text file as Lacuna reads it: whole, and UTF-8 or refused. */
public final class TextFile {
    private TextFile() {}

    /**
     * Reads a file.
     *
     * @throws InputException if its bytes are no UTF-8 text: the file is damaged, or is none of Lacuna's
     * @throws RunException if the file system refuses
     */
    public static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": is not UTF-8 text", e);
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    /**
     * The text that bytes spell.
     *
     * @param where what a message calls them
     * @throws InputException if they are no UTF-8
     */
    static String utf8(String where, byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(where + ": is not UTF-8 text", e);
        }
    }
}
