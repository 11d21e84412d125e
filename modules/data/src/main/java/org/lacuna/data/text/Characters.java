package org.lacuna.data.text;

import java.io.Closeable;

/** A text that is read from its beginning to its end, a stretch at a time. */
public interface Characters extends Closeable {

    /**
     * The next UTF-16 units. A surrogate pair is never torn.
     *
     * @param into   where to
     * @param offset place of the first one in {@code into}
     * @param count  at most so many, at least 2
     * @return how many there are, at least 1; −1 at the end
     * @throws org.lacuna.run.InputException when the file can't be read, is damaged or not UTF-8
     */
    int read(char[] into, int offset, int count);

    @Override
    void close();

    /**
     * A text that is at hand.
     *
     * @param text without half pairs
     * @return its characters
     */
    static Characters of(String text) {
        return new Characters() {
            private int at;

            @Override
            public int read(char[] into, int offset, int count) {
                if (at == text.length()) {
                    return -1;
                }
                int end = Math.min(text.length(), at + count);
                if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
                    end--;
                }
                int read = end - at;
                text.getChars(at, end, into, offset);
                at = end;
                return read;
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }
}
