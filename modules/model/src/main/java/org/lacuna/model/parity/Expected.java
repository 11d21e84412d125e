package org.lacuna.model.parity;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.model.config.Experts;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.family.FileTensor;
import org.lacuna.model.family.HuggingFaceWeights;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.model.safetensors.StoredTensor;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.run.InputException;
import org.lacuna.sparsity.Site;

/**
 * A safetensors file with what another implementation computed from a model's weights, in float32 unless said; all but the first may be
 * missing:
 *
 * <pre>
 * input_ids [B, T] I64     rows of token ids, each from position 0 on
 * logits [B, T, V]
 * loss []                  the mean of −log p(next token) over the T − 1 positions of each row that have one
 * grad.TENSOR              of that loss, under the names and in the shapes of the checkpoint's files
 * hidden.L [B, T, D]       the output of layer L, counted from 0
 * site.L.SITE              input [B, T, D]; up, gate and intermediate [B, T, F]; preact [B, T, F], where there is no gate; where there
 *                          are experts [B, T, k, F], and router_logits [B, T, E], experts [B, T, k] I64, weights [B, T, k]
 * </pre>
 */
public final class Expected implements AutoCloseable {
    private static final String INPUT_IDS = "input_ids";
    private static final int PIECE = 1 << 16;

    private final Path path;
    private final SafetensorsFile file;
    private final ModelConfig config;
    private final int rows;
    private final int length;
    private final int[] ids;
    private final List<Wanted> wanted;

    /**
     * A tensor of the file.
     *
     * @param name in the file
     * @param variable of a graph that is the same; empty for a gradient
     * @param weight whose gradient it is
     */
    record Wanted(String name, Quantity quantity, long[] shape, Optional<String> variable, Optional<FileTensor> weight) {}

    private Expected(Path path, SafetensorsFile file, ModelConfig config) {
        this.path = path;
        this.file = file;
        this.config = config;
        StoredTensor stored = file.tensor(INPUT_IDS);
        if (stored.type() != StoredType.I64 || stored.shape().length != 2) {
            throw new InputException(path + ": tensor " + stored + "; expected are rows of token ids, I64[windows, tokens]");
        }
        checkSize(stored);
        rows = (int) stored.shape()[0];
        length = (int) stored.shape()[1];
        ids = new int[rows * length];
        long[] given = file.longs(INPUT_IDS);
        for (int i = 0; i < ids.length; i++) {
            if (given[i] < 0 || given[i] >= config.vocabulary()) {
                throw new InputException(path + ": tensor " + INPUT_IDS + " holds " + given[i] + " at index " + i + "; the model's vocabulary has the ids from 0 to "
                        + (config.vocabulary() - 1));
            }
            ids[i] = (int) given[i];
        }
        wanted = checked();
    }

    /**
     * Opens a file and compares what is in it with what the model has.
     *
     * @param config of the model, whose weights are there
     * @throws InputException with the tensors that are of another type or shape or that fit nothing, or if there are no token ids, or
     *     ids that the model has not
     */
    public static Expected open(Path file, ModelConfig config) {
        SafetensorsFile open = SafetensorsFile.open(file);
        boolean good = false;
        try {
            Expected expected = new Expected(file, open, config);
            good = true;
            return expected;
        } finally {
            if (!good) {
                open.close();
            }
        }
    }

    /** The numbers of a file are worth nothing before its sizes are known to be such as a model can compute with. */
    private void checkSize(StoredTensor stored) {
        long rows = stored.shape()[0];
        long length = stored.shape()[1];
        if (rows < 1 || length < 1 || length > config.maxPositions()) {
            throw new InputException(path + ": tensor " + stored + "; expected are one window or more, of 1 to " + config.maxPositions() + " tokens (the model's positions)");
        }
        long most = Integer.MAX_VALUE / Float.BYTES / Math.max(config.vocabulary(), config.widest());
        if (length > most || rows > most / length) {
            throw new InputException(path + ": tensor " + stored + ": logits or activations of so many tokens are more than the " + Integer.MAX_VALUE
                    + " bytes that one tensor can have; give at most " + most + " tokens in all");
        }
    }

    private List<Wanted> checked() {
        Map<String, Wanted> known = known();
        List<String> problems = new ArrayList<>();
        List<Wanted> found = new ArrayList<>();
        for (StoredTensor stored : file.tensors().values()) {
            if (stored.name().equals(INPUT_IDS)) {
                continue;
            }
            Wanted w = known.get(stored.name());
            if (w == null) {
                problems.add("tensor " + stored.name() + " fits nothing that this model computes");
                continue;
            }
            StoredType type = w.quantity() == Quantity.EXPERTS ? StoredType.I64 : StoredType.F32;
            if (stored.type() != type || !Arrays.equals(stored.shape(), w.shape())) {
                problems.add("tensor " + stored + ", expected is " + type + Arrays.toString(w.shape()));
            } else if (length == 1 && (w.quantity() == Quantity.LOSS || w.quantity() == Quantity.GRADIENTS)) {
                problems.add("tensor " + stored.name() + ": windows of one token have no next token, and no loss");
            }
            found.add(w);
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems.stream().map(p -> path + ": " + p).toList());
        }
        return found;
    }

    private Map<String, Wanted> known() {
        Map<String, Wanted> known = new LinkedHashMap<>();
        add(known, "logits", Quantity.LOGITS, DecoderGraph.LOGITS, rows, length, config.vocabulary());
        add(known, "loss", Quantity.LOSS, DecoderGraph.LOSS);
        for (int layer = 0; layer < config.layers(); layer++) {
            add(known, "hidden." + layer, Quantity.HIDDEN, DecoderGraph.output(layer), rows, length, config.hidden());
            addSites(known, config.feedForward(), layer);
        }
        for (FileTensor weight : HuggingFaceWeights.tensors(config)) {
            String name = "grad." + weight.name();
            known.put(name, new Wanted(name, Quantity.GRADIENTS, weight.shape(), Optional.empty(), Optional.of(weight)));
        }
        return known;
    }

    private void addSites(Map<String, Wanted> known, FeedForward form, int layer) {
        String at = "site." + layer + ".";
        for (Site site : form.sites()) {
            long[] shape = site == Site.INPUT ? new long[] {rows, length, config.hidden()}
                    : form.experts().isEmpty() ? new long[] {rows, length, config.intermediate()} : new long[] {rows, length, form.rowsPerToken(site), config.intermediate()};
            add(known, at + site.key(), Quantity.SITES, DecoderGraph.site(layer, site), shape);
        }
        if (!form.gated()) {
            add(known, at + "preact", Quantity.SITES, DecoderGraph.preActivation(layer), rows, length, config.intermediate());
        }
        if (form.experts().isPresent()) {
            Experts e = form.experts().get();
            add(known, at + "router_logits", Quantity.SITES, DecoderGraph.routerLogits(layer), rows, length, e.count());
            add(known, at + "experts", Quantity.EXPERTS, DecoderGraph.experts(layer), rows, length, e.perToken());
            add(known, at + "weights", Quantity.SITES, DecoderGraph.expertWeights(layer), rows, length, e.perToken());
        }
    }

    private static void add(Map<String, Wanted> known, String name, Quantity quantity, String variable, long... shape) {
        known.put(name, new Wanted(name, quantity, shape, Optional.of(variable), Optional.empty()));
    }

    /** B, how many rows of token ids. */
    public int rows() {
        return rows;
    }

    /** T, tokens in a row. */
    public int length() {
        return length;
    }

    /** Row after row, each of them one of the model's. */
    int[] ids() {
        return ids;
    }

    /** What the file has besides the token ids, in its order. */
    List<Wanted> wanted() {
        return wanted;
    }

    /**
     * Compares a float tensor.
     *
     * @param found all its entries, from element 0 on
     * @throws InputException if an expected one is not finite
     */
    Compared compare(Wanted w, FloatBuffer found) {
        long entries = file.tensor(w.name()).length();
        FloatBuffer piece = FloatBuffer.allocate((int) Math.min(PIECE, entries));
        double largest = 0;
        double difference = 0;
        for (int from = 0; from < entries; from += piece.capacity()) {
            int n = (int) Math.min(piece.capacity(), entries - from);
            file.read(w.name(), from, piece.clear().limit(n));
            for (int i = 0; i < n; i++) {
                double expected = piece.get(i);
                if (!Double.isFinite(expected)) {
                    throw new InputException(path + ": tensor " + w.name() + " holds " + expected + " at index " + (from + i) + "; what is expected must be finite");
                }
                largest = Math.max(largest, Math.abs(expected));
                difference = Math.max(difference, Math.abs(expected - found.get(from + i)));
            }
        }
        return new Compared(w.name(), w.quantity(), largest, difference, w.quantity().tolerance(largest, config));
    }

    /** Compares the experts of each token. */
    Compared compare(Wanted w, int[] found) {
        long[] expected = file.longs(w.name());
        int differ = 0;
        for (int i = 0; i < found.length; i++) {
            differ += expected[i] == found[i] ? 0 : 1;
        }
        long largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        return new Compared(w.name(), w.quantity(), largest, differ, 0);
    }

    @Override
    public String toString() {
        return path.toString();
    }

    @Override
    public void close() {
        file.close();
    }
}
