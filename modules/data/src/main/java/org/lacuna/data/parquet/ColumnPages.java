package org.lacuna.data.parquet;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.CRC32;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;
import org.lacuna.run.InputException;

/** The pages of a column in a row group, read and uncompressed one by one. Every length that the file gives is checked first. */
final class ColumnPages implements PageReader {

    /** The reader of values asks for none. */
    private static final Statistics<?> NO_STATISTICS = null;
    private static final int LONGEST_LENGTH = 4;
    private static final int MOST_VALUES = 1 << 24;

    private final Path file;
    private final ColumnDescriptor column;
    private final ColumnMetaData metadata;
    private final long rows;
    private final int largest;
    private final Chunk chunk;
    private final BufferedInputStream stream;
    private PageHeader ahead;

    ColumnPages(FileChannel channel, Path file, ColumnChunk chunk, ColumnDescriptor column, long rows, int largest) throws IOException {
        this.file = file;
        this.column = column;
        this.rows = rows;
        this.largest = largest;
        this.metadata = chunk.getMeta_data();
        if (metadata == null || chunk.isSetCrypto_metadata()) {
            throw new InputException(file + ": column \"" + column.getPath()[0] + "\" is encrypted; expected a Parquet file without encryption");
        }
        if (chunk.isSetFile_path()) {
            throw new InputException(file + ": keeps its columns in other files; name those");
        }
        check(metadata.getNum_values() == rows && metadata.getPath_in_schema() != null && metadata.getPath_in_schema().size() == 1
                && metadata.getPath_in_schema().get(0).equals(column.getPath()[0]), "a row group's columns are not those of the schema");
        long from = metadata.isSetDictionary_page_offset() && metadata.getDictionary_page_offset() > 0
                ? Math.min(metadata.getDictionary_page_offset(), metadata.getData_page_offset()) : metadata.getData_page_offset();
        long bytes = metadata.getTotal_compressed_size();
        check(from >= LONGEST_LENGTH && bytes > 0 && bytes <= channel.size() - from, "a column is outside of the file");
        this.chunk = new Chunk(channel, from, from + bytes);
        this.stream = new BufferedInputStream(this.chunk, 1 << 16);
    }

    /** A place in the file that reading has come to. */
    long position() {
        return chunk.at;
    }

    @Override
    public long getTotalValueCount() {
        return rows;
    }

    @Override
    public DictionaryPage readDictionaryPage() {
        try {
            PageHeader header = header();
            if (header.getType() != PageType.DICTIONARY_PAGE) {
                return null;
            }
            ahead = null;
            byte[] values = uncompress(payload(header), 0, header.getUncompressed_page_size());
            int count = header.getDictionary_page_header().getNum_values();
            check(count >= 0 && count <= values.length / LONGEST_LENGTH, "a dictionary of " + count + " texts in " + values.length + " bytes");
            return new DictionaryPage(BytesInput.from(values), count, Encoding.valueOf(header.getDictionary_page_header().getEncoding().name()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public DataPage readPage() {
        try {
            while (true) {
                PageHeader header = header();
                ahead = null;
                byte[] payload = payload(header);
                if (header.getType() == PageType.DATA_PAGE) {
                    return first(header.getData_page_header(), uncompress(payload, 0, header.getUncompressed_page_size()));
                }
                if (header.getType() == PageType.DATA_PAGE_V2) {
                    return second(header.getData_page_header_v2(), header.getUncompressed_page_size(), payload);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private DataPage first(DataPageHeader header, byte[] values) {
        checkCount(header.getNum_values());
        Encoding encoding = Encoding.valueOf(header.getEncoding().name());
        // Definition levels that are there have their length before them.
        int levels = column.getMaxDefinitionLevel() == 0 ? 0 : LONGEST_LENGTH + length(values, 0);
        checkDelta(encoding, values, levels, header.getNum_values());
        return new DataPageV1(BytesInput.from(values), header.getNum_values(), values.length, NO_STATISTICS,
                Encoding.valueOf(header.getRepetition_level_encoding().name()), Encoding.valueOf(header.getDefinition_level_encoding().name()), encoding);
    }

    private DataPage second(DataPageHeaderV2 header, int uncompressed, byte[] payload) {
        checkCount(header.getNum_values());
        int repetition = header.getRepetition_levels_byte_length();
        int definition = header.getDefinition_levels_byte_length();
        check(repetition >= 0 && definition >= 0 && repetition <= payload.length - definition && repetition <= uncompressed - definition,
                "levels longer than their page");
        int levels = repetition + definition;
        boolean compressed = !header.isSetIs_compressed() || header.isIs_compressed();
        byte[] values = compressed ? uncompress(payload, levels, uncompressed - levels) : java.util.Arrays.copyOfRange(payload, levels, payload.length);
        Encoding encoding = Encoding.valueOf(header.getEncoding().name());
        checkDelta(encoding, values, 0, header.getNum_values());
        return DataPageV2.uncompressed(header.getNum_rows(), header.getNum_nulls(), header.getNum_values(), BytesInput.from(payload, 0, repetition),
                BytesInput.from(payload, repetition, definition), encoding, BytesInput.from(values), NO_STATISTICS);
    }

    private void checkCount(int values) {
        check(values > 0 && values <= Math.min(rows, MOST_VALUES), "a page of " + values + " values");
    }

    /** The delta encodings begin with block size, pieces, number of values; the reader makes room for what they say. */
    private void checkDelta(Encoding encoding, byte[] page, int from, int values) {
        if (encoding != Encoding.DELTA_LENGTH_BYTE_ARRAY && encoding != Encoding.DELTA_BYTE_ARRAY) {
            return;
        }
        int at = from;
        for (int part = 0; part < 3; part++) {
            long number = 0;
            for (int shift = 0; ; shift += 7) {
                check(at >= 0 && at < page.length && shift < 35, "the head of a page");
                number |= (page[at] & 0x7FL) << shift;
                if (page[at++] >= 0) {
                    break;
                }
            }
            check(part == 2 ? number <= values : number > 0 && number <= 1 << 16, "the head of a page says " + number);
        }
    }

    private int length(byte[] bytes, int at) {
        check(bytes.length >= at + LONGEST_LENGTH, "a page of " + bytes.length + " bytes");
        int length = ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).getInt(at);
        check(length >= 0 && length <= bytes.length - at - LONGEST_LENGTH, "levels longer than their page");
        return length;
    }

    private byte[] uncompress(byte[] payload, int from, int size) {
        return PageCodec.uncompress(metadata.getCodec(), payload, from, size, file);
    }

    private PageHeader header() throws IOException {
        if (ahead == null) {
            ahead = Util.readPageHeader(stream);
            check(ahead.getType() != null && (ahead.getType() != PageType.DATA_PAGE || ahead.isSetData_page_header())
                    && (ahead.getType() != PageType.DATA_PAGE_V2 || ahead.isSetData_page_header_v2())
                    && (ahead.getType() != PageType.DICTIONARY_PAGE || ahead.isSetDictionary_page_header()), "a page without its header");
            for (long size : new long[] {ahead.getCompressed_page_size(), ahead.getUncompressed_page_size()}) {
                if (size > largest) {
                    throw new InputException(file + ": a page of " + size + " bytes; it may have " + largest + " here (256 MB, or an eighth of the heap,"
                            + " which -Xmx sets). Write the file again with smaller pages or fewer rows in a row group");
                }
                check(size >= 0, "a page of " + size + " bytes");
            }
        }
        return ahead;
    }

    private byte[] payload(PageHeader header) throws IOException {
        int size = header.getCompressed_page_size();
        check(size <= chunk.end - chunk.at + stream.available(), "a page longer than its column");
        byte[] payload = stream.readNBytes(size);
        if (payload.length < size) {
            throw new EOFException("the column ends early");
        }
        if (header.isSetCrc()) {
            CRC32 crc = new CRC32();
            crc.update(payload);
            check((int) crc.getValue() == header.getCrc(), "a page's checksum is not that of its bytes");
        }
        return payload;
    }

    private void check(boolean sound, String what) {
        if (!sound) {
            throw new InputException(file + ": damaged: " + what);
        }
    }

    /** A stretch of the file. */
    private static final class Chunk extends InputStream {

        private final FileChannel channel;
        private final long end;
        private long at;

        Chunk(FileChannel channel, long from, long end) {
            this.channel = channel;
            this.at = from;
            this.end = end;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int most = (int) Math.min(length, end - at);
            int count = most == 0 ? -1 : channel.read(ByteBuffer.wrap(into, offset, most), at);
            at += Math.max(0, count);
            return count;
        }
    }
}
