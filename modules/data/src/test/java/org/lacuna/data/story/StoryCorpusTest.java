package org.lacuna.data.story;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lacuna.data.Corpus;
import org.lacuna.data.TokenSequence;
import org.lacuna.data.ngram.Trigram;
import org.lacuna.data.random.SplitMix;
import org.lacuna.data.tokenize.ByteTokenizer;

class StoryCorpusTest {

    private static List<byte[]> stories(TokenSequence tokens) {
        List<byte[]> stories = new ArrayList<>();
        ByteArrayOutputStream story = new ByteArrayOutputStream();
        for (long i = 0; i < tokens.length(); i++) {
            if (tokens.at(i) == ByteTokenizer.END_OF_TEXT) {
                stories.add(story.toByteArray());
                story.reset();
            } else {
                story.write(tokens.at(i));
            }
        }
        assertEquals(0, story.size(), "a stream ends with a story");
        return stories;
    }

    private static Set<String> texts(TokenSequence tokens) {
        Set<String> texts = new HashSet<>();
        stories(tokens).forEach(story -> texts.add(new String(story, java.nio.charset.StandardCharsets.US_ASCII)));
        return texts;
    }

    @Test
    void noStoryRepeatsInTenMillionTokens() {
        StoryWriter writer = new StoryWriter(SplitMix.stream(1, 0));
        Set<Long> hashes = new HashSet<>();
        long tokens = 0;
        int stories = 0;
        while (tokens < 12_000_000) {
            writer.next();
            long hash = 1;
            for (int i = 0; i < writer.length(); i++) {
                hash = SplitMix.mix(hash + writer.text()[i]);
            }
            hashes.add(hash);
            stories++;
            tokens += writer.length() + 1;
        }
        assertEquals(stories, hashes.size());
    }

    @Test
    void trainingAndValidationShareNoStoryAlsoAcrossSeeds() {
        Corpus one = StoryCorpus.generate(1, 1_000_000, 0.1);
        Corpus two = StoryCorpus.generate(2, 1_000_000, 0.1);
        long threshold = StoryCorpus.threshold(0.1);
        for (Corpus corpus : List.of(one, two)) {
            stories(corpus.train()).forEach(s -> assertFalse(StoryCorpus.inValidation(s, s.length, threshold)));
            stories(corpus.validation()).forEach(s -> assertTrue(StoryCorpus.inValidation(s, s.length, threshold)));
            Set<String> validation = texts(corpus.validation());
            assertTrue(validation.stream().noneMatch(texts(one.train())::contains));
            assertTrue(validation.stream().noneMatch(texts(two.train())::contains));
        }
        assertNotEquals(one.sha256(), two.sha256());
    }

    @Test
    void theHashPutsTheAskedShareIntoValidation() {
        StoryWriter writer = new StoryWriter(SplitMix.stream(9, 0));
        int inside = 0;
        int stories = 20_000;
        for (int i = 0; i < stories; i++) {
            writer.next();
            inside += StoryCorpus.inValidation(writer.text(), writer.length(), StoryCorpus.threshold(0.1)) ? 1 : 0;
        }
        assertEquals(0.1, (double) inside / stories, 5 * Math.sqrt(0.09 / stories));
    }

    @Test
    void aSeedGivesTheSameBytesEverywhere() {
        Corpus corpus = StoryCorpus.generate(1, 100_000, 0.1);
        assertEquals("d3a7991c4d9430c038026928d88e08b6ec71cb11292c5b7de4627152af3ecf85", corpus.sha256());
        assertTrue(corpus.train().length() >= 100_000 && corpus.train().length() < 110_000);
        assertTrue(corpus.validation().length() >= 11_112 && corpus.validation().length() < 20_000);
    }

    @Test
    void aLargerCorpusBeginsLikeASmallerOne() {
        Corpus small = StoryCorpus.generate(5, 50_000, 0.1);
        Corpus large = StoryCorpus.generate(5, 200_000, 0.1);
        assertBegins(small.train(), large.train());
        assertBegins(small.validation(), large.validation());
    }

    private static void assertBegins(TokenSequence small, TokenSequence large) {
        int[] expected = new int[(int) small.length()];
        int[] actual = new int[expected.length];
        small.copy(0, expected, 0, expected.length);
        large.copy(0, actual, 0, actual.length);
        assertTrue(Arrays.equals(expected, actual));
    }

    @Test
    void theGeneratorsLossIsThatOfItsTextAndFarBelowTheTrigrams() {
        Corpus corpus = StoryCorpus.generate(1, 1_000_000, 0.1);
        double nats = 0;
        for (byte[] story : stories(corpus.validation())) {
            nats += StoryReader.read(story).nats();
        }
        double loss = corpus.generatorLoss().orElseThrow();
        assertEquals(nats / corpus.validation().length(), loss, 1e-12);
        assertEquals(nats / corpus.validationBytes(), corpus.perByte(loss).orElseThrow(), 1e-12);
        double trigram = Trigram.train(corpus.train(), 1_000_000, corpus.vocabularySize())
                .loss(corpus.validation(), corpus.validation().length() - 1);
        assertTrue(loss < 0.25 * trigram, loss + " against " + trigram);
    }
}
