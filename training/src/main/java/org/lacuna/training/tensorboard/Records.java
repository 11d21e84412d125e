package org.lacuna.training.tensorboard;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** TensorFlow's record format: length (8 bytes), its checksum (4), the bytes, their checksum (4), little-endian. */
final class Records {
    private static final int LENGTH = Long.BYTES;
    private static final int CHECKSUM = Integer.BYTES;

    private Records() {}

    /** One record, ready to be written. */
    static ByteBuffer frame(byte[] data) {
        ByteBuffer record = ByteBuffer.allocate(LENGTH + CHECKSUM + data.length + CHECKSUM).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(masked(record.array(), LENGTH));
        record.put(data).putInt(masked(data, data.length));
        return record.flip();
    }

    /** CRC-32C, turned right by 15 bits and a constant added: the format's way to tell a checksum of checksums from one of data. */
    static int masked(byte[] data, int length) {
        CRC32C crc = new CRC32C();
        crc.update(data, 0, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }
}
