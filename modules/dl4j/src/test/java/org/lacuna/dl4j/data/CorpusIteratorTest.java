package org.lacuna.dl4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lacuna.data.Examples;
import org.lacuna.data.IdTokens;
import org.lacuna.data.TokenSequence;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.lacuna.run.InputException;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class CorpusIteratorTest {
    private static final int S = Examples.SCORED;

    private static TokenSequence tokens(int... ids) {
        return new IdTokens(ids, 0, ids.length);
    }

    /** 3 windows of 2 and the token after the last. */
    private static final TokenSequence TEXT = tokens(0, 1, 2, 0, 2, 1, 0);

    @Test
    void windowsAsOneHotAndTheTokenThatFollows() {
        CorpusIterator iterator = CorpusIterator.inOrder(TEXT, 3, 2, 2, CorpusIterator.Features.ONE_HOT);
        DataSet first = iterator.next();
        assertArrayEquals(new long[] {2, 3, 2}, first.getFeatures().shape());
        // Window 0 is 0 1, window 1 is 2 0; rows are token ids, columns steps.
        assertArrayEquals(new float[] {1, 0, 0, 1, 0, 0, /**/ 0, 1, 0, 0, 1, 0}, first.getFeatures().dup('c').data().asFloat());
        // 1 2 follow, and 0 2.
        assertArrayEquals(new float[] {0, 0, 1, 0, 0, 1, /**/ 1, 0, 0, 0, 0, 1}, first.getLabels().dup('c').data().asFloat());
        assertNull(first.getFeaturesMaskArray());
        assertNull(first.getLabelsMaskArray());
        DataSet last = iterator.next();
        assertArrayEquals(new long[] {1, 3, 2}, last.getFeatures().shape());
        assertArrayEquals(new float[] {0, 0, 0, 1, 1, 0}, last.getFeatures().dup('c').data().asFloat());
        assertFalse(iterator.hasNext());
        assertThrows(NoSuchElementException.class, iterator::next);
        iterator.reset();
        assertEquals(first.getFeatures(), iterator.next().getFeatures());
    }

    @Test
    void windowsAsIds() {
        DataSet all = CorpusIterator.inOrder(TEXT, 3, 8, 2, CorpusIterator.Features.IDS).next();
        assertArrayEquals(new long[] {3, 2}, all.getFeatures().shape());
        assertArrayEquals(new float[] {0, 1, 2, 0, 2, 1}, all.getFeatures().dup('c').data().asFloat());
        assertArrayEquals(new long[] {3, 3, 2}, all.getLabels().shape());
    }

    @Test
    void examplesAreMaskedWhereNothingIsScored() {
        // Of the first, 2 and 1 are scored: after 1 at step 1, and after 2 at step 2. The second is shorter.
        Examples examples = new Examples(List.of(new int[] {0, 1, 2 | S, 1 | S}, new int[] {2, 0 | S}), List.of("a", "b"), 0);
        DataSet data = CorpusIterator.inOrder(examples, 3, 2, 4, CorpusIterator.Features.IDS).next();
        assertArrayEquals(new float[] {0, 1, 2, 0, /**/ 2, 0, 0, 0}, data.getFeatures().dup('c').data().asFloat());
        assertArrayEquals(new float[] {1, 1, 1, 0, /**/ 1, 0, 0, 0}, data.getFeaturesMaskArray().dup('c').data().asFloat());
        assertArrayEquals(new float[] {0, 1, 1, 0, /**/ 1, 0, 0, 0}, data.getLabelsMaskArray().dup('c').data().asFloat());
        assertArrayEquals(new float[] {0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, /**/ 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, data.getLabels().dup('c').data().asFloat());
    }

    @Test
    void shuffledEachWindowComesOnceAnEpochInAnotherOrder() {
        int[] ids = new int[41];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i;
        }
        CorpusIterator iterator = CorpusIterator.shuffled(tokens(ids), 41, 1, 2, CorpusIterator.Features.IDS, 7);
        Set<List<Integer>> orders = new HashSet<>();
        for (int epoch = 0; epoch < 3; epoch++) {
            List<Integer> order = new java.util.ArrayList<>();
            while (iterator.hasNext()) {
                order.add((int) iterator.next().getFeatures().getFloat(0, 0));
            }
            assertEquals(20, new HashSet<>(order).size());
            orders.add(order);
            iterator.reset();
        }
        assertEquals(3, orders.size());
        CorpusIterator again = CorpusIterator.shuffled(tokens(ids), 41, 20, 2, CorpusIterator.Features.IDS, 7);
        assertEquals(20, again.next().numExamples());
    }

    @Test
    void deeplearning4jLearnsACorpusFromIt() {
        int[] ids = new int[301];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i % 5;
        }
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder().seed(1).updater(new Adam(0.03)).list()
                .layer(new EmbeddingSequenceLayer.Builder().nIn(5).nOut(6).build())
                .layer(new LSTM.Builder().nIn(6).nOut(6).build())
                .layer(new FeedForwardBlock.Builder().nIn(6).inner(16).nOut(6).build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT).nIn(6).nOut(5).activation(Activation.SOFTMAX).build())
                .setInputType(InputType.recurrent(5)).build());
        network.init();
        network.fit(CorpusIterator.shuffled(tokens(ids), 5, 10, 10, CorpusIterator.Features.IDS, 1), 8);
        assertTrue(network.score() < 0.2 * 10 * Math.log(5), "score " + network.score());
    }

    @Test
    void whatHoldsNoWindowIsRefused() {
        assertThrows(InputException.class, () -> CorpusIterator.inOrder(TEXT, 3, 1, 7, CorpusIterator.Features.IDS));
        assertThrows(IllegalArgumentException.class, () -> CorpusIterator.inOrder(TEXT, 2, 3, 2, CorpusIterator.Features.IDS).next());
    }
}
