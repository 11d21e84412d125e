package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.robustness.JointPoint;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.cost.Attention;
import org.lacuna.sparsity.cost.AttentionRoute;
import org.lacuna.sparsity.cost.FeedForward;
import org.lacuna.sparsity.cost.Products;
import org.lacuna.sparsity.cost.Route;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.CriticalSparsity;
import org.lacuna.sparsity.critical.Level;

/**
 * What of a feed-forward block, and of attention's projections, a token would still take if each site's critical sparsity (linear) were made use of, or what a joint grid
 * saves most with, counted from shapes and not measured: operations, and as many bytes of weights, since every product of one token reads its matrix once.
 *
 * @param routes    one for each of the block's sites that was measured and way to use its zeros, and one for all of a joint grid's sites
 * @param attention one for each of attention's that was measured
 */
public record Savings(List<Saved> routes, List<SavedAttention> attention) {
    /** How zeros of the block can be used. */
    public enum Way {
        /** Of the input. */
        INPUT(Route.INPUT, "by input", "the input's zeros, columns of up and gate"),
        /** Of the gate, which is computed first. */
        GATE_FIRST(Route.GATE_FIRST, "gate first", "the gate's zeros, rows of up and columns of down"),
        /** Of the up projection, which is computed first. */
        UP_FIRST(Route.UP_FIRST, "up first", "the up projection's zeros, rows of the gate and columns of down"),
        /** Of the intermediate vector. */
        DOWN_ONLY(Route.DOWN_ONLY, "down only", "the intermediate vector's zeros, columns of down"),
        /** Of the intermediate vector, known before it is computed. */
        PREDICTED(Route.PREDICTED, "predicted", "the intermediate vector's zeros by a predictor"),
        /** Of the intermediate vector, and of the neurons that a prompt has chosen for all tokens. */
        CHOSEN(Route.PREDICTED, "chosen", "the neurons that a prompt left out, rows of up and gate and columns of down"),
        /** Of several sites, with a p for each. */
        JOINT(null, "joint", "the zeros of several sites at once");

        private final Route route;
        private final String words;
        private final String how;

        Way(Route route, String words, String how) {
            this.route = route;
            this.words = words;
            this.how = how;
        }

        /** Those of a rule at one site. */
        private static List<Way> ofOneSite(String rule) {
            // A rule that chose neurons before they are computed needs no predictor, and leaves out more than columns of down. A result's rule may be of another version.
            boolean chooses = Methods.all().stream().anyMatch(method -> method.name().equals(rule) && method.choosesNeurons());
            return chooses ? List.of(CHOSEN) : List.of(INPUT, GATE_FIRST, UP_FIRST, PREDICTED, DOWN_ONLY);
        }

        /** The route, for all but a joint grid. */
        Optional<Route> route() {
            return Optional.ofNullable(route);
        }
    }

    /**
     * A way to use zeros.
     *
     * @param way  which
     * @param how  in words, what is left out
     * @param left operations / those of the dense block, and weights' bytes over its
     */
    public record Saved(Way way, String how, double left) {
        /** For a table: {@code × 0.62 down only}. */
        public String shown() {
            return String.format(Locale.ROOT, "× %.2f %s", left, words());
        }

        /** The way in two words. */
        String words() {
            return way.words;
        }

        private String line() {
            return String.format(Locale.ROOT, "%s: × %.2f", how, left);
        }
    }

    /**
     * A way to use zeros of one of attention's vectors.
     *
     * @param level critical sparsity
     * @param left  operations of the projections / those of the dense ones
     */
    public record SavedAttention(AttentionRoute route, Level level, double left) {
    }

    /**
     * Of one model, under the bar that it was measured with; none of the blocks of models with experts and of networks of Deeplearning4j, which are others.
     */
    public static Savings of(RobustnessResult result) {
        return of(result, result.settings().bar());
    }

    /** The same under any bar on perplexity. */
    static Savings of(RobustnessResult result, double bar) {
        ModelSummary model = result.model();
        List<Saved> routes = new ArrayList<>();
        boolean gated = result.dense().exactZeros().containsKey(Site.GATE);
        if (!model.experts() && model.readsTokens()) {
            FeedForward block = new FeedForward(model.hidden(), model.intermediate(), gated, Float.BYTES);
            for (Way way : Way.ofOneSite(result.settings().rule())) {
                critical(result, bar, way.route.site()).filter(level -> gated || !way.route.needsGate()).ifPresent(level -> routes.add(new Saved(way, way.how,
                        way == Way.CHOSEN ? chosen(result.curve(SiteSet.INTERMEDIATE).orElseThrow(), level.sparsity(), block.dense(1))
                                : block.saving(way.route, level.sparsity(), 1).flopsRatio())));
            }
            // With attention's sites it saves of more than a block, so shares of a block can't be held against it.
            result.joint().filter(joint -> result.settings().joint().orElseThrow().sites().stream().noneMatch(Site::inAttention)).ifPresent(joint -> joint.choosing(result.data().windowLength(), result.dense()).best(curve -> CriticalSparsity.of(curve, new Bar(bar))).ifPresent(place -> {
                JointPoint point = joint.points().get(place);
                routes.add(new Saved(Way.JOINT, Way.JOINT.how + ", " + Shown.combination(point.p()), 1 - point.saved()));
            }));
        }
        List<SavedAttention> attention = new ArrayList<>();
        for (AttentionRoute route : AttentionRoute.values()) {
            critical(result, bar, route.site()).ifPresent(level -> attention.add(new SavedAttention(route, level, left(model, route, level.sparsity()))));
        }
        return new Savings(List.copyOf(routes), List.copyOf(attention));
    }

    /** What pays most for this model, predictors apart, which are not there; empty where nothing was measured that could. */
    Optional<Saved> best() {
        return routes.stream().filter(saved -> saved.way != Way.PREDICTED).min(Comparator.comparingDouble(Saved::left));
    }

    /** Rows of up and gate are those of neurons that were left out, which p tells; columns of down are left out for zeros of the others too. */
    private static double chosen(SiteResult curve, double sparsity, Products dense) {
        List<Point> rising = curve.points().stream().sorted(Comparator.comparingDouble(Point::sparsity)).toList();
        int above = 0;
        while (above < rising.size() - 1 && rising.get(above).sparsity() < sparsity) {
            above++;
        }
        Point to = rising.get(above);
        Point from = rising.get(Math.max(0, above - 1));
        double share = to.sparsity() == from.sparsity() ? 1 : (sparsity - from.sparsity()) / (to.sparsity() - from.sparsity());
        double kept = from.p() + share * (to.p() - from.p());
        return (kept * (dense.up().flops() + dense.gate().flops()) + (1 - sparsity) * dense.down().flops()) / dense.total().flops();
    }

    private static Optional<Level> critical(RobustnessResult result, double bar, Site site) {
        return result.curve(SiteSet.byKey(site.key())).map(curve -> CriticalSparsity.of(result.windowed(curve).pooled(), new Bar(bar)).linear())
                .filter(level -> level.kind() != Level.Kind.NONE);
    }

    private static double left(ModelSummary model, AttentionRoute route, double sparsity) {
        // Every projection has as many weights a head and entry of it, so the ratio is the same for any size of heads, which results don't tell.
        Attention attention = new Attention(model.hidden(), model.heads(), model.kvHeads(), 1, Float.BYTES);
        return attention.sparse(route, sparsity, 1).total().flops() / attention.dense(1).total().flops();
    }

    /** What pays for this model: a sentence for the feed-forward block and one for attention, each only where something was measured that could. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        line().ifPresent(lines::add);
        if (!attention.isEmpty()) {
            lines.add("in attention: " + String.join("; ", attention.stream().map(Savings::shown).toList())
                    + " of its projections' operations and weight bytes a token; counted at critical sparsity, not measured");
        }
        return lines;
    }

    private Optional<String> line() {
        return best().map(saved -> {
            String others = String.join(", ", routes.stream().filter(other -> other != saved && other.way != Way.PREDICTED).map(Saved::line).toList());
            String predicted = routes.stream().filter(other -> other.way == Way.PREDICTED).findFirst()
                    .map(other -> String.format(Locale.ROOT, "; by a predictor of the intermediate vector that were free and never wrong × %.2f", other.left)).orElse("");
            return "what to use: " + saved.line() + " of a block's operations and weight bytes a token" + (others.isEmpty() ? "" : " (" + others + ")") + predicted
                    + "; counted at critical sparsity" + (saved.way == Way.CHOSEN ? ", for tokens behind the prompt" : "")
                    + (routes.stream().anyMatch(way -> way.way == Way.JOINT) ? " (of several sites at what saves most within the bar)" : "") + ", not measured";
        });
    }

    private static String shown(SavedAttention saved) {
        String how = switch (saved.route) {
            case INPUT -> "the input's zeros, columns of the query, key and value projections:";
            case OUTPUT -> "the zeros of the heads' sums, columns of the output projection:";
        };
        return String.format(Locale.ROOT, "%s × %.2f", how, saved.left);
    }
}
