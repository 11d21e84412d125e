package org.lacuna.eval.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.op.NonFiniteRowException;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.Experts;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rule;

/**
 * Texts through a model, for every p of a grid at once: P points × B windows are one call of a program, in which the points share what
 * lies below the first sparsified vector.
 *
 * <p>Legend: B windows, T tokens, P points.
 */
public final class Sweep {
    private final String name;
    private final Model model;
    private final Sequences texts;
    private final List<List<Integer>> textsOfRows;
    private final Set<Site> sites;
    private final Treatment treatment;
    private final TokenCoverage coverage;
    private final List<Integer> layers;
    private final boolean observe;
    private final Optional<Experts> experts;
    private final int length;
    private final GridProgram program;
    private final Findings findings;
    private final String question;
    private final double[][] lossSums;
    private final boolean[][] greedy;
    private final Map<Site, long[][][]> kept = new EnumMap<>(Site.class);
    private final boolean[][] alive;

    /**
     * Compiles.
     *
     * @param name    what messages call the model
     * @param grid    a p for each point
     * @param observe whether to watch which intermediate neurons are ever not 0 (with a single point only)
     */
    public Sweep(String name, Model model, Device device, Batch windows, Set<Site> sites, Rule rule, List<Double> grid, boolean observe) {
        this(name, model, Sequences.whole(windows), sites, new Treatment.Uniform(rule, grid), TokenCoverage.EVERY, observe,
                new GridProgram(model.config(), model.adapters(), device, sites, LayerSet.ALL, grid.size(), windows.rows(), windows.length(), observe, 0));
    }

    /** @param program of the model, these sites, as many points and such texts */
    Sweep(String name, Model model, Sequences texts, Set<Site> sites, Treatment treatment, TokenCoverage coverage, boolean observe, GridProgram program) {
        this(name, model, texts, sites, treatment, coverage, observe, program, Findings.NONE, "");
    }

    /**
     * @param findings where its pieces are looked up and kept; not what is observed
     * @param subject  hash of the model and the arithmetic
     */
    Sweep(String name, Model model, Sequences texts, Set<Site> sites, Treatment treatment, TokenCoverage coverage, boolean observe, GridProgram program,
            Findings findings, String subject) {
        this.findings = findings;
        question = findings == Findings.NONE ? "" : subject + " " + Question.of(texts, sites, treatment, coverage, model.config()) + " " + program.points() + "x" + program.rows();
        this.name = name;
        this.model = model;
        this.texts = texts;
        textsOfRows = texts.textsOfRows();
        this.sites = sites;
        this.treatment = treatment;
        this.coverage = coverage;
        layers = treatment.layers().of(model.config().layers());
        this.observe = observe;
        this.program = program;
        length = texts.length();
        experts = model.config().feedForward().experts();
        lossSums = new double[treatment.points()][texts.texts().size()];
        greedy = new boolean[treatment.points()][texts.texts().size()];
        sites.forEach(site -> kept.put(site, new long[treatment.points()][layers.size()][texts.texts().size()]));
        alive = new boolean[model.config().layers()][model.config().intermediate() * experts.map(Experts::count).orElse(1)];
    }

    /**
     * Runs all texts through all points. Another run gives the same again.
     *
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws RunException if a vector that the rule sees or a window's loss is not finite
     */
    public void run(Workers workers, Watch watch) {
        new Calls().run(Pieces.name(sites, treatment), name, program.chunks(), program.workers(workers.count()), workers, findings, watch, part -> {
            Instance run = program.instance(model.parameters(), part);
            return call -> run(run, firstPoint(call), firstRow(call));
        });
    }

    private int firstPoint(int call) {
        return call % program.pointChunks() * program.points();
    }

    private int firstRow(int call) {
        return call / program.pointChunks() * program.rows();
    }

    /** Some points of some windows each. */
    private final class Calls implements Pieces {
        @Override
        public long tokens(int call) {
            return (long) pointsFrom(firstPoint(call)) * rowsFrom(firstRow(call)) * length;
        }

        @Override
        public String question(int call) {
            return question + " " + firstPoint(call) + "," + firstRow(call);
        }

        @Override
        public boolean restore(JsonNode found, int call) {
            return Sweep.this.restore(found, firstPoint(call), firstRow(call));
        }

        @Override
        public ObjectNode found(int call) {
            return piece(firstPoint(call), firstRow(call));
        }
    }

    private int pointsFrom(int firstPoint) {
        return Math.min(program.points(), treatment.points() - firstPoint);
    }

    private int rowsFrom(int firstRow) {
        return Math.min(program.rows(), texts.rows() - firstRow);
    }

    /** The texts of a call's rows, by their places. */
    private List<Integer> textsFrom(int firstRow) {
        return textsOfRows.subList(firstRow, firstRow + rowsFrom(firstRow)).stream().flatMap(List::stream).toList();
    }

    /** What a call found: by point and text the loss, whether all was greedy, and what each layer kept. */
    private ObjectNode piece(int firstPoint, int firstRow) {
        List<Integer> here = textsFrom(firstRow);
        ObjectNode piece = Json.object();
        ArrayNode losses = piece.putArray("loss");
        ArrayNode all = piece.putArray("greedy");
        ObjectNode counts = piece.putObject("kept");
        sites.forEach(site -> counts.putArray(site.key()));
        for (int p = firstPoint; p < firstPoint + pointsFrom(firstPoint); p++) {
            for (int w : here) {
                losses.add(lossSums[p][w]);
                all.add(greedy[p][w] ? 1 : 0);
                for (Site site : sites) {
                    for (int at = 0; at < layers.size(); at++) {
                        ((ArrayNode) counts.get(site.key())).add(kept.get(site)[p][at][w]);
                    }
                }
            }
        }
        return piece;
    }

    /** Takes what a call found before; false if it does not fit. */
    private boolean restore(JsonNode piece, int firstPoint, int firstRow) {
        List<Integer> here = textsFrom(firstRow);
        int cells = pointsFrom(firstPoint) * here.size();
        if (piece.path("loss").size() != cells || piece.path("greedy").size() != cells
                || sites.stream().anyMatch(site -> piece.path("kept").path(site.key()).size() != cells * layers.size())) {
            return false;
        }
        int cell = 0;
        for (int p = firstPoint; p < firstPoint + pointsFrom(firstPoint); p++) {
            for (int w : here) {
                lossSums[p][w] = piece.get("loss").get(cell).doubleValue();
                greedy[p][w] = piece.get("greedy").get(cell).intValue() == 1;
                for (Site site : sites) {
                    for (int at = 0; at < layers.size(); at++) {
                        kept.get(site)[p][at][w] = piece.get("kept").get(site.key()).get(cell * layers.size() + at).longValue();
                    }
                }
                cell++;
            }
        }
        return true;
    }

    /** Whether it computes in memory that is there before it and after it. */
    boolean holdsMemory() {
        return program.holds();
    }

    private void run(Instance run, int firstPoint, int firstWindow) {
        int rows = program.rows();
        int count = rowsFrom(firstWindow);
        fill(run, firstPoint, firstWindow, count);
        try {
            run.run();
        } catch (NonFiniteRowException e) {
            // Where there are experts, a row may be one of a token's several.
            String where = experts.isPresent() ? "in windows " + firstWindow + " to " + (firstWindow + count - 1)
                    : "at token " + e.row() % length + " of window " + (firstWindow + e.row() / length % rows);
            throw new RunException(name + ": the model's numbers overflow: " + run.firstNonFinite().orElse("a vector that the rule sees") + " is not finite " + where, e);
        }
        int pointsHere = pointsFrom(firstPoint);
        FloatBuffer nll = run.tensor(DecoderGraph.NLL).floats();
        IntBuffer chosen = run.tensor(DecoderGraph.GREEDY).ints();
        List<Integer> here = textsFrom(firstWindow);
        for (int p = 0; p < pointsHere; p++) {
            for (int place : here) {
                Sequences.Text text = texts.texts().get(place);
                int w = text.row() - firstWindow;
                int from = (p * rows + w) * length;
                double sum = 0;
                boolean all = true;
                for (int t = text.from(); t < text.to(); t++) {
                    sum += nll.get(from + t);
                    all &= chosen.get(from + t) == 1 || texts.batch().targets()[text.row() * length + t] == Batch.NOT_SCORED;
                }
                if (!Double.isFinite(sum)) {
                    throw new RunException(String.format(Locale.ROOT, "%s: the model's loss is not finite (%s in window %d, rule %s, p = %s): %s overflows",
                            name, sum, firstWindow + w, treatment.rule().name(), treatment.parameter(layers.get(0), Collections.min(sites), firstPoint + p),
                            run.firstNonFinite().orElse("the sum over its tokens")));
                }
                lossSums[firstPoint + p][place] = sum;
                greedy[firstPoint + p][place] = all;
            }
        }
        for (int at = 0; at < layers.size(); at++) {
            for (Site site : sites) {
                IntBuffer counts = run.tensor(DecoderGraph.kept(layers.get(at), site)).ints();
                int each = model.config().feedForward().rowsPerToken(site);
                for (int p = 0; p < pointsHere; p++) {
                    for (int place : here) {
                        Sequences.Text text = texts.texts().get(place);
                        int from = (p * rows + text.row() - firstWindow) * length;
                        kept.get(site)[firstPoint + p][at][place] = sum(counts, from * each, text.trunk() * each)
                                + sum(counts, (from + text.from()) * each, (text.to() - text.from()) * each);
                    }
                }
            }
        }
        for (int layer = 0; observe && layer < alive.length; layer++) {
            int vectors = count * length * model.config().feedForward().rowsPerToken(Site.INTERMEDIATE);
            IntBuffer of = experts.isPresent() ? run.tensor(DecoderGraph.experts(layer)).ints() : null;
            watch(run.tensor(DecoderGraph.site(layer, Site.INTERMEDIATE)).floats(), vectors, model.config().intermediate(), of, alive[layer]);
        }
    }

    private void fill(Instance run, int firstPoint, int firstWindow, int count) {
        int rows = program.rows();
        int points = program.points();
        IntBuffer ids = run.tensor(DecoderGraph.INPUT_IDS).ints();
        IntBuffer positions = run.tensor(DecoderGraph.POSITIONS).ints();
        FloatBuffer mask = run.tensor(DecoderGraph.TOKEN_MASK).floats();
        IntBuffer targets = run.tensor(DecoderGraph.TARGETS).ints();
        FloatBuffer weights = run.tensor(DecoderGraph.TOKEN_WEIGHT).floats();
        int filled = count * length;
        ids.put(0, texts.batch().inputs(), firstWindow * length, filled);
        for (int i = 0; i < rows * length; i++) {
            positions.put(i, i % length);
            // The last call may have fewer texts: what stands in for the rest is padding.
            if (i >= filled) {
                ids.put(i, 0);
            }
        }
        IntBuffer spans = texts.branch() ? run.tensor(DecoderGraph.SPANS).ints() : null;
        for (int i = 0; i < rows * length; i++) {
            mask.put(i, 0);
            if (spans != null) {
                positions.put(i, 0); // of padding, a row's end may lie beyond the model's positions
                spans.put(2 * i, 0).put(2 * i + 1, 0);
            }
        }
        for (int place : textsFrom(firstWindow)) {
            Sequences.Text text = texts.texts().get(place);
            int from = (text.row() - firstWindow) * length;
            int firstScored = texts.firstScored(text);
            for (int t = 0; t < text.trunk(); t++) {
                mask.put(from + t, coverage.covers(t, text.length(), firstScored) ? 1 : 0);
                positions.put(from + t, t);
            }
            for (int t = text.from(); t < text.to(); t++) {
                mask.put(from + t, coverage.covers(text.position(t), text.length(), firstScored) ? 1 : 0);
                if (spans != null) {
                    positions.put(from + t, text.position(t));
                    spans.put(2 * (from + t), text.trunk()).put(2 * (from + t) + 1, text.from());
                }
            }
        }
        for (int p = 0; p < points; p++) {
            int from = p * rows * length;
            targets.put(from, texts.batch().targets(), firstWindow * length, filled);
            for (int i = 0; i < rows * length; i++) {
                weights.put(from + i, i < filled ? 1 : 0);
                if (i >= filled) {
                    targets.put(from + i, Batch.NOT_SCORED);
                }
            }
        }
        feedRules(run, treatment, layers, sites, points, firstPoint);
        for (int layer : layers) {
            for (Site site : sites) {
                if (treatment.channelRows() > 0) {
                    fillChannels(run.tensor(DecoderGraph.channels(layer, site)).floats(), treatment.channels(layer, site), firstWindow, count);
                }
            }
        }
    }

    /** Of {@code points} points from a first one on; behind the last one it is repeated. */
    static void feedRules(Instance run, Treatment treatment, List<Integer> layers, Set<Site> sites, int points, int firstPoint) {
        int[] codes = new int[points];
        double[] parameters = new double[points];
        Arrays.fill(codes, treatment.rule().code());
        for (int layer : layers) {
            for (Site site : sites) {
                for (int p = 0; p < points; p++) {
                    parameters[p] = treatment.parameter(layer, site, Math.min(firstPoint + p, treatment.points() - 1));
                }
                run.tensor(DecoderGraph.rule(layer, site)).set(codes);
                run.tensor(DecoderGraph.parameters(layer, site)).set(parameters);
            }
        }
    }

    /** One row for all, or each text's; what stands in for texts that are not there is not looked at. */
    private void fillChannels(FloatBuffer to, float[] channels, int firstWindow, int count) {
        int n = channels.length / treatment.channelRows();
        if (treatment.channelRows() == 1) {
            to.put(0, channels);
        } else {
            to.put(0, channels, firstWindow * n, count * n);
        }
    }

    /** Of the tokens that are covered: the others have −1. */
    private static long sum(IntBuffer counts, int from, int count) {
        long sum = 0;
        for (int t = 0; t < count; t++) {
            sum += Math.max(0, counts.get(from + t));
        }
        return sum;
    }

    /** Notes which neurons of {@code vectors} are not 0: those of a vector's expert where there are experts. Several threads do, and only ever write true. */
    private static void watch(FloatBuffer values, int vectors, int width, IntBuffer experts, boolean[] seen) {
        for (int t = 0; t < vectors; t++) {
            int from = experts == null ? 0 : experts.get(t) * width;
            for (int j = 0; j < width; j++) {
                if (values.get(t * width + j) != 0) {
                    seen[from + j] = true;
                }
            }
        }
    }

    /** Sum of the loss over each window's tokens at a point, nats. */
    double[] lossSums(int point) {
        return lossSums[point];
    }

    /** Of each text, whether every token that is scored is the one that greedy decoding would choose at a point. */
    boolean[] greedy(int point) {
        return greedy[point];
    }

    /** Elements of a site that are not 0 after the rule, at a point, of the tokens that are covered: [treatment's layers][windows]. */
    long[][] kept(Site site, int point) {
        return kept.get(site)[point];
    }

    /** Whether an intermediate neuron was ever not 0: [layers][F], [layers][E · F] where there are E experts. */
    boolean[][] alive() {
        return alive;
    }
}
