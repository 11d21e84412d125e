package org.lacuna.eval.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.lacuna.decode.Reading;
import org.lacuna.decode.Sampling;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;

/**
 * What a model adds to texts, always the likeliest token, at every p of a grid. The points of one text are read side by side, in which they have the same
 * length, and what the coverage leaves alone at its beginning is read once for all of them; a point whose text is at its end is no longer looked at. A text
 * more is a call more, so what one gives does not depend on the others, and how many points go together depends on model and grid, never on the workers.
 *
 * <p>A rule sees the tokens that the model reads: the context and all that it added but the last token, of those the ones that are covered. The
 * likeliest token of a point is as without a cache, but for rounding.
 */
public final class Continuations {
    private static final Sampling GREEDY = new Sampling(0, 0, 1);

    private final String name;
    private final Model model;
    private final List<int[]> contexts;
    private final Ending ending;
    private final Set<Site> sites;
    private final Treatment treatment;
    private final TokenCoverage coverage;
    private final Findings findings;
    private final String question;
    private final Watch watch;
    private final Device device;
    private final PointReading.Forms forms;
    private final int[][][] tokens;
    private final long[][] kept;

    /**
     * When what is added is at its end.
     *
     * @param most    tokens that are added at most, at least 1
     * @param reached told all that were added so far, whether the last of them ends the text; used from several threads
     * @param key     says in words what {@code reached} looks for
     */
    public record Ending(int most, Predicate<int[]> reached, String key) {}

    /**
     * What was found.
     *
     * @param tokens   that were added, with the one that ended the text, [point][text]
     * @param kept     elements that are not 0 after the rule, of the treatment's layers and covered tokens that were read, [point][text]
     * @param elements of these layers and tokens, [point][text]
     */
    public record Found(int[][][] tokens, long[][] kept, long[][] elements) {}

    private Continuations(String name, Model model, Device device, List<int[]> contexts, Ending ending, Set<Site> sites, Treatment treatment,
            TokenCoverage coverage, Findings findings, String subject, Watch watch) {
        if (coverage.kind() == TokenCoverage.Kind.LAST) {
            throw new IllegalArgumentException("a text that is being written has no last share of its tokens");
        }
        this.name = name;
        this.model = model;
        this.device = device;
        this.contexts = contexts;
        this.ending = ending;
        this.sites = sites;
        this.treatment = treatment;
        this.coverage = coverage;
        this.findings = findings;
        this.watch = watch;
        forms = PointReading.Forms.of(model.config(), model.adapters(), device, sites, treatment.layers(), coverage, treatment.points(), longest(contexts) + ending.most,
                PointReading.channelRows(treatment));
        question = findings == Findings.NONE ? "" : subject + " writes " + Question.ofRules(sites, treatment, coverage, model.config()) + " " + forms.together();
        tokens = new int[treatment.points()][contexts.size()][];
        kept = new long[treatment.points()][contexts.size()];
    }

    private static int longest(List<int[]> contexts) {
        return contexts.stream().mapToInt(context -> context.length).max().orElseThrow();
    }

    /**
     * What {@link #of} holds.
     *
     * @param layers with the rule
     * @param texts  how many
     * @param length tokens of the longest context and those that are added
     * @param team   how many workers there are
     */
    public static ForwardMemory memory(ModelConfig config, Device device, Set<Site> sites, LayerSet layers, TokenCoverage coverage, int points, int texts, int length,
            int channelRows, int team) {
        PointReading.Forms forms = PointReading.Forms.of(config, LowRank.none(), device, sites, layers, coverage, points, length, channelRows);
        int busy = (int) Math.min(team, (long) texts * forms.chunks(points));
        return ForwardMemory.of(config).with(busy, busy * forms.bytes(device));
    }

    /**
     * Writes, or takes what was written before.
     *
     * @param name     what messages call the model
     * @param contexts token ids that the model has, at least one each; with what is added no more than it reads
     * @param sites    with the rule, in the treatment's layers
     * @param treatment with at most one row of channels, or chosen by each text's context where the coverage leaves that alone
     * @param coverage not the last share of a text
     * @param findings where pieces are looked up and kept
     * @param subject  hash of model and arithmetic
     * @throws InterruptedRunException if it was asked to stop
     * @throws RunException if the model's numbers are not finite
     */
    public static Found of(String name, Model model, Device device, Workers workers, List<int[]> contexts, Ending ending, Set<Site> sites, Treatment treatment,
            TokenCoverage coverage, Findings findings, String subject, Watch watch) {
        return new Continuations(name, model, device, contexts, ending, sites, treatment, coverage, findings, subject, watch).run(workers);
    }

    private Found run(Workers workers) {
        int pieces = forms.chunks(treatment.points()) * contexts.size();
        new Contexts().run(Pieces.name(sites, treatment), name, pieces, Math.min(workers.count(), pieces), workers, findings, watch, part -> {
            PointReading reading = new PointReading(name, forms, model, device, sites, treatment, coverage);
            return piece -> write(reading, firstPoint(piece), text(piece));
        });
        return new Found(tokens, kept, elements());
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
            return (long) pointsFrom(firstPoint(piece)) * (contexts.get(text(piece)).length + ending.most);
        }

        @Override
        public String question(int piece) {
            return question + " " + Question.ofContext(contexts.get(text(piece)), ending.most + " " + ending.key) + " " + firstPoint(piece);
        }

        @Override
        public boolean restore(JsonNode found, int piece) {
            return Continuations.this.restore(found, firstPoint(piece), text(piece));
        }

        @Override
        public ObjectNode found(int piece) {
            return piece(firstPoint(piece), text(piece));
        }
    }

    private long[][] elements() {
        long each = Answers.elementsOfToken(model.config(), sites, treatment.layers());
        long[][] elements = new long[tokens.length][contexts.size()];
        for (int p = 0; p < tokens.length; p++) {
            for (int text = 0; text < contexts.size(); text++) {
                int context = contexts.get(text).length;
                elements[p][text] = each * coverage.count(context + tokens[p][text].length - 1, context - 1);
            }
        }
        return elements;
    }

    private int pointsFrom(int firstPoint) {
        return Math.min(forms.together(), treatment.points() - firstPoint);
    }

    private void write(PointReading reading, int firstPoint, int text) {
        int[] context = contexts.get(text);
        int points = pointsFrom(firstPoint);
        int[][] rows = new int[forms.together()][];
        Arrays.setAll(rows, row -> Arrays.copyOf(context, context.length + ending.most));
        int[] added = new int[points];
        Arrays.fill(added, ending.most);
        boolean[] ended = new boolean[points];
        // The last token that was added is not read, where the others still go on it is no part of the text.
        Reading.Cover cover = (row, t) -> row < points && t < context.length + added[row] - 1 && coverage.covers(t, context.length + added[row] - 1,
                context.length - 1);
        reading.begin(context, firstPoint);
        int open = points;
        for (int length = context.length; open > 0; length++) {
            if (watch.getAsBoolean()) {
                throw new InterruptedRunException("stopped while measuring " + name);
            }
            reading.read(rows, length, cover, "text " + text);
            for (int row = 0; row < points; row++) {
                if (!ended[row]) {
                    rows[row][length] = GREEDY.next(reading.logits(row), null);
                    int count = length + 1 - context.length;
                    if (count == ending.most || ending.reached.test(Arrays.copyOfRange(rows[row], context.length, length + 1))) {
                        ended[row] = true;
                        added[row] = count;
                        open--;
                    }
                }
            }
        }
        for (int row = 0; row < points; row++) {
            tokens[firstPoint + row][text] = Arrays.copyOfRange(rows[row], context.length, context.length + added[row]);
            kept[firstPoint + row][text] = reading.kept(row);
        }
    }

    private ObjectNode piece(int firstPoint, int text) {
        ObjectNode piece = Json.object();
        ArrayNode written = piece.putArray("tokens");
        ArrayNode counts = piece.putArray("kept");
        for (int p = firstPoint; p < firstPoint + pointsFrom(firstPoint); p++) {
            ArrayNode ids = written.addArray();
            Arrays.stream(tokens[p][text]).forEach(ids::add);
            counts.add(kept[p][text]);
        }
        return piece;
    }

    /** Takes what was written before; false if it does not fit. */
    private boolean restore(JsonNode piece, int firstPoint, int text) {
        int points = pointsFrom(firstPoint);
        if (piece.path("tokens").size() != points || piece.path("kept").size() != points) {
            return false;
        }
        for (int row = 0; row < points; row++) {
            JsonNode ids = piece.get("tokens").get(row);
            if (ids.isEmpty() || ids.size() > ending.most) {
                return false;
            }
            int[] written = new int[ids.size()];
            Arrays.setAll(written, i -> ids.get(i).intValue());
            tokens[firstPoint + row][text] = written;
            kept[firstPoint + row][text] = piece.get("kept").get(row).longValue();
        }
        return true;
    }
}
