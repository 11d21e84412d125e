package org.lacuna.eval.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.lacuna.data.Batch;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;

/** SHA-256 of what a result depends on, in lower-case hexadecimal. */
public final class Hashes {
    private Hashes() {
    }

    /**
     * Of a file's bytes.
     *
     * @throws InputException if there is no such file
     */
    public static String file(Path file) {
        return files(List.of(file));
    }

    /**
     * Of the bytes of several files, one behind the other.
     *
     * @throws InputException if there is no such file
     */
    public static String files(List<Path> files) {
        MessageDigest digest = sha256();
        for (Path file : files) {
            if (!Files.isRegularFile(file)) {
                throw new InputException(file + ": no such file");
            }
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Of a text's UTF-8. */
    public static String text(String text) {
        return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Of windows: their number and length, then all inputs, then all targets, each as a little-endian 32-bit integer. */
    public static String windows(Batch windows) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(Integer.BYTES, 2 + 2 * windows.inputs().length)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(windows.rows()).putInt(windows.length());
        bytes.asIntBuffer().put(windows.inputs()).put(windows.targets());
        return HexFormat.of().formatHex(sha256().digest(bytes.array()));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
