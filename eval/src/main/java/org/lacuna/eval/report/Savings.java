package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.cost.Attention;
import org.lacuna.sparsity.cost.AttentionRoute;
import org.lacuna.sparsity.cost.FeedForward;
import org.lacuna.sparsity.cost.Route;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.CriticalSparsity;
import org.lacuna.sparsity.critical.Level;

/**
 * What of a feed-forward block, and of attention's projections, a token would still take if each site's critical sparsity (linear) were made use of,
 * counted from shapes and not measured: operations, and as many bytes of weights, since every product of one token reads its matrix once.
 *
 * @param routes    one for each of the block's sites that was measured and way to use its zeros
 * @param attention one for each of attention's that was measured
 */
public record Savings(List<Saved> routes, List<SavedAttention> attention) {
    /**
     * A way to use a site's zeros.
     *
     * @param level critical sparsity
     * @param left  operations / those of the dense block, and weights' bytes over its
     */
    public record Saved(Route route, Level level, double left) {
        /** For a table: {@code × 0.62 down only}. */
        public String shown() {
            return String.format(Locale.ROOT, "× %.2f %s", left, way());
        }

        /** The route in two words. */
        String way() {
            return switch (route) {
                case INPUT -> "by input";
                case GATE_FIRST -> "gate first";
                case UP_FIRST -> "up first";
                case PREDICTED -> "predicted";
                case DOWN_ONLY -> "down only";
            };
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
            for (Route route : Route.values()) {
                critical(result, bar, route.site()).filter(level -> gated || !route.needsGate())
                        .ifPresent(level -> routes.add(new Saved(route, level, block.saving(route, level.sparsity(), 1).flopsRatio())));
            }
        }
        List<SavedAttention> attention = new ArrayList<>();
        for (AttentionRoute route : AttentionRoute.values()) {
            critical(result, bar, route.site()).ifPresent(level -> attention.add(new SavedAttention(route, level, left(model, route, level.sparsity()))));
        }
        return new Savings(List.copyOf(routes), List.copyOf(attention));
    }

    /** What pays most for this model, predictors apart, which are not there; empty where nothing was measured that could. */
    Optional<Saved> best() {
        return routes.stream().filter(saved -> saved.route != Route.PREDICTED).min(Comparator.comparingDouble(Saved::left));
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
            String others = String.join(", ", routes.stream().filter(other -> other != saved && other.route != Route.PREDICTED).map(Savings::shown).toList());
            String predicted = routes.stream().filter(other -> other.route == Route.PREDICTED).findFirst()
                    .map(other -> String.format(Locale.ROOT, "; by a predictor of the intermediate vector that were free and never wrong × %.2f", other.left)).orElse("");
            return "what to use: " + shown(saved) + " of a block's operations and weight bytes a token" + (others.isEmpty() ? "" : " (" + others + ")") + predicted
                    + "; counted at critical sparsity, not measured";
        });
    }

    private static String shown(SavedAttention saved) {
        String how = switch (saved.route) {
            case INPUT -> "the input's zeros, columns of the query, key and value projections:";
            case OUTPUT -> "the zeros of the heads' sums, columns of the output projection:";
        };
        return String.format(Locale.ROOT, "%s × %.2f", how, saved.left);
    }

    private static String shown(Saved saved) {
        String how = switch (saved.route) {
            case INPUT -> "the input's zeros, columns of up and gate:";
            case GATE_FIRST -> "the gate's zeros, rows of up and columns of down:";
            case UP_FIRST -> "the up projection's zeros, rows of the gate and columns of down:";
            case PREDICTED -> "the intermediate vector's zeros by a predictor:";
            case DOWN_ONLY -> "the intermediate vector's zeros, columns of down:";
        };
        return String.format(Locale.ROOT, "%s × %.2f", how, saved.left);
    }
}
