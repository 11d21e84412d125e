package org.lacuna.eval.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.lacuna.decode.Reading;
import org.lacuna.decode.Sampling;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;

/**
 * What a model says of continuations at every p of a grid, where the coverage leaves contexts alone: a context is read once, for all of its continuations
 * and all points, and then each continuation at all points side by side, with keys and values kept. What one context gives does not depend on the others,
 * and how many points go together depends on model and grid, never on the workers.
 */
public final class ContinuationAnswers {
    private static final Sampling GREEDY = new Sampling(0, 0, 1);

    private final String name;
    private final Model model;
    private final Device device;
    private final List<Asked> asked;
    private final int[] firsts;
    private final Set<Site> sites;
    private final Treatment treatment;
    private final TokenCoverage coverage;
    private final Findings findings;
    private final String question;
    private final Watch watch;
    private final PointReading.Forms forms;
    private final double[][] lossSums;
    private final boolean[][] greedy;
    private final long[][] kept;

    /**
     * A context and what may follow it.
     *
     * @param context       token ids, at least one; the array belongs to it
     * @param continuations of at least one token each
     */
    public record Asked(int[] context, List<int[]> continuations) {
        /** Copies the list. */
        public Asked {
            continuations = List.copyOf(continuations);
        }

        private int longest() {
            return context.length + continuations.stream().mapToInt(continuation -> continuation.length).max().orElseThrow() - 1;
        }
    }

    private ContinuationAnswers(String name, Model model, Device device, List<Asked> asked, Set<Site> sites, Treatment treatment, TokenCoverage coverage,
            Findings findings, String subject, Watch watch) {
        this.name = name;
        this.model = model;
        this.device = device;
        this.asked = asked;
        this.sites = sites;
        this.treatment = treatment;
        this.coverage = coverage;
        this.findings = findings;
        this.watch = watch;
        firsts = new int[asked.size()];
        int count = 0;
        for (int text = 0; text < firsts.length; text++) {
            firsts[text] = count;
            count += asked.get(text).continuations.size();
        }
        forms = PointReading.Forms.of(model.config(), model.adapters(), device, sites, treatment.layers(), coverage, treatment.points(),
                asked.stream().mapToInt(Asked::longest).max().orElseThrow(), PointReading.channelRows(treatment));
        question = findings == Findings.NONE ? "" : subject + " answers " + Question.ofRules(sites, treatment, coverage, model.config()) + " " + forms.together();
        lossSums = new double[treatment.points()][count];
        greedy = new boolean[treatment.points()][count];
        kept = new long[treatment.points()][count];
    }

    /**
     * What {@link #of} holds.
     *
     * @param layers with the rule
     * @param texts  contexts
     * @param length tokens of the longest that is read
     * @param team   how many workers there are
     */
    public static ForwardMemory memory(ModelConfig config, Device device, Set<Site> sites, LayerSet layers, TokenCoverage coverage, int points, int texts, int length,
            int channelRows, int team) {
        PointReading.Forms forms = PointReading.Forms.of(config, LowRank.none(), device, sites, layers, coverage, points, length, channelRows);
        int busy = (int) Math.min(team, (long) texts * forms.chunks(points));
        return ForwardMemory.of(config).with(busy, busy * forms.bytes(device));
    }

    /**
     * Computes them, or takes them from what was found before.
     *
     * @param name      what messages call the model
     * @param asked     of token ids that the model has
     * @param sites     with the rule, in the treatment's layers
     * @param treatment with at most one row of channels, or chosen by each text's context
     * @param coverage  one that leaves contexts alone
     * @param findings  where pieces are looked up and kept
     * @param subject   hash of model and arithmetic
     * @return of all continuations, context after context
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws RunException if the model's numbers are not finite
     */
    public static Answers of(String name, Model model, Device device, Workers workers, List<Asked> asked, Set<Site> sites, Treatment treatment, TokenCoverage coverage,
            Findings findings, String subject, Watch watch) {
        return new ContinuationAnswers(name, model, device, asked, sites, treatment, coverage, findings, subject, watch).run(workers);
    }

    private Answers run(Workers workers) {
        int pieces = forms.chunks(treatment.points()) * asked.size();
        new Contexts().run(Pieces.name(sites, treatment), name, pieces, Math.min(workers.count(), pieces), workers, findings, watch, part -> {
            PointReading reading = new PointReading(name, forms, model, device, sites, treatment, coverage);
            return piece -> answer(reading, firstPoint(piece), text(piece));
        });
        return new Answers(lossSums, greedy, kept, elements());
    }

    private int firstPoint(int piece) {
        return piece % forms.chunks(treatment.points()) * forms.together();
    }

    private int text(int piece) {
        return piece / forms.chunks(treatment.points());
    }

    /** Some points of a context each. */
    private final class Contexts implements Pieces {
        @Override
        public long tokens(int piece) {
            Asked here = asked.get(text(piece));
            return here.context.length + (endOf(firstPoint(piece)) - firstPoint(piece)) * here.continuations.stream().mapToLong(continuation -> continuation.length).sum();
        }

        @Override
        public String question(int piece) {
            return question + " " + Question.ofContext(asked.get(text(piece)).context, continuations(text(piece))) + " " + firstPoint(piece);
        }

        @Override
        public boolean restore(JsonNode found, int piece) {
            return ContinuationAnswers.this.restore(found, firstPoint(piece), text(piece));
        }

        @Override
        public ObjectNode found(int piece) {
            return piece(firstPoint(piece), text(piece));
        }
    }

    private String continuations(int text) {
        return String.join(" ", asked.get(text).continuations.stream().map(Arrays::toString).toList());
    }

    private long[] elements() {
        long each = Answers.elementsOfToken(model.config(), sites, treatment.layers());
        return asked.stream().flatMapToLong(text -> text.continuations.stream()
                .mapToLong(continuation -> each * coverage.count(text.context.length + continuation.length - 1, text.context.length - 1))).toArray();
    }

    private int endOf(int firstPoint) {
        return Math.min(firstPoint + forms.together(), treatment.points());
    }

    private void answer(PointReading reading, int firstPoint, int text) {
        int[] context = asked.get(text).context;
        int end = endOf(firstPoint);
        reading.begin(context, firstPoint);
        int[][] rows = new int[forms.together()][];
        for (int c = 0; c < asked.get(text).continuations.size(); c++) {
            int[] continuation = asked.get(text).continuations.get(c);
            int[] whole = Arrays.copyOf(context, context.length + continuation.length);
            System.arraycopy(continuation, 0, whole, context.length, continuation.length);
            Arrays.fill(rows, whole);
            Reading.Cover cover = (row, t) -> firstPoint + row < end && coverage.covers(t, whole.length - 1, context.length - 1);
            int cell = firsts[text] + c;
            reading.again();
            for (int p = firstPoint; p < end; p++) {
                lossSums[p][cell] = 0;
                greedy[p][cell] = true;
            }
            for (int t = 0; t < continuation.length; t++) {
                reading.read(rows, context.length + t, cover, "a continuation of context " + text);
                for (int p = firstPoint; p < end; p++) {
                    float[] logits = reading.logits(p - firstPoint);
                    lossSums[p][cell] += loss(logits, continuation[t]);
                    greedy[p][cell] &= GREEDY.next(logits, null) == continuation[t];
                }
            }
            for (int p = firstPoint; p < end; p++) {
                kept[p][cell] = reading.kept(p - firstPoint);
            }
        }
    }

    /** −ln of the probability that softmax gives a token. */
    private static double loss(float[] logits, int token) {
        float largest = logits[token];
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp((double) logit - largest);
        }
        return Math.log(sum) + largest - logits[token];
    }

    private ObjectNode piece(int firstPoint, int text) {
        ObjectNode piece = Json.object();
        ArrayNode losses = piece.putArray("loss");
        ArrayNode all = piece.putArray("greedy");
        ArrayNode counts = piece.putArray("kept");
        for (int p = firstPoint; p < endOf(firstPoint); p++) {
            for (int c = 0; c < asked.get(text).continuations.size(); c++) {
                losses.add(lossSums[p][firsts[text] + c]);
                all.add(greedy[p][firsts[text] + c] ? 1 : 0);
                counts.add(kept[p][firsts[text] + c]);
            }
        }
        return piece;
    }

    /** Takes what was found before; false if it does not fit. */
    private boolean restore(JsonNode piece, int firstPoint, int text) {
        int continuations = asked.get(text).continuations.size();
        int cells = (endOf(firstPoint) - firstPoint) * continuations;
        if (piece.path("loss").size() != cells || piece.path("greedy").size() != cells || piece.path("kept").size() != cells) {
            return false;
        }
        for (int cell = 0; cell < cells; cell++) {
            int p = firstPoint + cell / continuations;
            int request = firsts[text] + cell % continuations;
            lossSums[p][request] = piece.get("loss").get(cell).doubleValue();
            greedy[p][request] = piece.get("greedy").get(cell).intValue() == 1;
            kept[p][request] = piece.get("kept").get(cell).longValue();
        }
        return true;
    }
}
