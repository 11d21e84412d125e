package org.lacuna.data.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * How far a build has come: a line of records of equal size, each with its own checksum. One is appended, and forced to the disk, after
 * the bytes that it counts are there; what a crash left of the last one is passed over.
 */
final class Journal implements AutoCloseable {

    /**
     * What is done.
     *
     * @param chunks          chunks of the source
     * @param train           bytes, documents and checksum of the training file
     * @param validation      the same of the validation file
     * @param validationBytes bytes of text behind the validation tokens
     */
    record Done(long chunks, Part train, Part validation, long validationBytes) {

        /** Nothing yet. */
        static final Done NOTHING = new Done(0, Part.NOTHING, Part.NOTHING, 0);
    }

    /**
     * One of the two parts.
     *
     * @param bytes     length of its file
     * @param documents ends of documents in it
     * @param crc32c    of its bytes
     */
    record Part(long bytes, long documents, int crc32c) {

        /** An empty file. */
        static final Part NOTHING = new Part(0, 0, 0);
    }

    private static final int MAGIC = 0x4C41434A;
    private static final int BODY = Integer.BYTES + 6 * Long.BYTES + 2 * Integer.BYTES;
    private static final int RECORD = BODY + Integer.BYTES;

    private final FileChannel channel;
    private Done last = Done.NOTHING;

    /** Opens the journal, which may be missing, and goes behind its last whole record. */
    Journal(Path file) throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        long place = 0;
        ByteBuffer record = ByteBuffer.allocate(RECORD);
        while (read(record, place)) {
            last = done(record);
            place += RECORD;
        }
        channel.truncate(place).position(place);
    }

    private boolean read(ByteBuffer record, long place) throws IOException {
        record.clear();
        while (record.hasRemaining()) {
            if (channel.read(record, place + record.position()) < 0) {
                return false;
            }
        }
        return record.getInt(0) == MAGIC && record.getInt(BODY) == checksum(record);
    }

    private static Done done(ByteBuffer record) {
        record.position(Integer.BYTES);
        long chunks = record.getLong();
        Part train = new Part(record.getLong(), record.getLong(), record.getInt());
        Part validation = new Part(record.getLong(), record.getLong(), record.getInt());
        return new Done(chunks, train, validation, record.getLong());
    }

    private static int checksum(ByteBuffer record) {
        CRC32C crc = new CRC32C();
        crc.update(record.array(), 0, BODY);
        return (int) crc.getValue();
    }

    /** The last record. */
    Done last() {
        return last;
    }

    /** Begins anew. */
    void clear() throws IOException {
        channel.truncate(0);
        channel.force(true);
        last = Done.NOTHING;
    }

    void append(Done done) throws IOException {
        ByteBuffer record = ByteBuffer.allocate(RECORD).putInt(MAGIC).putLong(done.chunks());
        for (Part part : new Part[] {done.train(), done.validation()}) {
            record.putLong(part.bytes()).putLong(part.documents()).putInt(part.crc32c());
        }
        record.putLong(done.validationBytes());
        record.putInt(checksum(record)).flip();
        while (record.hasRemaining()) {
            channel.write(record);
        }
        channel.force(true);
        last = done;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
