package org.lacuna.data.story;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.lacuna.data.random.SplitMix;

class GrammarTest {

    private static List<String> stories(int count, long seed) {
        StoryWriter writer = new StoryWriter(SplitMix.stream(seed, 0));
        List<String> stories = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            writer.next();
            stories.add(new String(writer.text(), 0, writer.length(), StandardCharsets.US_ASCII));
        }
        return stories;
    }

    @Test
    void noAlternativeBeginsAnother() throws IllegalAccessException {
        int sets = 0;
        for (Field field : Choices.class.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == Words.class) {
                assertPrefixFree(field.getName(), (Words) field.get(null));
                sets++;
            } else if (field.getType() == Words[].class) {
                for (Words words : (Words[]) field.get(null)) {
                    if (words != null) {
                        assertPrefixFree(field.getName(), words);
                        sets++;
                    }
                }
            }
        }
        assertTrue(sets > 50, sets + " sets");
        for (Words words : List.of(Lexicon.ARTICLE_ADJECTIVES, Lexicon.ADJECTIVES, Lexicon.ARTICLE_LOOKS, Lexicon.LOOKS,
                Lexicon.THING, Lexicon.THINGS, Lexicon.PLACES)) {
            assertPrefixFree("lexicon", words);
        }
        for (Words[] verbs : List.of(Lexicon.MOTION, Lexicon.ACTION, Lexicon.REACTIONS[0], Lexicon.REACTIONS[1],
                Lexicon.REACTIONS[2], Lexicon.REACTIONS[3])) {
            for (Words form : List.of(verbs).subList(0, 3)) {
                assertPrefixFree("verbs", form);
            }
        }
        Words subjects = Lexicon.BOYS.or(Lexicon.GIRLS).then(" ").or(Words.weighted("1 He ", "1 She "));
        Words others = Words.weighted(Choices.OTHER_SUBJECTS);
        assertPrefixFree("beginnings", subjects.or(Words.weighted(Choices.CONNECTIVES)).or(Words.weighted(Choices.STOP))
                .or(others.spelled(others.texts().stream().map(t -> t.substring(0, 1).toUpperCase(Locale.ROOT)
                        + t.substring(1)).toList())));
    }

    private static void assertPrefixFree(String name, Words words) {
        List<String> sorted = new ArrayList<>(new TreeSet<>(words.texts()));
        assertEquals(words.size(), sorted.size(), name + " has an alternative twice: " + words.texts());
        for (int i = 1; i < sorted.size(); i++) {
            // If any text begins another, then its neighbour in sorted order begins with it.
            assertFalse(sorted.get(i).startsWith(sorted.get(i - 1)), name + ": '" + sorted.get(i - 1) + "', '"
                    + sorted.get(i) + "'");
        }
    }

    @Test
    void aTextShowsItsChoicesAndTheirProbability() {
        StoryWriter writer = new StoryWriter(SplitMix.stream(3, 0));
        for (int i = 0; i < 3000; i++) {
            writer.next();
            // The reader fails where two alternatives fit.
            StoryReader read = StoryReader.read(Arrays.copyOf(writer.text(), writer.length()));
            assertEquals(writer.nats(), read.nats());
            assertTrue(read.choices() > 20);
        }
    }

    @Test
    void otherTextHasNoDerivation() {
        String story = stories(1, 4).get(0);
        for (String text : List.of("", "Once", story.substring(0, story.length() - 1), story + " ",
                story.replaceFirst("They live", "They leave"))) {
            assertThrows(IllegalArgumentException.class,
                    () -> StoryReader.read(text.getBytes(StandardCharsets.US_ASCII)), text);
        }
    }

    @Test
    void probabilitiesAreThoseOfTheDraws() {
        Words words = Words.weighted("1 a", "5 b", "2 c", "4 d");
        for (int excluded = -1; excluded < words.size(); excluded++) {
            double sum = 0;
            int[] counts = new int[words.size()];
            SplitMix random = new SplitMix(1);
            int draws = 200_000;
            for (int i = 0; i < draws; i++) {
                counts[words.at(random.below(words.total(excluded)), excluded)]++;
            }
            for (int i = 0; i < words.size(); i++) {
                if (i == excluded) {
                    assertEquals(0, counts[i]);
                } else {
                    double p = Math.exp(-words.nats(i, excluded));
                    sum += p;
                    assertEquals(p, (double) counts[i] / draws, 5 * Math.sqrt(p * (1 - p) / draws));
                }
            }
            assertEquals(1, sum, 1e-12);
        }
    }

    @Test
    void atLeastFiveHundredWordForms() {
        TreeSet<String> forms = new TreeSet<>();
        for (String story : stories(5000, 5)) {
            forms.addAll(List.of(story.toLowerCase(Locale.ROOT).split("[^a-z]+")));
        }
        forms.remove("");
        assertTrue(forms.size() >= 500, forms.size() + " word forms");
    }

    @Test
    void articlesAndTensesAgree() {
        Pattern vowel = Pattern.compile("\\b(a [aeiou]|an [^aeiou])");
        for (String story : stories(2000, 6)) {
            assertFalse(vowel.matcher(story).find(), story);
            boolean past = story.contains("They lived in");
            assertNotEquals(past, story.contains("They live in"), story);
            assertEquals(past, !Pattern.compile("\\b(has|is raining|asks|says|gives)\\b").matcher(story).find(), story);
        }
    }

    /** Follows every count through a story by the sentences alone. */
    @Test
    void sumsAreRight() {
        List<String> numbers = Lexicon.NUMBERS.texts();
        Pattern start = Pattern.compile("(\\w+) ha(?:s|d) (\\w+) (\\w+) (\\w+) and (\\w+) ha[sd] (\\w+)\\. ");
        Pattern change = Pattern.compile("(\\w+) (?:gives|gave) (\\w+) (\\w+) of the|(\\w+) (?:gets|got) (\\w+) more"
                + "|Now (\\w+) ha[sd] (\\w+)(?: and (\\w+) ha[sd] (\\w+))?\\."
                + "|do you have\\?\" \"I have (\\w+),\" (?:says|said) (\\w+)");
        int checked = 0;
        for (String story : stories(3000, 7)) {
            Matcher has = start.matcher(story);
            assertTrue(has.find(), story);
            Map<String, Integer> counts = new HashMap<>();
            counts.put(has.group(1), numbers.indexOf(has.group(2)) + 1);
            counts.put(has.group(5), numbers.indexOf(has.group(6)) + 1);
            Matcher event = change.matcher(story);
            event.region(has.end(), story.length());
            int gained = 0;
            while (event.find()) {
                if (event.group(6) != null) {
                    // A pronoun may hide who gave or got: then the total shows whether the sums are right.
                    int before = counts.get(has.group(1)) + counts.get(has.group(5));
                    counts.put(event.group(6), numbers.indexOf(event.group(7)) + 1);
                    if (event.group(8) != null) {
                        counts.put(event.group(8), numbers.indexOf(event.group(9)) + 1);
                    }
                    assertEquals(2, counts.size(), story);
                    assertEquals(before + gained, counts.get(has.group(1)) + counts.get(has.group(5)), story);
                    gained = 0;
                    checked++;
                } else if (event.group(4) != null) {
                    gained = numbers.indexOf(event.group(5)) + 1;
                } else if (event.group(10) != null) {
                    assertEquals(counts.get(event.group(11)), numbers.indexOf(event.group(10)) + 1, story);
                    checked++;
                }
            }
            Matcher end = start.matcher(story + " ");
            end.region(story.indexOf("In the end"), story.length());
            assertTrue(end.find(), story);
            assertEquals(counts, Map.of(end.group(1), numbers.indexOf(end.group(2)) + 1, end.group(5),
                    numbers.indexOf(end.group(6)) + 1), story);
        }
        assertTrue(checked > 1000, checked + " sums");
    }
}
