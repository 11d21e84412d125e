package org.lacuna.data.parquet;

import com.github.luben.zstd.Zstd;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.format.CompressionCodec;
import org.lacuna.run.InputException;

/** The ways in which pages are compressed. */
final class PageCodec {

    private PageCodec() {
    }

    /** Uncompresses what lies from {@code from} on into exactly {@code size} bytes, which the caller has bounded. */
    static byte[] uncompress(CompressionCodec codec, byte[] payload, int from, int size, Path file) {
        byte[] out = new byte[size];
        if (size == 0) {
            return out;
        }
        int length = payload.length - from;
        int written;
        try {
            written = switch (codec) {
                case UNCOMPRESSED -> {
                    System.arraycopy(payload, from, out, 0, Math.min(size, length));
                    yield length;
                }
                case SNAPPY -> new SnappyDecompressor().decompress(payload, from, length, out, 0, size);
                case LZ4_RAW -> new Lz4Decompressor().decompress(payload, from, length, out, 0, size);
                case ZSTD -> unzstd(payload, from, length, out);
                case GZIP -> gunzip(payload, from, length, out);
                default -> throw new InputException(file + ": pages are compressed by " + codec
                        + "; expected UNCOMPRESSED, SNAPPY, GZIP, ZSTD or LZ4_RAW. Write the file again with one of them");
            };
        } catch (IOException | RuntimeException e) {
            if (e instanceof InputException refused) {
                throw refused;
            }
            throw new InputException(file + ": damaged: a page can't be uncompressed (" + e.getMessage() + ")", e);
        }
        if (written != size) {
            throw new InputException(file + ": damaged: a page has " + written + " bytes uncompressed; its header says " + size);
        }
        return out;
    }

    private static int unzstd(byte[] payload, int from, int length, byte[] out) throws IOException {
        long written = Zstd.decompressByteArray(out, 0, out.length, payload, from, length);
        if (Zstd.isError(written)) {
            throw new IOException(Zstd.getErrorName(written));
        }
        return (int) written;
    }

    private static int gunzip(byte[] payload, int from, int length, byte[] out) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(payload, from, length))) {
            int read = in.readNBytes(out, 0, out.length);
            return in.read() < 0 ? read : out.length + 1;
        }
    }
}
