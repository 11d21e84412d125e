package org.lacuna.data.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import org.lacuna.run.InputException;

/** UTF-8 that is checked while it is read. */
final class Utf8 {

    private Utf8() {
    }

    /** The index of the first byte that is no UTF-8, or −1. */
    static int invalidAt(byte[] bytes, int from, int to) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes, from, to - from);
        CharBuffer out = CharBuffer.allocate(1 << 14);
        while (true) {
            CoderResult result = decoder.decode(in, out.clear(), true);
            if (result.isUnderflow()) {
                return -1;
            }
            if (result.isError()) {
                return in.position();
            }
        }
    }

    /** What to say of bytes that are none. */
    static InputException refused(String where, long offset, byte value) {
        return new InputException(String.format("%s: not UTF-8 at byte offset %d (0x%02X); expected UTF-8 text, so convert the file first",
                where, offset, value));
    }

    /** A stream's text; what its bytes are is said of {@code where}. Closing it closes the stream. */
    static Characters characters(InputStream stream, String where) {
        return new Decoded(stream, where);
    }

    private static final class Decoded implements Characters {

        private final InputStream stream;
        private final String where;
        private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16).flip();
        /** Bytes of the stream before those in the buffer. */
        private long before;
        private boolean ended;

        Decoded(InputStream stream, String where) {
            this.stream = stream;
            this.where = where;
        }

        @Override
        public int read(char[] into, int offset, int count) {
            CharBuffer out = CharBuffer.wrap(into, offset, count);
            while (true) {
                CoderResult result = decoder.decode(bytes, out, ended);
                if (result.isError()) {
                    throw refused(where, before + bytes.position(), bytes.get(bytes.position()));
                }
                if (out.position() > offset) {
                    return out.position() - offset;
                }
                if (ended) {
                    return -1;
                }
                fill();
            }
        }

        private void fill() {
            before += bytes.position();
            bytes.compact();
            try {
                int read = stream.read(bytes.array(), bytes.position(), bytes.remaining());
                ended = read < 0;
                bytes.position(bytes.position() + Math.max(0, read)).flip();
            } catch (IOException e) {
                throw SourceFile.unreadable(where, e);
            }
        }

        @Override
        public void close() {
            try {
                stream.close();
            } catch (IOException e) {
                throw SourceFile.unreadable(where, e);
            }
        }
    }
}
