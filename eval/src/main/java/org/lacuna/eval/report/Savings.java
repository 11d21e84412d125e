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
import org.lacuna.sparsity.cost.FeedForward;
import org.lacuna.sparsity.cost.Route;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.CriticalSparsity;
import org.lacuna.sparsity.critical.Level;

/**
 * What of a feed-forward block a token would still take if each site's critical sparsity (linear) were made use of, counted from shapes and not
 * measured: operations, and as many bytes of weights, since every product of one token reads its matrix once.
 *
 * @param routes one for each site that was measured and way to use its zeros
 */
public record Savings(List<Saved> routes) {
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

    /** Of one model, under the bar that it was measured with; none for models with experts and networks of Deeplearning4j, whose blocks are others. */
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
                result.curve(SiteSet.byKey(route.site().key()))
                        .map(curve -> CriticalSparsity.of(result.windowed(curve).pooled(), new Bar(bar)).linear()).filter(level -> level.kind() != Level.Kind.NONE)
                        .filter(level -> gated || !route.needsGate())
                        .ifPresent(level -> routes.add(new Saved(route, level, block.saving(route, level.sparsity(), 1).flopsRatio())));
            }
        }
        return new Savings(List.copyOf(routes));
    }

    /** What pays most for this model, predictors apart, which are not there; empty where nothing was measured that could. */
    Optional<Saved> best() {
        return routes.stream().filter(saved -> saved.route != Route.PREDICTED).min(Comparator.comparingDouble(Saved::left));
    }

    /** The same in a sentence. */
    public Optional<String> line() {
        return best().map(saved -> {
            String others = String.join(", ", routes.stream().filter(other -> other != saved && other.route != Route.PREDICTED).map(Savings::shown).toList());
            String predicted = routes.stream().filter(other -> other.route == Route.PREDICTED).findFirst()
                    .map(other -> String.format(Locale.ROOT, "; by a predictor of the intermediate vector that were free and never wrong × %.2f", other.left)).orElse("");
            return "what to use: " + shown(saved) + " of a block's operations and weight bytes a token" + (others.isEmpty() ? "" : " (" + others + ")") + predicted
                    + "; counted at critical sparsity, not measured";
        });
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
