package org.lacuna.data.story;

import java.util.Arrays;
import org.lacuna.data.random.SplitMix;

/**
 * Writes stories one after the other, and knows how likely each was.
 *
 * <p>−ln p of a story is the sum over its choices of −ln of the chosen alternative's share of the weights. That is −ln p of
 * its <em>text</em> since no other choices give the same text: at each choice no alternative is the beginning of another,
 * so the first choice can be read from the text, then the second, and so on to the end.
 */
final class StoryWriter implements Pen {

    private final SplitMix random;
    private byte[] text = new byte[4096];
    private int length;
    private double nats;

    /**
     * A writer at the start of a stream of stories.
     *
     * @param random where the choices come from
     */
    StoryWriter(SplitMix random) {
        this.random = random;
    }

    /** Writes the next story over the last one. */
    void next() {
        length = 0;
        nats = 0;
        new Grammar(this).tell();
    }

    /** The array that holds the story; valid until the next one. */
    byte[] text() {
        return text;
    }

    /** Bytes of the story. */
    int length() {
        return length;
    }

    /** −ln p of the story, in nats. */
    double nats() {
        return nats;
    }

    @Override
    public int choose(Words words, int excluded) {
        int index = words.at(random.below(words.total(excluded)), excluded);
        nats += words.nats(index, excluded);
        byte[] word = words.bytes(index);
        room(word.length);
        System.arraycopy(word, 0, text, length, word.length);
        length += word.length;
        return index;
    }

    @Override
    public void write(String ascii) {
        int count = ascii.length();
        room(count);
        for (int i = 0; i < count; i++) {
            text[length + i] = (byte) ascii.charAt(i);
        }
        length += count;
    }

    private void room(int count) {
        if (length + count > text.length) {
            text = Arrays.copyOf(text, 2 * (length + count));
        }
    }
}
