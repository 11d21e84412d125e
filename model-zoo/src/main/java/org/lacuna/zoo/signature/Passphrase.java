package org.lacuna.zoo.signature;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.TextFile;

/** What opens a secret key. It comes from the environment or a file, since everybody on the machine sees a process's arguments. */
public final class Passphrase {
    private static final int MAX_BYTES = 4096;

    private Passphrase() {}

    /**
     * Of an environment variable.
     *
     * @throws InputException if it is not set
     */
    public static char[] ofEnvironment(String name) {
        String value = System.getenv(name);
        if (value == null) {
            throw new InputException("the environment variable " + name + " is not set; expected the passphrase of the secret key in it");
        }
        return value.toCharArray();
    }

    /**
     * The first line of a file.
     *
     * @throws InputException if there is no such file, or it is no line of text
     */
    public static char[] ofFile(Path file) {
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
                throw new InputException(file + ": expected a file with the passphrase of the secret key in its first line");
            }
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
        return TextFile.read(file).lines().findFirst().orElse("").toCharArray();
    }
}
