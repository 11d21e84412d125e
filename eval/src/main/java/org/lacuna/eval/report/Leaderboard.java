package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.report.Savings.Saved;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.CriticalSparsity;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.WindowedCurve;

/**
 * Models by how much can be left out of them at one set of sites, the most first. Only models that were measured on the same windows, by the same rule in the
 * same layers and on the same tokens are ranked with each other: how much can be left out depends on all of these. All stand under the comparison's bar, its
 * draws and its confidence.
 *
 * @param sites      where
 * @param bar        perplexity / dense perplexity that is allowed
 * @param confidence of the intervals, and of each pair's difference by which ranks are told apart
 * @param boards     models that are ranked with each other, the comparison's shared control among those of the first
 */
public record Leaderboard(SiteSet sites, double bar, double confidence, List<Board> boards) {
    /** Copies the list. */
    public Leaderboard {
        boards = List.copyOf(boards);
    }

    /**
     * Models that were measured alike.
     *
     * @param measured how
     * @param apart    why they are not ranked with those of the first board, in a sentence; empty for that one
     * @param rows     the most tolerant first; after those with a critical sparsity the ones without, then those that have no curve
     */
    public record Board(String measured, Optional<String> apart, List<Row> rows) {
        /** Copies the list. */
        public Board {
            rows = List.copyOf(rows);
        }
    }

    /**
     * One model.
     *
     * @param model    its place in the comparison
     * @param label    its name there, told apart from others of the same name
     * @param rank     among its board; empty where it has no critical sparsity
     * @param critical by {@link Estimator#LINEAR}; empty where there is no curve
     * @param saved    what makes most of its zeros at this bar, by whatever site; empty where nothing does or its blocks are not of the kind that is counted
     */
    public record Row(int model, String label, Optional<Rank> rank, Optional<Estimate> critical, Optional<Saved> saved) {
    }

    /**
     * Which ranks a model may have: from 1 + the number of models that are above it for certain to the number of those that are not below it for certain.
     * For certain: the interval of the two's difference, on the same draws of windows, does not hold 0.
     *
     * @param best  at least 1
     * @param worst at least that
     */
    public record Rank(int best, int worst) {
        /** {@code 2}, or {@code 2–4}. */
        public String shown() {
            return best == worst ? Integer.toString(best) : best + "–" + worst;
        }
    }

    /** One model's levels: over all windows, and on each draw. */
    private record Levels(Level level, List<Level> draws) {
    }

    /** Sorts a comparison's models by the sites that it is mainly about: the intermediate vector, else what was measured first. */
    public static Leaderboard of(Comparison comparison) {
        return of(comparison, Report.headline(comparison));
    }

    /** Sorts a comparison's models by one set of sites. */
    public static Leaderboard of(Comparison comparison, SiteSet sites) {
        List<RobustnessResult> models = comparison.models();
        Settings settings = models.get(comparison.control()).settings();
        Map<List<String>, List<Integer>> alike = new LinkedHashMap<>();
        alike.put(measured(models.get(comparison.control())), new ArrayList<>());
        IntStream.range(0, models.size()).forEach(i -> alike.computeIfAbsent(measured(models.get(i)), key -> new ArrayList<>()).add(i));
        List<String> labels = comparison.labels();
        List<Board> boards = new ArrayList<>();
        for (List<Integer> members : alike.values()) {
            RobustnessResult any = models.get(members.get(0));
            boards.add(new Board(any.settings().treatment() + "; " + any.data().inWords(),
                    boards.isEmpty() ? Optional.empty() : Optional.of(apart(any, models.get(comparison.control()))), rows(models, members, labels, sites, settings)));
        }
        return new Leaderboard(sites, settings.bar(), settings.confidence(), boards);
    }

    private static List<String> measured(RobustnessResult result) {
        return List.of(result.settings().treatment(), result.data().windowsSha256());
    }

    private static String apart(RobustnessResult one, RobustnessResult first) {
        List<String> reasons = new ArrayList<>();
        if (!one.data().windowsSha256().equals(first.data().windowsSha256())) {
            boolean otherTokens = one.model().vocabulary() != first.model().vocabulary() || one.model().tokenizerSha256().isPresent() && first.model().tokenizerSha256().isPresent()
                    && !one.model().tokenizerSha256().equals(first.model().tokenizerSha256());
            reasons.add("measured on other windows, and how much can be left out depends on the text" + (otherTokens
                    ? " (in the tokens of another tokenizer: of losses, bits/byte can be held against each other, roughly, as the stretches of text differ)" : ""));
        }
        if (!one.settings().treatment().equals(first.settings().treatment())) {
            reasons.add("by other means (" + one.settings().treatment() + "; above: " + first.settings().treatment() + ")");
        }
        return "Not ranked with those above: " + String.join("; ", reasons) + ".";
    }

    private static List<Row> rows(List<RobustnessResult> models, List<Integer> members, List<String> labels, SiteSet sites, Settings settings) {
        PairedBootstrap bootstrap = settings.bootstrap(models.get(members.get(0)).data().windows());
        Bar bar = new Bar(settings.bar());
        Map<Integer, Levels> levels = new LinkedHashMap<>();
        for (int model : members) {
            RobustnessResult result = models.get(model);
            Optional<SiteResult> curve = result.curve(sites);
            curve.map(result::windowed).ifPresent(windowed -> levels.put(model, levels(windowed, bar, bootstrap)));
        }
        List<Row> rows = new ArrayList<>();
        for (int model : members) {
            Optional<Levels> own = Optional.ofNullable(levels.get(model));
            rows.add(new Row(model, labels.get(model), own.filter(Leaderboard::isLevel).map(mine -> rank(mine, levels.values(), bootstrap, settings.confidence())),
                    own.map(mine -> new Estimate(Estimator.LINEAR, mine.level, bootstrap.interval(mine.draws, settings.confidence()))),
                    Savings.of(models.get(model), settings.bar()).best()));
        }
        rows.sort(Comparator.comparing((Row row) -> row.rank().isEmpty()).thenComparing(row -> row.critical().isEmpty())
                .thenComparingDouble(row -> row.rank().isEmpty() ? 0 : -row.critical().orElseThrow().level().sparsity()));
        return rows;
    }

    private static Levels levels(WindowedCurve curve, Bar bar, PairedBootstrap bootstrap) {
        return new Levels(CriticalSparsity.of(curve.pooled(), bar).linear(), bootstrap.levels(times -> CriticalSparsity.of(curve.pooled(times), bar).linear()));
    }

    private static boolean isLevel(Levels levels) {
        return levels.level.kind() != Level.Kind.NONE;
    }

    private static Rank rank(Levels own, Iterable<Levels> all, PairedBootstrap bootstrap, double confidence) {
        int best = 1;
        int worst = 0;
        for (Levels other : all) {
            if (isLevel(other)) {
                PairedBootstrap.Interval above = bootstrap.difference(other.draws, own.draws, confidence);
                best += above.low() > 0 ? 1 : 0;
                worst += above.high() < 0 ? 0 : 1;
            }
        }
        return new Rank(best, worst);
    }
}
