package org.lacuna.data.story;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.lacuna.data.random.SplitMix;

class StoryItemsTest {

    private static String right(StoryItem item) {
        return item.choices().get(item.right());
    }

    private static String group(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertTrue(matcher.find(), text);
        return matcher.group(1);
    }

    /** Reads a beginning of a story by the grammar: fails where a choice, or a text that follows, is not the grammar's. */
    private static final class BeginningReader implements Pen {
        private final byte[] text;
        private int position;

        private static final class Ended extends RuntimeException {
            private static final long serialVersionUID = 1L;
        }

        BeginningReader(String text) {
            this.text = text.getBytes(StandardCharsets.US_ASCII);
        }

        static boolean reads(String beginning) {
            try {
                new Grammar(new BeginningReader(beginning)).tell();
                return true;
            } catch (Ended e) {
                return true;
            } catch (IllegalStateException e) {
                return false;
            }
        }

        @Override
        public int choose(Words words, int excluded) {
            for (int i = 0; i < words.size(); i++) {
                if (i != excluded && fits(words.bytes(i))) {
                    position += words.bytes(i).length;
                    return i;
                }
            }
            throw new IllegalStateException("none of the words at " + position);
        }

        @Override
        public void write(String ascii) {
            if (!fits(ascii.getBytes(StandardCharsets.US_ASCII))) {
                throw new IllegalStateException("not " + ascii);
            }
            position += ascii.length();
        }

        private boolean fits(byte[] word) {
            for (int i = 0; i < word.length; i++) {
                if (position + i == text.length) {
                    throw new Ended();
                }
                if (text[position + i] != word[i]) {
                    return false;
                }
            }
            return true;
        }
    }

    /** At the end of what is given any alternative may go on, so the text is read up to the last whole word. */
    private static void assertOnlyTheRightOneIsOfTheGrammar(StoryItem item) {
        for (int i = 0; i < item.choices().size(); i++) {
            String text = item.context() + " " + item.choices().get(i) + " ";
            assertEquals(i == item.right(), BeginningReader.reads(text), text);
        }
    }

    @Test
    void theWrongVerbIsNotOfTheGrammar() {
        List<StoryItem> items = StoryItems.agreement(7, 100);
        for (StoryItem item : items) {
            assertEquals(2, item.choices().size());
            String[] right = right(item).split(" ");
            String[] wrong = item.choices().get(1 - item.right()).split(" ");
            assertEquals(right.length, wrong.length, right(item));
            int different = 0;
            for (int i = 0; i < right.length; i++) {
                different += right[i].equals(wrong[i]) ? 0 : 1;
            }
            assertEquals(1, different, right(item));
            assertTrue(right(item).matches("[A-Z].*[.?!]\"?"), right(item));
            assertOnlyTheRightOneIsOfTheGrammar(item);
        }
        assertEquals(Set.of("apart", "adjacent"), items.stream().map(StoryItem::kind).collect(Collectors.toSet()));
    }

    /** Names and numbers in the grammar follow from what was told before: any other is no story's. */
    @Test
    void whatIsToBeKnownIsDetermined() {
        for (BiFunction<Long, Integer, List<StoryItem>> maker : List.<BiFunction<Long, Integer, List<StoryItem>>>of(StoryItems::cloze, StoryItems::questions)) {
            for (StoryItem item : maker.apply(3L, 100)) {
                assertEquals(4, new HashSet<>(item.choices()).size());
                assertOnlyTheRightOneIsOfTheGrammar(item);
            }
        }
    }

    @Test
    void answersStandEarlierInTheStory() {
        Map<String, Integer> kinds = new HashMap<>();
        List<StoryItem> items = new ArrayList<>(StoryItems.questions(1, 300));
        items.addAll(StoryItems.cloze(1, 100));
        for (StoryItem item : items) {
            kinds.merge(item.kind(), 1, Integer::sum);
            String word = right(item).replaceAll("\\W", "");
            switch (item.kind()) {
                case "home" -> assertEquals(group(" near the (\\w+)\\.", item.context()), word);
                case "food" -> assertTrue(item.context().matches("(?s).* like[sd] " + word + " and .*|.* and \\w+ like[sd] " + word + "\\. .*"), item.context());
                case "colour" -> assertTrue(item.context().matches("(?s).* ha(s|d) \\w+ " + word + " .*"), item.context());
                case "name" -> assertTrue(item.context().matches("(?s).* named " + word + "\\. .*"), item.context());
                case "place" -> assertTrue(item.context().matches("(?s).* in the " + word + "\\. .*"), item.context());
                default -> assertTrue(Lexicon.NUMBERS.texts().contains(word));
            }
        }
        assertEquals(new TreeSet<>(Set.of("colour", "count", "food", "home", "name", "number", "place", "sum")), new TreeSet<>(kinds.keySet()));
    }

    @Test
    void theStoriesBelongToValidation() {
        List<StoryItem> items = StoryItems.questions(9, 10);
        StoryWriter writer = new StoryWriter(SplitMix.stream(9, 2));
        int found = 0;
        for (int stories = 0; found < items.size(); stories++) {
            assertTrue(stories < 100_000, "the items' stories are not of this stream");
            writer.next();
            String story = new String(writer.text(), 0, writer.length(), StandardCharsets.US_ASCII);
            if (story.startsWith(items.get(found).context() + " " + right(items.get(found)))) {
                assertTrue(StoryCorpus.inValidation(writer.text(), writer.length(), StoryCorpus.threshold(0.01)));
                assertTrue(StoryCorpus.inValidation(writer.text(), writer.length(), StoryCorpus.threshold(0.5)));
                found++;
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameItemsAndMoreOfThem() {
        List<StoryItem> ten = StoryItems.questions(5, 10);
        assertEquals(ten, StoryItems.questions(5, 20).subList(0, 10));
        assertNotEquals(ten, StoryItems.questions(6, 10));
        Set<Integer> places = ten.stream().map(StoryItem::right).collect(Collectors.toSet());
        assertFalse(places.size() == 1);
    }

    @Test
    void aTextThatIsNoStorysIsNotRead() {
        assertFalse(BeginningReader.reads("Once upon a time there was nobody. "));
        assertTrue(BeginningReader.reads("Once upon a time there was a little boy named Tom. "));
        assertThrows(IllegalStateException.class, () -> new Grammar(new BeginningReader("x")).tell());
    }
}
