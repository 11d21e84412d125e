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
}
