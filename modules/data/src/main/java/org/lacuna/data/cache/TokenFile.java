package org.lacuna.data.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** A file of token ids that grows at its end, with the checksum of what is in it. */
final class TokenFile implements AutoCloseable {

    private static final int READ = 1 << 16;

    private final FileChannel channel;
    private final CRC32C crc = new CRC32C();
    private long length;

    /** Opens the file, which may be missing; nothing of it counts yet. */
    TokenFile(Path file) throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    /** Takes over the file's first bytes and cuts off the rest. False if it has fewer, or they have another checksum. */
    boolean keep(long bytes, int crc32c) throws IOException {
        crc.reset();
        length = 0;
        if (channel.size() < bytes) {
            return false;
        }
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ);
        while (length < bytes) {
            buffer.clear().limit((int) Math.min(READ, bytes - length));
            int read = channel.read(buffer, length);
            if (read < 0) {
                return false;
            }
            crc.update(buffer.flip());
            length += read;
        }
        channel.truncate(bytes);
        return crc32c() == crc32c;
    }

    void append(byte[] bytes) throws IOException {
        crc.update(bytes, 0, bytes.length);
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            length += channel.write(buffer, length);
        }
    }

    long length() {
        return length;
    }

    int crc32c() {
        return (int) crc.getValue();
    }

    void force() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
