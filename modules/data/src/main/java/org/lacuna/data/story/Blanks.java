package org.lacuna.data.story;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lacuna.data.random.SplitMix;

/**
 * Words of a story that follow from what stands before them, found in its text.
 *
 * @param kind     what must be known
 * @param sentence where the word stands: the group {@code word} is it, what follows it in the match belongs to the choice
 * @param others   what it is told from
 */
record Blanks(String kind, Pattern sentence, Words others) {

    private static final int CHOICES = 4;
    /** Numbers that are further away are not worth telling apart. */
    private static final int NEAR = 3;
    private static final Words NAMES = Lexicon.BOYS.or(Lexicon.GIRLS);
    private static final String WORD = "(?<word>\\w+)";

    /** Ends of sentences. */
    static final List<Blanks> CLOZE = List.of(
            new Blanks("home", Pattern.compile(" home to the \\w+ near the " + WORD + "\\."), Lexicon.PLACES),
            new Blanks("sum", Pattern.compile(" Now \\w+ (?:has|had) (?:\\w+ and \\w+ (?:has|had) )?" + WORD + "\\."), Lexicon.NUMBERS),
            new Blanks("count", Pattern.compile(" In the end .* and \\w+ (?:has|had) " + WORD + "\\."), Lexicon.NUMBERS));

    /** Answers to questions. */
    static final List<Blanks> QUESTIONS = List.of(
            new Blanks("number", Pattern.compile("\\?\" \"I have " + WORD + ",\""), Lexicon.NUMBERS),
            new Blanks("food", Pattern.compile("\\?\" \"I like " + WORD + ",\""), Lexicon.FOODS),
            new Blanks("home", Pattern.compile("\\?\" \"In the \\w+ near the " + WORD + ",\""), Lexicon.PLACES),
            new Blanks("name", Pattern.compile("\\?\" \"My name is " + WORD + ",\""), NAMES),
            new Blanks("colour", Pattern.compile("\\?\" \"(?:It is|They are) " + WORD + ",\""), Lexicon.COLOURS),
            new Blanks("place", Pattern.compile("\\?\" \"It is in the " + WORD + ",\""), Lexicon.CONTAINERS));

    /** An item made of one of the story's blanks, if it has one. */
    static Optional<StoryItem> item(List<Blanks> blanks, String story, SplitMix random) {
        List<StoryItem> found = new ArrayList<>();
        for (Blanks blank : blanks) {
            Matcher matcher = blank.sentence.matcher(story);
            while (matcher.find()) {
                String word = matcher.group("word");
                String after = story.substring(matcher.end("word"), matcher.end());
                List<String> wrong = blank.wrong(word, random).stream().map(other -> other + after).toList();
                found.add(StoryItems.shuffled(blank.kind, story.substring(0, matcher.start("word") - 1), wrong, word + after, random));
            }
        }
        return found.isEmpty() ? Optional.empty() : Optional.of(found.get((int) random.below(found.size())));
    }

    /** Other words that could stand there, all different. */
    private List<String> wrong(String word, SplitMix random) {
        List<String> left = new ArrayList<>(others.texts());
        int at = left.indexOf(word);
        if (others == Lexicon.NUMBERS) {
            left = new ArrayList<>(left.subList(Math.max(0, at - NEAR), Math.min(left.size(), at + NEAR + 1)));
        }
        left.remove(word);
        List<String> wrong = new ArrayList<>();
        while (wrong.size() < CHOICES - 1) {
            wrong.add(left.remove((int) random.below(left.size())));
        }
        return wrong;
    }
}
