package org.lacuna.data.story;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lacuna.data.random.SplitMix;
import org.lacuna.data.story.StoryRecord.Choice;

/** Pairs of sentences that differ in the number of a verb. */
final class Agreement {

    private static final Pattern SENTENCE_END = Pattern.compile("[.!?]\"?(?= |$)");
    /** Choices of a verb that has a subject, by form. */
    private static final List<Words[]> VERBS = verbs();

    private Agreement() {
    }

    private static List<Words[]> verbs() {
        List<Words[]> verbs = new ArrayList<>(List.of(Choices.VERBS_OF_BEINGS, Choices.VERBS_OR_BESIDES, Choices.VERBS_OF_BOTH, Choices.VERBS_OF_HERO,
                Choices.VERBS_WITHOUT_COUNTING));
        verbs.addAll(List.of(Lexicon.REACTIONS));
        return verbs;
    }

    /** A pair made of one of the story's verbs whose forms differ, if there is one; of one that stands apart from its subject, if there is one. */
    static Optional<StoryItem> item(String story, StoryRecord record, SplitMix random) {
        List<Integer> candidates = new ArrayList<>();
        for (int i = 0; i < record.choices().size(); i++) {
            if (otherNumber(record.choices().get(i)) != null) {
                candidates.add(i);
            }
        }
        if (candidates.isEmpty()) {
            return Optional.empty();
        }
        List<Integer> harder = candidates.stream().filter(place -> isApart(record, place)).toList();
        List<Integer> places = harder.isEmpty() ? candidates : harder;
        int place = places.get((int) random.below(places.size()));
        Choice verb = record.choices().get(place);
        int from = sentenceStart(story, verb.start());
        Matcher end = SENTENCE_END.matcher(story);
        int to = end.find(verb.end()) ? end.end() : story.length();
        String right = story.substring(from, to);
        String wrong = story.substring(from, verb.start()) + otherNumber(verb) + story.substring(verb.end(), to);
        return Optional.of(StoryItems.shuffled(isApart(record, place) ? "apart" : "adjacent", story.substring(0, from - 1), List.of(wrong), right, random));
    }

    private static boolean isApart(StoryRecord record, int verb) {
        return record.choices().get(verb - 1).words() == Choices.ANY_THINGS_BETWEEN;
    }

    /** The chosen verb in the other number; null if it is no verb, looks the same, or would be right in the past. */
    private static String otherNumber(Choice choice) {
        for (Words[] forms : VERBS) {
            for (int form = 0; form < forms.length; form++) {
                if (forms[form] == choice.words()) {
                    String other = forms[form ^ 1].text(choice.index());
                    boolean past = form < Lexicon.PAST && other.equals(forms[Lexicon.PAST + form % 2].text(choice.index()));
                    return past || other.equals(forms[form].text(choice.index())) ? null : other;
                }
            }
        }
        return null;
    }

    private static int sentenceStart(String story, int verb) {
        Matcher end = SENTENCE_END.matcher(story);
        int start = 0;
        while (end.find() && end.end() < verb) {
            start = end.end() + 1;
        }
        return start;
    }
}
