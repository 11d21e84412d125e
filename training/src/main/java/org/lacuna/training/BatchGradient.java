package org.lacuna.training;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.lacuna.data.Batch;
import org.lacuna.data.random.SplitMix;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForwardSite;

/**
 * Loss, penalties and gradient of a whole optimizer batch, computed in pieces: {@code accumulation} rounds of
 * {@code shards} pieces, the pieces of a round side by side. All are means over the scored tokens of the whole batch,
 * whatever its pieces: each token weighs 1 / scored in its piece, and the pieces are added up, a shard's rounds first and then the shards. So
 * the bits depend on how the batch is cut and not on who computes the pieces.
 */
final class BatchGradient {
    private final ObjectiveGraph graph;
    private final Workers workers;
    private final int accumulation;
    private final int tokensOfPiece;
    private final Instance[] shards;
    private final Feed[] feeds;
    private final ParameterStore.Flat gradient;
    /** Null where the program reads no parameter in bf16. */
    private final FlatMath.Pass rounding;
    private final FlatMath.Sum sum;
    private final double[] loss;
    /** Of each penalty its pieces. */
    private final double[][] penalties;
    /** Of each term that has to do with a teacher its pieces. */
    private final double[][] distilled;
    /** One for each shard; null where there is no teacher. */
    private Teacher[] teachers;
    private final ActivityCounts[] activityOfShard;
    private final ActivityCounts activity;
    private final IntConsumer runShard = s -> runShard(s, null);
    private Batch batch;
    private long randomness;
    private float tokenWeight;
    private int round;
    private long[][] nanos;
    private double norm;

    /**
     * Makes the pieces' memory.
     *
     * @param program of one piece, of {@code tokensOfPiece} tokens, with gradients, which add up over runs where {@code accumulation} is above 1
     */
    BatchGradient(ObjectiveGraph graph, Program program, ParameterStore store, FlatMath math, int tokensOfPiece, int shards, int accumulation, Workers workers) {
        this.graph = graph;
        this.workers = workers;
        this.accumulation = accumulation;
        this.tokensOfPiece = tokensOfPiece;
        this.shards = new Instance[shards];
        feeds = new Feed[shards];
        ParameterStore.Rounded rounded = program.readsRounded() ? store.values().rounded() : null;
        rounding = rounded == null ? null : math.round(store.values(), rounded);
        ParameterStore.Flat[] gradients = new ParameterStore.Flat[shards];
        for (int s = 0; s < shards; s++) {
            gradients[s] = store.like();
            this.shards[s] = program.instance(store.values(), rounded, gradients[s]);
            feeds[s] = new Feed(this.shards[s], graph);
        }
        gradient = gradients[0];
        sum = math.sum(gradient, List.of(gradients));
        loss = new double[shards * accumulation];
        penalties = new double[graph.penalties().size()][loss.length];
        distilled = new double[graph.distilled().size()][loss.length];
        activity = new ActivityCounts(graph);
        activityOfShard = new ActivityCounts[shards];
        Arrays.setAll(activityOfShard, s -> new ActivityCounts(graph));
    }

    /** Lets a model run on each piece before, and feed what the objective compares with. */
    void teach(Model teacher, Program program) {
        teachers = Arrays.stream(shards).map(shard -> new Teacher(teacher, program, shard, graph.teacherInputs())).toArray(Teacher[]::new);
    }

    /** The placeholders and outputs of a piece, looked up once. */
    private static final class Feed {
        private final IntBuffer inputs;
        private final IntBuffer targets;
        private final FloatBuffer weights;
        private final Optional<Tensor> coefficients;
        private final Optional<Tensor> dropoutKey;
        private final Tensor nll;
        private final Tensor[][] penalties;
        private final Tensor[] distilled;
        private final ByteBuffer[] active;

        Feed(Instance run, ObjectiveGraph graph) {
            inputs = run.tensor(DecoderGraph.INPUT_IDS).ints();
            targets = run.tensor(DecoderGraph.TARGETS).ints();
            weights = run.tensor(DecoderGraph.TOKEN_WEIGHT).floats();
            coefficients = graph.weighs() ? Optional.of(run.tensor(DecoderGraph.OBJECTIVE_COEFFICIENTS)) : Optional.empty();
            dropoutKey = graph.hasDropout() ? Optional.of(run.tensor(DecoderGraph.DROPOUT_KEY)) : Optional.empty();
            nll = run.tensor(DecoderGraph.NLL);
            penalties = graph.penalties().stream().map(layers -> layers.stream().map(run::tensor).toArray(Tensor[]::new)).toArray(Tensor[][]::new);
            distilled = graph.distilled().stream().map(run::tensor).toArray(Tensor[]::new);
            active = ActivityCounts.outputs(run, graph);
            ObjectiveGraph.fillPositions(run.tensor(DecoderGraph.POSITIONS));
        }
    }

    /**
     * Computes everything for a batch of as many windows as the pieces have together.
     *
     * @param randomness of the step; each piece has another part of it
     * @param lambdas weight of each penalty
     * @param nanos where the time of each of the program's steps is added up, one array a shard; or null
     */
    void compute(Batch batch, long randomness, double[] lambdas, long[][] nanos) {
        this.batch = batch;
        this.randomness = randomness;
        this.nanos = nanos;
        tokenWeight = (float) (1.0 / batch.scored());
        for (Feed feed : feeds) {
            feed.coefficients.ifPresent(c -> graph.fillCoefficients(c, lambdas));
        }
        if (rounding != null) {
            workers.run(rounding.blocks(), rounding);
        }
        for (ActivityCounts counts : activityOfShard) {
            counts.clear();
        }
        for (Instance shard : shards) {
            shard.restart();
        }
        for (round = 0; round < accumulation; round++) {
            if (workers.count() > shards.length) {
                for (int s = 0; s < shards.length; s++) {
                    runShard(s, workers);
                }
            } else {
                workers.run(shards.length, runShard);
            }
        }
        workers.run(sum.blocks(), sum);
        norm = Math.sqrt(sum.squares());
        activity.clear();
        for (ActivityCounts counts : activityOfShard) {
            activity.add(counts);
        }
    }

    /** @param team that computes the shard together; null for the calling thread alone */
    private void runShard(int s, Workers team) {
        int piece = round * shards.length + s;
        feed(s, piece);
        if (teachers != null) {
            teachers[s].run(team);
        }
        shards[s].run(team, nanos == null ? null : nanos[s]);
        Feed feed = feeds[s];
        double sum = 0;
        for (int i = 0; i < tokensOfPiece; i++) {
            sum += feed.nll.getFloat(i);
        }
        loss[piece] = sum;
        for (int k = 0; k < penalties.length; k++) {
            sum = 0;
            for (Tensor layer : feed.penalties[k]) {
                sum += layer.getFloat(0);
            }
            penalties[k][piece] = sum;
        }
        for (int k = 0; k < distilled.length; k++) {
            distilled[k][piece] = feed.distilled[k].getFloat(0);
        }
        activityOfShard[s].add(feed.active);
    }

    private void feed(int s, int piece) {
        int from = piece * tokensOfPiece;
        Feed feed = feeds[s];
        if (feed.dropoutKey.isPresent()) {
            long key = SplitMix.stream(randomness, piece).next();
            feed.dropoutKey.get().ints().put(0, (int) key).put(1, (int) (key >>> 32));
        }
        feed.inputs.put(0, batch.inputs(), from, tokensOfPiece);
        feed.targets.put(0, batch.targets(), from, tokensOfPiece);
        for (int i = 0; i < tokensOfPiece; i++) {
            feed.weights.put(i, batch.targets()[from + i] == Batch.NOT_SCORED ? 0 : tokenWeight);
        }
    }

    /** Mean −ln p of the scored tokens, in nats. */
    double loss() {
        return sum(loss) / batch.scored();
    }

    /** Mean over layers and scored tokens of penalty {@code k}. */
    double penalty(int k) {
        return sum(penalties[k]) / graph.layers();
    }

    /** The distances from the teacher, if there is one: the divergence of its distributions, and the mean over layers of that of its hidden states. */
    Optional<StepMetrics.Distilled> distilled() {
        List<String> names = graph.distilled();
        if (names.isEmpty()) {
            return Optional.empty();
        }
        double logits = 0;
        double hidden = 0;
        for (int k = 0; k < distilled.length; k++) {
            if (names.get(k).equals(DecoderGraph.DISTILLED_LOGITS)) {
                logits = sum(distilled[k]);
            } else {
                hidden += sum(distilled[k]) / graph.layers();
            }
        }
        return Optional.of(new StepMetrics.Distilled(logits, hidden));
    }

    /** Exact zeros in a site's vectors of scored tokens / their elements. */
    double zeros(FeedForwardSite site) {
        return activity.zeros(site, batch.scored());
    }

    /** Elements of the intermediate vectors that were 0 at all scored tokens / their number. */
    double dead() {
        return activity.dead();
    }

    /** L2 norm of the gradient. */
    double norm() {
        return norm;
    }

    /** The gradient of the objective. */
    ParameterStore.Flat gradient() {
        return gradient;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double v : values) {
            sum += v;
        }
        return sum;
    }

    /** The variable that was the first not to be finite in the batch computed last, pieces in their order. Slow. */
    Optional<String> firstNonFinite() {
        for (int piece = 0; piece < loss.length; piece++) {
            int s = piece % shards.length;
            feed(s, piece);
            if (teachers != null) {
                teachers[s].run(null);
            }
            Optional<String> name = shards[s].firstNonFinite();
            if (name.isPresent()) {
                return name;
            }
        }
        return Optional.empty();
    }
}
