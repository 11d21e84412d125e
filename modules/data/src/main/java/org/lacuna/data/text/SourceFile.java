package org.lacuna.data.text;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Locale;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * A file of a corpus and what its name says is in it.
 *
 * @param path        where it is
 * @param name        its path inside the corpus's folder with {@code /} between names; empty for a corpus of one file
 * @param form        how documents lie in it
 * @param compression how it is compressed
 * @param bytes       its size
 * @param modified    when it was written to
 */
public record SourceFile(Path path, String name, Form form, Compression compression, long bytes, FileTime modified) {

    /** How documents lie in a file. */
    public enum Form {
        /** The file is one document, UTF-8. */
        TEXT,
        /** Each line is a JSON object, and one of its fields a document: names in {@code .jsonl} and {@code .ndjson}. */
        JSON_LINES,
        /** Each row is a document: names in {@code .parquet}. */
        PARQUET
    }

    /** How a file is compressed. */
    public enum Compression {
        /** Not at all. */
        NONE,
        /** By gzip, in one member or several: names in {@code .gz}. */
        GZIP,
        /** By Zstandard, in one frame or several, with windows of up to 128 MB: names in {@code .zst}. */
        ZSTD
    }

    private static final int BUFFER = 1 << 17;

    /**
     * Looks at a file.
     *
     * @param path a regular file
     * @param name its path inside the corpus's folder
     * @return the file
     * @throws InputException when it can't be read, or its name says that it is an archive
     */
    static SourceFile of(Path path, String name) {
        String spelled = path.getFileName().toString().toLowerCase(Locale.ROOT);
        Compression compression = spelled.endsWith(".gz") ? Compression.GZIP : spelled.endsWith(".zst") ? Compression.ZSTD : Compression.NONE;
        String inner = compression == Compression.NONE ? spelled : spelled.substring(0, spelled.lastIndexOf('.'));
        Form form = inner.endsWith(".jsonl") || inner.endsWith(".ndjson") ? Form.JSON_LINES : inner.endsWith(".parquet") ? Form.PARQUET : Form.TEXT;
        if (form == Form.PARQUET && compression != Compression.NONE) {
            throw new InputException(path + ": a compressed Parquet file can't be read from its end; uncompress it (its columns stay compressed)");
        }
        if (inner.endsWith(".tar") || spelled.endsWith(".tgz")) {
            throw new InputException(path + ": is an archive; unpack it into a folder and name that");
        }
        try {
            return new SourceFile(path, name, form, compression, Files.size(path), Files.getLastModifiedTime(path));
        } catch (IOException e) {
            throw unreadable(path.toString(), e);
        }
    }

    /** Whether it is text and nothing else. */
    boolean isPlain() {
        return form == Form.TEXT && compression == Compression.NONE;
    }

    /** What the file system, or a stream that uncompresses, refused. */
    static InputException unreadable(String where, IOException e) {
        if (e instanceof ZstdIOException || e instanceof ZipException || e instanceof EOFException) {
            return new InputException(where + ": damaged (" + e.getMessage() + "); its compressed bytes can't be read to their end", e);
        }
        return new InputException(where + ": can't be read (" + AtomicFiles.reason(e) + ")", e);
    }

    /** Its bytes, uncompressed. {@code position} is told how many bytes of the file are read. */
    InputStream open(LongConsumer position) {
        try {
            InputStream raw = new Counted(Files.newInputStream(path), position);
            try {
                return switch (compression) {
                    case NONE -> raw;
                    case GZIP -> new GZIPInputStream(new BufferedInputStream(raw, BUFFER), BUFFER);
                    case ZSTD -> new ZstdInputStream(new BufferedInputStream(raw, BUFFER));
                };
            } catch (IOException e) {
                raw.close();
                throw e;
            }
        } catch (IOException e) {
            throw unreadable(path.toString(), e);
        }
    }

    /** Counts what is read of a file. */
    private static final class Counted extends FilterInputStream {

        private final LongConsumer position;
        private long read;

        Counted(InputStream in, LongConsumer position) {
            super(in);
            this.position = position;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int count = super.read(into, offset, length);
            read += Math.max(0, count);
            position.accept(read);
            return count;
        }
    }
}
