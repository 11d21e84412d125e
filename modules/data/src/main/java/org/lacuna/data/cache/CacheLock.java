package org.lacuna.data.cache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.lacuna.run.InterruptedRunException;

/** Held by the one who builds; a second one, in this process or another, waits. */
final class CacheLock implements AutoCloseable {

    private static final long PATIENCE_MILLIS = 100;

    private final FileChannel channel;

    /** {@code waits} is run once if somebody else holds it. */
    CacheLock(Path file, Runnable waits) throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean told = false;
        while (!locked()) {
            if (!told) {
                waits.run();
                told = true;
            }
            try {
                Thread.sleep(PATIENCE_MILLIS);
            } catch (InterruptedException e) {
                // Closing the file would end the lock of another thread of this process too; it is closed when it is collected.
                Thread.currentThread().interrupt();
                throw new InterruptedRunException("stopped while another process made tokens of the text");
            }
        }
    }

    private boolean locked() throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
