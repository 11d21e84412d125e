package org.lacuna.data.story;

import java.util.ArrayList;
import java.util.List;

/** A pen that remembers what was chosen where. */
final class StoryRecord implements Pen {

    /** A choice, and the place of its text in the story. */
    record Choice(int start, Words words, int index) {
        int end() {
            return start + words.bytes(index).length;
        }
    }

    private final StoryWriter writer;
    private final List<Choice> choices = new ArrayList<>();

    StoryRecord(StoryWriter writer) {
        this.writer = writer;
    }

    List<Choice> choices() {
        return choices;
    }

    @Override
    public int choose(Words words, int excluded) {
        int start = writer.length();
        int index = writer.choose(words, excluded);
        choices.add(new Choice(start, words, index));
        return index;
    }

    @Override
    public void write(String ascii) {
        writer.write(ascii);
    }
}
