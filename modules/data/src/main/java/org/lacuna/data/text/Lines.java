package org.lacuna.data.text;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.lacuna.run.InputException;

/** The lines of a file of JSON lines, of bounded length, uncompressed as its name says; those that are blank are passed over. */
public final class Lines implements AutoCloseable {
    private final SourceFile file;
    private final int largest;
    private final InputStream stream;
    private final byte[] buffer = new byte[1 << 16];
    private int from;
    private int to;
    private byte[] line = new byte[1 << 12];
    private int length;
    private long number;
    /** Bytes, uncompressed, before the line. */
    private long offset;
    private long passed;
    private long position;

    /**
     * Opens a file before its first line.
     *
     * @param file    the file
     * @param largest bytes that a line may have
     * @throws InputException when it can't be read
     */
    public Lines(SourceFile file, int largest) {
        this.file = file;
        this.largest = largest;
        this.stream = file.open(read -> position = read);
    }

    /**
     * Goes to the next line that is not blank.
     *
     * @return false at the end of the file
     * @throws InputException when the file can't be read, or the line is too long
     */
    public boolean next() {
        while (readLine()) {
            if (!isBlank()) {
                return true;
            }
        }
        return false;
    }

    /**
     * The number of the line.
     *
     * @return from 1, blank ones counted
     */
    public long number() {
        return number;
    }

    /**
     * What a message calls the line.
     *
     * @return file and line
     */
    public String where() {
        return file.path() + ": line " + number;
    }

    /**
     * The line's text without its end.
     *
     * @return the text
     * @throws InputException when it is not UTF-8
     */
    public String text() {
        checkUtf8();
        return new String(line, 0, length, java.nio.charset.StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        try {
            stream.close();
        } catch (IOException e) {
            throw SourceFile.unreadable(file.path().toString(), e);
        }
    }

    /** Bytes of the file that are read. */
    long position() {
        return position;
    }

    /** Holds the line in its first {@link #length()} bytes, until the next one is read. */
    byte[] bytes() {
        return line;
    }

    int length() {
        return length;
    }

    void checkUtf8() {
        int invalid = Utf8.invalidAt(line, 0, length);
        if (invalid >= 0) {
            throw Utf8.refused(where(), offset + invalid, line[invalid]);
        }
    }

    /** The next line without its end; false at the end of the file. */
    private boolean readLine() {
        offset = passed;
        length = 0;
        boolean any = false;
        number++;
        while (true) {
            if (from == to && !fill()) {
                return any;
            }
            any = true;
            int end = from;
            while (end < to && buffer[end] != '\n') {
                end++;
            }
            append(end - from);
            boolean whole = end < to;
            passed += end - from + (whole ? 1 : 0);
            from = whole ? end + 1 : end;
            if (whole) {
                return true;
            }
        }
    }

    private boolean fill() {
        try {
            from = 0;
            to = Math.max(0, stream.read(buffer, 0, buffer.length));
            return to > 0;
        } catch (IOException e) {
            throw SourceFile.unreadable(where(), e);
        }
    }

    private void append(int count) {
        if (count > largest - length) {
            throw new InputException(where() + ": more than " + largest + " bytes, the most that a line may have here (256 MB, or an eighth of the"
                    + " heap, which -Xmx sets); expected one JSON object a line, each ended by a line feed");
        }
        if (length + count > line.length) {
            line = Arrays.copyOf(line, (int) Math.min(largest, Math.max(length + count, 2L * line.length)));
        }
        System.arraycopy(buffer, from, line, length, count);
        length += count;
    }

    private boolean isBlank() {
        for (int i = 0; i < length; i++) {
            if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
                return false;
            }
        }
        return true;
    }
}
