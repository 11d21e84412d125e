package org.lacuna.run.folder;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.lacuna.run.RunException;

/** Holds a folder for one process at a time: the file {@value #FILE} in it is locked until this is closed or the process ends, however it ends. */
public final class FolderLock implements AutoCloseable {
    /** What is locked. It stays when nobody holds it. */
    public static final String FILE = ".lock";

    private final Path folder;
    private final FileChannel channel;

    private FolderLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /**
     * Holds a folder; empty if another process does, or something else in this one.
     *
     * @param folder made if it is missing
     * @param advice what to do where the file can't be written, for the message
     * @throws RunException if the file can't be written
     */
    public static Optional<FolderLock> hold(Path folder, String advice) {
        Path file = folder.resolve(FILE);
        try {
            Files.createDirectories(folder);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (locked(channel)) {
                return Optional.of(new FolderLock(folder, channel));
            }
            channel.close();
            return Optional.empty();
        } catch (IOException e) {
            throw new RunException(file + ": can't be locked: " + AtomicFiles.reason(e) + "; " + advice, e);
        }
    }

    /** Whether a process holds a folder just now. */
    public static boolean isHeld(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            return !locked(channel);
        } catch (IOException e) {
            throw new RunException(file + ": can't be locked: " + AtomicFiles.reason(e), e);
        }
    }

    /** The lock lives as long as its channel, so the channel is what is kept. */
    private static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /** Lets another process have the folder. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new RunException(folder + ": can't be unlocked: " + AtomicFiles.reason(e), e);
        }
    }
}
