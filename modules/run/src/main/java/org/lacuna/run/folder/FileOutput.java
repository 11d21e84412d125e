package org.lacuna.run.folder;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;

/**
 * A file being written, as a stream for text and as a channel for tensors: a direct buffer goes to the file
 * without a copy, small writes are gathered.
 *
 * <p>The system property {@value #BYTES_PER_SECOND} slows every write to that rate. It is there so that a test
 * in another process can stop a run inside the writing of a file; nothing else sets it.
 */
public final class FileOutput extends OutputStream implements WritableByteChannel {
    /** The system property that slows writing, bytes per second. */
    public static final String BYTES_PER_SECOND = "lacuna.files.bytesPerSecond";

    private static final int BUFFER_BYTES = 1 << 16;
    private static final int SLOWED_PIECE_BYTES = 1 << 10;
    // The JDK copies a heap buffer into a native one as large as the piece, and keeps it for the thread.
    private static final int PIECE_BYTES = 1 << 20;

    private final FileChannel channel;
    private final ByteBuffer gathered = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final long bytesPerSecond = Long.getLong(BYTES_PER_SECOND, 0);
    private final int pieceBytes = bytesPerSecond > 0 ? SLOWED_PIECE_BYTES : PIECE_BYTES;

    FileOutput(Path file) throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /** Writes all that remains in the buffer. */
    @Override
    public int write(ByteBuffer source) throws IOException {
        int bytes = source.remaining();
        if (bytes > gathered.remaining()) {
            drain();
        }
        if (bytes > gathered.remaining()) {
            writeFully(source);
        } else {
            gathered.put(source);
        }
        return bytes;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        write(ByteBuffer.wrap(bytes, offset, length));
    }

    @Override
    public void write(int oneByte) throws IOException {
        if (!gathered.hasRemaining()) {
            drain();
        }
        gathered.put((byte) oneByte);
    }

    @Override
    public void flush() throws IOException {
        drain();
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            if (channel.isOpen()) {
                drain();
            }
        }
    }

    private void drain() throws IOException {
        gathered.flip();
        writeFully(gathered);
        gathered.clear();
    }

    private void writeFully(ByteBuffer source) throws IOException {
        int end = source.limit();
        while (source.position() < end) {
            source.limit(Math.min(end, source.position() + pieceBytes));
            if (bytesPerSecond > 0) {
                LockSupport.parkNanos(source.remaining() * 1_000_000_000L / bytesPerSecond);
            }
            while (source.hasRemaining()) {
                channel.write(source);
            }
            source.limit(end);
        }
    }
}
