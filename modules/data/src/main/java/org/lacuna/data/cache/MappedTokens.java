package org.lacuna.data.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.lacuna.data.TokenSequence;

/**
 * Token ids in a file that is mapped into memory: little-endian, 2 bytes each (without sign) or 4, and nothing else. A mapping has
 * less than 2³¹ bytes, so a long file is mapped in pieces of equal size. Several threads may read at once.
 */
public final class MappedTokens implements TokenSequence {

    /** log₂ of the bytes in a mapping. */
    static final int PIECE_BITS = 30;

    private static final int READ = 1 << 16;

    private final ByteBuffer[] pieces;
    private final int idBits;
    private final int pieceBits;
    private final long length;

    /** {@code pieceBits}: log₂ of the bytes in a piece. */
    MappedTokens(Path file, int idBytes, int pieceBits) throws IOException {
        idBits = idBytes == Short.BYTES ? 1 : 2;
        this.pieceBits = pieceBits;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long bytes = channel.size();
            length = bytes >>> idBits;
            long size = 1L << pieceBits;
            pieces = new ByteBuffer[Math.toIntExact((bytes + size - 1) / size)];
            for (int piece = 0; piece < pieces.length; piece++) {
                long from = piece * size;
                pieces[piece] = channel.map(FileChannel.MapMode.READ_ONLY, from, Math.min(size, bytes - from)).order(ByteOrder.LITTLE_ENDIAN);
            }
        }
    }

    /** The checksum of all bytes. */
    int crc32c() {
        CRC32C crc = new CRC32C();
        for (ByteBuffer piece : pieces) {
            crc.update(piece.duplicate());
        }
        return (int) crc.getValue();
    }

    /** Whether every id is below the size of a vocabulary. */
    boolean fits(int vocabularySize) {
        int[] ids = new int[READ];
        for (long at = 0; at < length; at += READ) {
            int count = (int) Math.min(READ, length - at);
            copy(at, ids, 0, count);
            for (int i = 0; i < count; i++) {
                if (ids[i] < 0 || ids[i] >= vocabularySize) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public int at(long index) {
        Objects.checkIndex(index, length);
        long place = index << idBits;
        ByteBuffer piece = pieces[(int) (place >>> pieceBits)];
        int offset = (int) (place & (1L << pieceBits) - 1);
        return idBits == 1 ? piece.getShort(offset) & 0xFFFF : piece.getInt(offset);
    }

    @Override
    public void copy(long from, int[] into, int offset, int count) {
        Objects.checkFromIndexSize(from, (long) count, length);
        Objects.checkFromIndexSize(offset, count, into.length);
        long place = from << idBits;
        int done = 0;
        while (done < count) {
            ByteBuffer piece = pieces[(int) (place >>> pieceBits)];
            int start = (int) (place & (1L << pieceBits) - 1);
            int here = Math.min(count - done, piece.limit() - start >>> idBits);
            for (int i = 0; i < here; i++) {
                into[offset + done + i] = idBits == 1 ? piece.getShort(start + 2 * i) & 0xFFFF : piece.getInt(start + 4 * i);
            }
            done += here;
            place += (long) here << idBits;
        }
    }
}
