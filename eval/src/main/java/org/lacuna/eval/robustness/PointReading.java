package org.lacuna.eval.robustness;

import java.util.Optional;
import java.util.Set;
import org.lacuna.decode.Reading;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.NonFiniteRowException;
import org.lacuna.graph.program.Instance;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.sparsity.Site;

/**
 * One text at some points of a grid, side by side, each under its rule. Where the coverage leaves the text's context as it is, that is read once, and all
 * points go on from its keys and values. A worker's memory.
 */
final class PointReading {
    /** Tokens of a context that are read together under rules: the same for every number of points, so that none of them changes another's bits. */
    private static final int PIECE = 16;
    /** The same of a context that is read without, which is but one text. */
    private static final int PROMPT_PIECE = 64;
    /** What a worker holds; with more, fewer points are read together. */
    private static final long BYTES = 256L << 20;

    private final String name;
    private final Forms forms;
    private final Set<Site> sites;
    private final Treatment treatment;
    private final TokenCoverage coverage;
    private final Reading reading;
    /** Null where contexts are read under the rules. */
    private final Reading prompt;
    /** Whether the whole context was read without a rule, and nothing behind it yet. */
    private boolean atPrompt;
    private int firstPoint;

    /**
     * What is compiled.
     *
     * @param points  under their rules
     * @param context without a rule; empty where it is read under the rules
     */
    record Forms(Reading.Form points, Optional<Reading.Form> context) {
        /**
         * As many points together as there is memory for.
         *
         * @param points of the grid
         * @param length tokens of the longest text
         * @param channelRows more than one where each text's context chooses them
         * @throws IllegalArgumentException if they are chosen by contexts that the coverage does not leave alone
         */
        static Forms of(ModelConfig config, LowRank adapters, Device device, Set<Site> sites, LayerSet layers, TokenCoverage coverage, int points, int length,
                int channelRows) {
            // A multiple of what matrix products treat alike: one point by itself then has the bits that it has among many.
            int alike = device.rowsAlike();
            int blocks = (points + alike - 1) / alike;
            Reading.Form fitting = form(config, adapters, sites, layers, blocks * alike, length, channelRows);
            while (blocks > 1 && fitting.bytes(device) > BYTES) {
                blocks = (blocks + 1) / 2;
                fitting = form(config, adapters, sites, layers, blocks * alike, length, channelRows);
            }
            if (coverage.dense(1).isEmpty()) {
                if (channelRows > 1) {
                    throw new IllegalArgumentException("with coverage " + coverage + " there is no context that is read without a rule, by which one could be chosen");
                }
                return new Forms(fitting, Optional.empty());
            }
            Reading.Form plain = Reading.Form.plain(config, adapters, PROMPT_PIECE, roundedUp(length, PROMPT_PIECE), 1);
            return new Forms(fitting, Optional.of(channelRows > 1 ? plain.toWatch() : plain));
        }

        private static Reading.Form form(ModelConfig config, LowRank adapters, Set<Site> sites, LayerSet layers, int texts, int length, int channelRows) {
            return new Reading.Form(config, adapters, texts, PIECE, roundedUp(length, PIECE), 1, sites, layers.of(config.layers()), channelRows > 1 ? texts : channelRows,
                    false);
        }

        private static int roundedUp(int length, int piece) {
            return (length + piece - 1) / piece * piece;
        }

        /** Points of a call. */
        int together() {
            return points.texts();
        }

        /** Calls for all points of a text. */
        int chunks(int grid) {
            return (grid + points.texts() - 1) / points.texts();
        }

        /** Bytes of a worker. */
        long bytes(Device device) {
            return points.bytes(device) + context.map(form -> form.bytes(device)).orElse(0L);
        }
    }

    /**
     * Makes the memory.
     *
     * @param name what messages call the model
     */
    PointReading(String name, Forms forms, Model model, Device device, Set<Site> sites, Treatment treatment, TokenCoverage coverage) {
        this.name = name;
        this.forms = forms;
        this.sites = sites;
        this.treatment = treatment;
        this.coverage = coverage;
        reading = new Reading(forms.points, model, device);
        prompt = forms.context.map(form -> new Reading(form, model, device)).orElse(null);
    }

    /** Rows of channels that {@link Forms#of} is told of: channels that each text chooses are rows by point, even of one point. */
    static int channelRows(Treatment treatment) {
        return treatment.choice().isPresent() ? Math.max(2, treatment.points()) : treatment.channelRows();
    }

    /**
     * Begins a text.
     *
     * @param context    of it; what the coverage leaves alone is read now
     * @param firstPoint of those that are read side by side
     * @throws InputException if a treatment is chosen by the prompt and there is none
     */
    void begin(int[] context, int firstPoint) {
        this.firstPoint = firstPoint;
        Treatment own = treatment;
        if (prompt != null) {
            int dense = coverage.dense(context.length).getAsInt();
            Optional<PromptChoice> choice = treatment.choice();
            prompt.forget();
            prompt.watch(choice.<Reading.Watcher>map(chooser -> chooser::see).orElse(null));
            if (dense > 0) {
                prompt.read(new int[][] {context}, dense, Reading.Cover.EVERY, null);
            } else if (choice.isPresent()) {
                throw new InputException("rule " + choice.get().key() + " chooses by a text's context, and with coverage " + coverage
                        + " there is none of a context of one token; use generated");
            }
            own = choice.map(chooser -> chooser.chosen().in(treatment.layers())).orElse(treatment);
        }
        Treatment chosen = own;
        reading.rules(run -> feed(run, chosen));
        again();
    }

    /** Back to where {@link #begin} left it. */
    void again() {
        if (prompt == null) {
            reading.forget();
            return;
        }
        reading.begin(prompt);
        atPrompt = true;
    }

    private void feed(Instance run, Treatment own) {
        int rows = forms.points.texts();
        Sweep.feedRules(run, own, forms.points.layers(), sites, rows, firstPoint);
        for (int layer : forms.points.layers()) {
            for (Site site : sites) {
                if (forms.points.channelRows() == 1) {
                    run.tensor(DecoderGraph.channels(layer, site)).set(own.channels(layer, site));
                } else if (forms.points.channelRows() > 1) {
                    feedChannels(run.tensor(DecoderGraph.channels(layer, site)), own.channels(layer, site), own.points());
                }
            }
        }
    }

    /** Each point's row; behind the last one it is repeated. */
    private void feedChannels(Tensor to, float[] channels, int points) {
        int n = channels.length / points;
        for (int row = 0; row < forms.points.texts(); row++) {
            to.floats().put(row * n, channels, Math.min(firstPoint + row, points - 1) * n, n);
        }
    }

    /**
     * Reads what of the text was not read yet.
     *
     * @param rows  the text at each point, of which the first {@code count} tokens
     * @param count where the context is read without a rule, beyond what was read of it
     * @param what  what messages call the text
     * @throws RunException if the model's numbers are not finite
     */
    void read(int[][] rows, int count, Reading.Cover cover, String what) {
        if (count == reading.past()) {
            return; // nothing but the context, which was read
        }
        atPrompt = false;
        try {
            reading.read(rows, count, cover, null);
        } catch (NonFiniteRowException e) {
            throw new RunException(name + ": the model's numbers overflow: a vector in a feed-forward block is not finite in " + what + ", rule "
                    + treatment.choice().map(PromptChoice::key).orElse(treatment.rule().name()) + ", from p = "
                    + treatment.parameter(forms.points.layers().get(0), sites.iterator().next(), firstPoint) + " on", e);
        }
    }

    /** What the model says of the token after the last one that was read. */
    float[] logits(int row) {
        try {
            return atPrompt ? prompt.logits(0) : reading.logits(row);
        } catch (RunException e) {
            throw new RunException(name + ": " + e.getMessage(), e);
        }
    }

    /** What a point's rule kept of the covered tokens that were read since {@link #again}. */
    long kept(int row) {
        return reading.kept(row);
    }
}
