package org.lacuna.data.text;

/** One text of a corpus. It can be opened as long as no later one was asked for. */
public interface Document {

    /**
     * Reads it from its beginning.
     *
     * @return its characters; the caller closes them
     * @throws org.lacuna.run.InputException when its file can't be read
     */
    Characters open();
}
