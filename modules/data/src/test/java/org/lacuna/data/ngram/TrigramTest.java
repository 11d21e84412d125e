package org.lacuna.data.ngram;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpus;
import org.lacuna.data.IdTokens;
import org.lacuna.data.random.SplitMix;
import org.lacuna.data.sample.Windows;
import org.lacuna.data.story.StoryCorpus;
import org.lacuna.run.InputException;

class TrigramTest {

    private static IdTokens ids(int... ids) {
        return new IdTokens(ids, 0, ids.length);
    }

    @Test
    void aSmallCaseByHand() {
        // Trigrams 010 twice, 101 once; too few for estimated discounts, so they are 1/2 and 1.
        Trigram trigram = Trigram.train(ids(0, 1, 0, 1, 0), 5, 2);
        double p1 = (1 - 0.5) / 2 + (0.5 + 0.5) / 2 * 0.5;
        double p2 = (1 - 0.5) / 1 + 0.5 / 1 * p1;
        assertEquals((2 - 1.0) / 2 + 1.0 / 2 * p2, trigram.probability(0, 1, 0), 1e-15);
        assertEquals(p2, trigram.probability(1, 1, 0), 1e-15, "an unseen context leaves it to the shorter one");
    }

    @Test
    void probabilitiesSumToOne() {
        // Uneven draws: trigrams of every small count, so that the discounts are the estimated ones.
        SplitMix random = new SplitMix(3);
        int[] ids = new int[5000];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) Math.min(random.below(40), random.below(40));
        }
        Trigram trigram = Trigram.train(ids(ids), ids.length, 50);
        for (int a = 0; a < 50; a += 7) {
            for (int b = 0; b < 50; b += 3) {
                double sum = 0;
                for (int c = 0; c < 50; c++) {
                    double p = trigram.probability(a, b, c);
                    assertTrue(p > 0);
                    sum += p;
                }
                assertEquals(1, sum, 1e-12);
            }
        }
    }

    @Test
    void scoresTheTargetsOfTheFirstWindows() {
        Corpus corpus = StoryCorpus.generate(1, 100_000, 0.1);
        Trigram trigram = Trigram.train(corpus.train(), 50_000, 257);
        Batch windows = Windows.first(corpus.validation(), 20, 64);
        int[] targets = windows.targets();
        double sum = 0;
        for (int i = 1; i < targets.length; i++) {
            int before = i == 1 ? windows.inputs()[0] : targets[i - 2];
            sum -= Math.log(trigram.probability(before, targets[i - 1], targets[i]));
        }
        double first = trigram.loss(corpus.validation(), 1);
        assertEquals((sum + first) / targets.length, trigram.loss(corpus.validation(), targets.length), 1e-12);
    }

    @Test
    void knowsOnlyTheTokensThatItMayRead() {
        int[] ids = {0, 1, 2, 3, 0, 1, 2, 3, 4, 4, 4, 4, 4};
        Trigram part = Trigram.train(ids(ids), 8, 5);
        Trigram alone = Trigram.train(ids(0, 1, 2, 3, 0, 1, 2, 3), 8, 5);
        assertEquals(alone.loss(ids(ids), 12), part.loss(ids(ids), 12));
    }

    @Test
    void tooFewTokens() {
        assertThrows(InputException.class, () -> Trigram.train(ids(1, 2), 10, 5));
        Trigram trigram = Trigram.train(ids(1, 2, 3), 3, 5);
        assertThrows(InputException.class, () -> trigram.loss(ids(1, 2), 2));
    }
}
