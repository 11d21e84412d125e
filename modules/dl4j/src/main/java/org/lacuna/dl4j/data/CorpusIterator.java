package org.lacuna.dl4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.lacuna.data.Batch;
import org.lacuna.data.Examples;
import org.lacuna.data.TokenSequence;
import org.lacuna.data.sample.Windows;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Next-token prediction on a corpus of Lacuna's, for Deeplearning4j's {@code fit}: consecutive windows of T tokens, each once an epoch, the last
 * minibatch of fewer where they don't come out even.
 *
 * <pre>
 * features [b, V, T] one-hot, or [b, T] ids (for an EmbeddingSequenceLayer of V inputs)
 * labels   [b, V, T] one-hot: the token that follows, zeros where none is scored
 * masks    none for running text; for examples of instructions [b, T] both: of features 1 up to the last scored position, of labels 1 where one is scored
 * </pre>
 * Arrays are float. A minibatch is b · T · V numbers, twice with one-hot features: small vocabularies, bytes say, are what this is for. The corpus is
 * read as it goes.
 */
public final class CorpusIterator implements DataSetIterator {
    private static final long serialVersionUID = 1;

    /** How tokens go in. */
    public enum Features {
        /** A vector of V with a 1, for recurrent layers and Lacuna's block. */
        ONE_HOT,
        /** The token's id, for an embedding. */
        IDS
    }

    private final transient TokenSequence tokens;
    private final int vocabulary;
    private final int batch;
    private final int length;
    private final Features features;
    private final long seed;
    private final int count;
    private final boolean shuffled;
    private long epoch;
    private int next;
    private int[] order;
    private DataSetPreProcessor preProcessor;

    private CorpusIterator(TokenSequence tokens, int vocabulary, int batch, int length, Features features, boolean shuffled, long seed) {
        if (batch < 1 || length < 1 || vocabulary < 1) {
            throw new IllegalArgumentException("a minibatch has at least one window of a token, and a vocabulary a token, not " + batch + " of " + length + ", " + vocabulary);
        }
        this.tokens = tokens;
        this.vocabulary = vocabulary;
        this.batch = batch;
        this.length = length;
        this.features = features;
        this.shuffled = shuffled;
        this.seed = seed;
        if (tokens instanceof Examples examples) {
            examples.checkLength(length);
            count = examples.count();
        } else {
            count = Math.toIntExact(Windows.count(tokens, length, "given"));
        }
        order = inOrder();
    }

    /**
     * Windows in their order, the same each epoch.
     *
     * @param tokens     a corpus' training part, say
     * @param vocabulary V, the corpus' {@code vocabularySize}
     * @param batch      windows in a minibatch
     * @param length     T
     * @throws org.lacuna.run.InputException if the sequence holds no window, or an example is longer
     */
    public static CorpusIterator inOrder(TokenSequence tokens, int vocabulary, int batch, int length, Features features) {
        return new CorpusIterator(tokens, vocabulary, batch, length, features, false, 0);
    }

    /** The same windows in another order each epoch, which follows from the seed. */
    public static CorpusIterator shuffled(TokenSequence tokens, int vocabulary, int batch, int length, Features features, long seed) {
        CorpusIterator iterator = new CorpusIterator(tokens, vocabulary, batch, length, features, true, seed);
        iterator.order = iterator.drawn();
        return iterator;
    }

    private int[] inOrder() {
        return IntStream.range(0, count).toArray();
    }

    private int[] drawn() {
        int[] drawn = inOrder();
        Random random = new Random(seed * 31 + epoch);
        for (int i = drawn.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int kept = drawn[i];
            drawn[i] = drawn[other];
            drawn[other] = kept;
        }
        return drawn;
    }

    /**
     * Windows as a network reads them.
     *
     * @param windows    their tokens; a target that is not scored is masked
     * @param vocabulary V
     */
    public static DataSet dataSet(Batch windows, int vocabulary, Features features) {
        int b = windows.rows();
        int t = windows.length();
        boolean masked = windows.scored() < windows.targets().length;
        float[] in = new float[features == Features.IDS ? b * t : Math.multiplyExact(b * t, vocabulary)];
        float[] labels = new float[Math.multiplyExact(b * t, vocabulary)];
        float[] inMask = new float[b * t];
        float[] labelMask = new float[b * t];
        for (int row = 0; row < b; row++) {
            for (int step = t - 1; step >= 0; step--) {
                int at = row * t + step;
                int id = windows.inputs()[at];
                int target = windows.targets()[at];
                if (id >= vocabulary || target >= vocabulary) {
                    throw new IllegalArgumentException("token " + Math.max(id, target) + " in a vocabulary of " + vocabulary);
                }
                if (features == Features.IDS) {
                    in[at] = id;
                } else {
                    in[(row * vocabulary + id) * t + step] = 1;
                }
                if (target != Batch.NOT_SCORED) {
                    labels[(row * vocabulary + target) * t + step] = 1;
                    labelMask[at] = 1;
                }
                inMask[at] = labelMask[at] == 1 || step + 1 < t && inMask[at + 1] == 1 ? 1 : 0;
            }
        }
        INDArray x = Nd4j.createFromArray(in);
        return new DataSet(features == Features.IDS ? x.reshape(b, t) : x.reshape(b, vocabulary, t), Nd4j.createFromArray(labels).reshape(b, vocabulary, t),
                masked ? Nd4j.createFromArray(inMask).reshape(b, t) : null, masked ? Nd4j.createFromArray(labelMask).reshape(b, t) : null);
    }

    @Override
    public boolean hasNext() {
        return next < count;
    }

    @Override
    public DataSet next() {
        return next(batch);
    }

    @Override
    public DataSet next(int wanted) {
        if (!hasNext()) {
            throw new NoSuchElementException("all " + count + " windows were given; reset() begins the next epoch");
        }
        int rows = Math.min(wanted, count - next);
        int[] inputs = new int[rows * length];
        int[] targets = new int[rows * length];
        int[] piece = new int[length + 1];
        for (int row = 0; row < rows; row++) {
            int window = order[next + row];
            if (tokens instanceof Examples examples) {
                examples.copy(window, row, length, inputs, targets);
            } else {
                tokens.copy((long) window * length, piece, 0, length + 1);
                System.arraycopy(piece, 0, inputs, row * length, length);
                System.arraycopy(piece, 1, targets, row * length, length);
            }
        }
        next += rows;
        DataSet data = dataSet(new Batch(rows, length, inputs, targets), vocabulary, features);
        if (preProcessor != null) {
            preProcessor.preProcess(data);
        }
        return data;
    }

    @Override
    public void reset() {
        next = 0;
        epoch++;
        if (shuffled) {
            order = drawn();
        }
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    @Override
    public boolean asyncSupported() {
        return true;
    }

    @Override
    public int inputColumns() {
        return features == Features.IDS ? 1 : vocabulary;
    }

    @Override
    public int totalOutcomes() {
        return vocabulary;
    }

    @Override
    public int batch() {
        return batch;
    }

    @Override
    public void setPreProcessor(DataSetPreProcessor processor) {
        preProcessor = processor;
    }

    @Override
    public DataSetPreProcessor getPreProcessor() {
        return preProcessor;
    }

    /** The ids, as texts. */
    @Override
    public List<String> getLabels() {
        return new ArrayList<>(LongStream.range(0, vocabulary).mapToObj(Long::toString).toList());
    }
}
