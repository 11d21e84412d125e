package org.lacuna.data.parquet;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.apache.parquet.VersionParser.ParsedVersion;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReaderImpl;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * The texts of one column, row by row. What is held is one page and the dictionary of a row group; no row group is ever held whole.
 */
public final class ParquetColumn implements AutoCloseable {

    private final Path file;
    private final int largest;
    private final FileChannel channel;
    private final List<RowGroup> groups;
    private final TextColumn column;
    private int group;
    private ColumnPages pages;
    private ColumnReader values;
    private long left;
    private long row;
    private long position;

    /**
     * Opens a file before its first row.
     *
     * @param file    a Parquet file
     * @param name    the column, at the top level
     * @param largest bytes that a text, and a page of texts uncompressed, may have
     * @throws InputException when it can't be read, is no Parquet file, is encrypted, or has no such column of texts
     */
    public ParquetColumn(Path file, String name, int largest) {
        this.file = file;
        this.largest = largest;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
        } catch (IOException e) {
            throw unreadable(e);
        }
        try {
            FileMetaData footer = Footer.read(channel, file);
            groups = footer.getRow_groups();
            column = TextColumn.find(footer, name, file);
        } catch (IOException e) {
            close();
            throw unreadable(e);
        } catch (InputException e) {
            close();
            throw e;
        }
    }

    /**
     * The next row's text.
     *
     * @return its bytes, which should be UTF-8; null after the last row
     * @throws InputException when the row has none, or the file is damaged
     */
    public byte[] next() {
        try {
            while (left == 0) {
                if (group == groups.size()) {
                    return null;
                }
                open(groups.get(group++));
            }
            row++;
            left--;
            if (values.getCurrentDefinitionLevel() < column.levels()) {
                throw new InputException(where() + ": column \"" + column.name() + "\" is null; expected a text in each row");
            }
            Binary value = values.getBinary();
            if (value.length() < 0 || value.length() > largest) {
                throw new InputException(where() + ": a text of " + value.length() + " bytes; it may have " + largest + " here");
            }
            byte[] text = value.getBytes();
            // The reader goes to the next value, and page, at once: after the last one there is nothing to go to.
            if (left > 0) {
                values.consume();
            }
            position = pages.position();
            return text;
        } catch (IOException e) {
            throw unreadable(e);
        } catch (InputException e) {
            throw e;
        } catch (RuntimeException e) {
            // Parquet's readers throw whatever a damaged page makes them trip over.
            throw new InputException(where() + ": damaged (" + reason(e) + ")", e);
        }
    }

    private static String reason(RuntimeException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /**
     * Where the text that was last given is.
     *
     * @return file and row, counted from 1
     */
    public String where() {
        return file + ": row " + row;
    }

    /**
     * How far the reading is.
     *
     * @return a place in the file
     */
    public long position() {
        return position;
    }

    private void open(RowGroup rows) throws IOException {
        values = null;
        left = rows.getNum_rows();
        if (left == 0) {
            return;
        }
        if (left < 0 || rows.getColumns() == null || column.index() >= rows.getColumns().size()) {
            throw new InputException(file + ": damaged: row group " + group + " lacks column \"" + column.name() + "\"");
        }
        ColumnChunk chunk = rows.getColumns().get(column.index());
        ColumnDescriptor descriptor = column.descriptor();
        pages = new ColumnPages(channel, file, chunk, descriptor, left, largest);
        values = new ColumnReaderImpl(descriptor, pages, new PrimitiveConverter() { }, new ParsedVersion("parquet-mr", null, null));
    }

    private InputException unreadable(IOException e) {
        return new InputException(file + ": can't be read (" + AtomicFiles.reason(e) + ")", e);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }
}
