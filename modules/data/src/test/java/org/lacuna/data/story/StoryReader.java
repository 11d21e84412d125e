package org.lacuna.data.story;

import java.nio.charset.StandardCharsets;

/** Finds the choices of a story in its text, and fails where two alternatives could both stand there. */
final class StoryReader implements Pen {

    private final byte[] text;
    private int position;
    private double nats;
    private int choices;

    private StoryReader(byte[] text) {
        this.text = text;
    }

    /** −ln p of a text under the grammar; fails if it is no story of the grammar. */
    static StoryReader read(byte[] text) {
        StoryReader reader = new StoryReader(text);
        new Grammar(reader).tell();
        if (reader.position != text.length) {
            throw new IllegalArgumentException("the text goes on after the story's end");
        }
        return reader;
    }

    double nats() {
        return nats;
    }

    int choices() {
        return choices;
    }

    @Override
    public int choose(Words words, int excluded) {
        int found = -1;
        for (int i = 0; i < words.size(); i++) {
            if (starts(words.bytes(i))) {
                if (found >= 0) {
                    throw new AssertionError("both '" + words.text(found) + "' and '" + words.text(i) + "' at " + here());
                }
                found = i;
            }
        }
        if (found < 0 || found == excluded) {
            throw new IllegalArgumentException("none of " + words.texts() + " at " + here());
        }
        position += words.bytes(found).length;
        nats += words.nats(found, excluded);
        choices++;
        return found;
    }

    @Override
    public void write(String ascii) {
        byte[] expected = ascii.getBytes(StandardCharsets.US_ASCII);
        if (!starts(expected)) {
            throw new IllegalArgumentException("expected '" + ascii + "' at " + here());
        }
        position += expected.length;
    }

    private boolean starts(byte[] word) {
        return position + word.length <= text.length && java.util.Arrays.equals(word, 0, word.length, text, position,
                position + word.length);
    }

    private String here() {
        return "'" + new String(text, position, Math.min(40, text.length - position), StandardCharsets.US_ASCII) + "'";
    }
}
