package org.lacuna.data.story;

import java.util.List;

/**
 * Something to be decided about a story: which of some continuations is right.
 *
 * @param kind    what must be known for it
 * @param context the story up to there, without a space at the end
 * @param choices the continuations, without the space in front
 * @param right   index of the right one
 */
public record StoryItem(String kind, String context, List<String> choices, int right) {

    /** Copies the list. */
    public StoryItem {
        choices = List.copyOf(choices);
    }
}
