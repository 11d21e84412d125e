package org.lacuna.data.parquet;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.Util;
import org.lacuna.run.InputException;

/** The end of a Parquet file, which says where everything is: metadata, their length in 4 bytes, "PAR1". */
final class Footer {

    private static final int MAGIC = 4;
    private static final int TAIL = 8;
    private static final int LARGEST = 64 << 20;

    private Footer() {
    }

    static FileMetaData read(FileChannel channel, Path file) throws IOException {
        long size = channel.size();
        byte[] tail = new byte[TAIL];
        if (size < MAGIC + TAIL) {
            throw new InputException(file + ": " + size + " bytes; expected a Parquet file");
        }
        read(channel, size - TAIL, tail);
        String magic = new String(tail, TAIL - MAGIC, MAGIC, StandardCharsets.US_ASCII);
        if (magic.equals("PARE")) {
            throw new InputException(file + ": is encrypted; expected a Parquet file without encryption");
        }
        if (!magic.equals("PAR1")) {
            throw new InputException(file + ": does not end as a Parquet file does (PAR1); it is another kind of file, or was cut short");
        }
        int length = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
        int most = (int) Math.min(LARGEST, size - MAGIC - TAIL);
        if (length <= 0 || length > most) {
            throw new InputException(file + ": damaged: metadata of " + Integer.toUnsignedString(length) + " bytes; expected 1 to " + most);
        }
        byte[] metadata = new byte[length];
        read(channel, size - TAIL - length, metadata);
        try {
            FileMetaData footer = Util.readFileMetaData(new ByteArrayInputStream(metadata), length);
            if (footer.getSchema() == null || footer.getRow_groups() == null) {
                throw new InputException(file + ": damaged: its metadata names no columns");
            }
            return footer;
        } catch (IOException | RuntimeException e) {
            if (e instanceof InputException refused) {
                throw refused;
            }
            throw new InputException(file + ": damaged: its metadata can't be read (" + e.getMessage() + ")", e);
        }
    }

    static void read(FileChannel channel, long from, byte[] into) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(into);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, from + buffer.position()) < 0) {
                throw new EOFException("the file ends early");
            }
        }
    }
}
