package org.lacuna.data.text;

import java.util.Iterator;
import org.lacuna.data.parquet.ParquetColumn;
import org.lacuna.run.InputException;

/**
 * The documents of a source, one after the other: a text file is one; of JSON lines and Parquet files one field or column is, line
 * by line and row by row. A text file is never held whole; the text of a line or row is, and may have as many bytes as
 * {@link #largest()} says.
 */
public final class Documents implements AutoCloseable {

    private static final long LARGEST = 256L << 20;
    /** A document is held several times at once: as bytes, as characters, as a text. */
    private static final int COPIES = 8;

    /** The documents of one file. */
    interface InFile extends AutoCloseable {

        /** The next one, or null. */
        Document next();

        /** Bytes of the file that are read. */
        long position();

        @Override
        void close();
    }

    private final Iterator<SourceFile> files;
    private final String field;
    private final int largest;
    private long before;
    private SourceFile file;
    private InFile documents;

    /**
     * At the first document.
     *
     * @param source where they are
     * @param field  the field or column that holds the text
     */
    public Documents(TextSource source, String field) {
        this(source, field, largest());
    }

    Documents(TextSource source, String field, int largest) {
        this.files = source.files().iterator();
        this.field = field;
        this.largest = largest;
    }

    /**
     * How long a line of JSON or a text in a Parquet file may be: 256 MB, or an eighth of the heap if that is less.
     *
     * @return bytes
     */
    public static int largest() {
        return (int) Math.min(LARGEST, Runtime.getRuntime().maxMemory() / COPIES);
    }

    /**
     * The next document.
     *
     * @return a document, or null after the last
     * @throws InputException when a file is not what its name says, or lacks the field; it names the file and the line or row
     */
    public Document next() {
        while (true) {
            if (documents == null) {
                if (!files.hasNext()) {
                    return null;
                }
                file = files.next();
                documents = open();
            }
            Document next = documents.next();
            if (next != null) {
                return next;
            }
            close();
            before += file.bytes();
        }
    }

    /**
     * How far the reading is.
     *
     * @return bytes of the files that are read
     */
    public long position() {
        return before + (documents == null ? 0 : documents.position());
    }

    private InFile open() {
        return switch (file.form()) {
            case TEXT -> new OneText(file);
            case JSON_LINES -> new JsonLines(file, field, largest);
            case PARQUET -> new Rows(new ParquetColumn(file.path(), field, largest));
        };
    }

    @Override
    public void close() {
        if (documents != null) {
            documents.close();
            documents = null;
        }
    }

    /** A text that is held whole. */
    static Document held(String text) {
        return () -> Characters.of(text);
    }

    private static final class OneText implements InFile {

        private final SourceFile file;
        private boolean given;
        private long position;

        OneText(SourceFile file) {
            this.file = file;
        }

        @Override
        public Document next() {
            if (given) {
                return null;
            }
            given = true;
            return () -> Utf8.characters(file.open(read -> position = read), file.path().toString());
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public void close() {
            // Each reading of the document closes its own stream.
        }
    }

    private record Rows(ParquetColumn column) implements InFile {

        @Override
        public Document next() {
            byte[] text = column.next();
            if (text == null) {
                return null;
            }
            int invalid = Utf8.invalidAt(text, 0, text.length);
            if (invalid >= 0) {
                throw new InputException(String.format("%s: not UTF-8 at byte %d of the text (0x%02X); expected a column of UTF-8 text",
                        column.where(), invalid, text[invalid]));
            }
            return held(new String(text, java.nio.charset.StandardCharsets.UTF_8));
        }

        @Override
        public long position() {
            return column.position();
        }

        @Override
        public void close() {
            column.close();
        }
    }
}
