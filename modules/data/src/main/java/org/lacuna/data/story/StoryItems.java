package org.lacuna.data.story;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lacuna.data.random.SplitMix;

/**
 * Items about stories that belong to validation for every validation fraction down to {@link #HELD_OUT}, one item a story: a model that was trained on
 * the embedded corpus has seen none of them. The same seed gives the same items, and those of a smaller number come first.
 */
public final class StoryItems {
    /** The validation fraction that the stories belong to. */
    static final double HELD_OUT = 0.01;

    private static final int STORIES = 2;
    private static final int DECISIONS = 3;

    /** Finds what can be decided about a story, and makes one item of it. */
    private interface Maker {
        Optional<StoryItem> item(String story, StoryRecord record, SplitMix random);
    }

    private StoryItems() {
    }

    /**
     * Which of two sentences has the verb that fits its subject. Kinds: {@code apart}, preferred, where another noun stands between
     * subject and verb, else {@code adjacent}.
     *
     * @param seed  any
     * @param count how many, at least 1
     * @return the items, two choices each, in either order
     */
    public static List<StoryItem> agreement(long seed, int count) {
        return items(seed, count, Agreement::item);
    }

    /**
     * Which of four words ends a sentence, told by what the story said before. Kinds: {@code home}, where the heroes live; {@code sum}, how many things
     * one has after some changed hands; {@code count}, how many one has at the end.
     *
     * @param seed  any
     * @param count how many, at least 1
     * @return the items
     */
    public static List<StoryItem> cloze(long seed, int count) {
        return items(seed, count, (story, record, random) -> Blanks.item(Blanks.CLOZE, story, random));
    }

    /**
     * Which of four words answers a question that one hero asks the other. Kinds: {@code number}, {@code food}, {@code home}, {@code name},
     * {@code colour}, {@code place} of a thing.
     *
     * @param seed  any
     * @param count how many, at least 1
     * @return the items
     */
    public static List<StoryItem> questions(long seed, int count) {
        return items(seed, count, (story, record, random) -> Blanks.item(Blanks.QUESTIONS, story, random));
    }

    private static List<StoryItem> items(long seed, int count, Maker maker) {
        SplitMix stories = SplitMix.stream(seed, STORIES);
        SplitMix decisions = SplitMix.stream(seed, DECISIONS);
        long threshold = StoryCorpus.threshold(HELD_OUT);
        List<StoryItem> items = new ArrayList<>();
        while (items.size() < count) {
            StoryWriter writer = new StoryWriter(stories);
            StoryRecord record = new StoryRecord(writer);
            new Grammar(record).tell();
            if (StoryCorpus.inValidation(writer.text(), writer.length(), threshold)) {
                String story = new String(writer.text(), 0, writer.length(), StandardCharsets.US_ASCII);
                maker.item(story, record, decisions).ifPresent(items::add);
            }
        }
        return List.copyOf(items);
    }

    /** An item whose right choice stands at a random place. */
    static StoryItem shuffled(String kind, String context, List<String> wrong, String right, SplitMix random) {
        List<String> choices = new ArrayList<>(wrong);
        int at = (int) random.below(wrong.size() + 1L);
        choices.add(at, right);
        return new StoryItem(kind, context, choices, at);
    }
}
