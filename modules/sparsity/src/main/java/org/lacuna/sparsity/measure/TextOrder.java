package org.lacuna.sparsity.measure;

/** Sees to it that tokens come text by text, for what is computed from neighbours. */
final class TextOrder {
    private final boolean[] begun;
    private int current = -1;

    TextOrder(int texts) {
        if (texts < 1) {
            throw new IllegalArgumentException("there must be at least 1 text, not " + texts);
        }
        begun = new boolean[texts];
    }

    /** Whether this token of the text is its first. */
    boolean begins(int text) {
        if (text == current) {
            return false;
        }
        if (begun[text]) {
            throw new IllegalArgumentException("text " + text + " was left for another; a text's tokens come one after the other, from one worker");
        }
        begun[text] = true;
        current = text;
        return true;
    }

    void merge(TextOrder other) {
        if (other.begun.length != begun.length) {
            throw new IllegalArgumentException(begun.length + " texts and " + other.begun.length);
        }
        for (int text = 0; text < begun.length; text++) {
            if (begun[text] && other.begun[text]) {
                throw new IllegalArgumentException("text " + text + " was added by both; its tokens belong to one worker");
            }
        }
        for (int text = 0; text < begun.length; text++) {
            begun[text] |= other.begun[text];
        }
    }
}
