package org.lacuna.eval.command;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.lacuna.eval.measure.Cut;
import org.lacuna.eval.measure.Measuring;
import org.lacuna.eval.method.Method;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.robustness.FoundProblems;
import org.lacuna.eval.robustness.JointGrid;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.InputException;
import org.lacuna.sparsity.critical.Bar;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How models are measured: the options that the commands which measure share. */
public final class MeasureOptions {
    /** With fewer draws than these, none lies outside a 95 % interval. */
    private static final int LEAST_REPLICATES = 40;
    /** All draws are held in memory. */
    private static final int MOST_POINTS = 1000;

    @Mixin
    private WindowOptions text;

    @Option(names = "--sites", split = ",", paramLabel = "SITE",
            description = "Where to sparsify, a curve each: of the feed-forward block input, up, gate, intermediate, all_inputs (input and intermediate together); of attention "
                    + "attention_input (what queries, keys and values are made of), attention_output (what the output projection reads). "
                    + "Default: all that the model's feed-forward block has.")
    private List<String> sites = new ArrayList<>();

    @Option(names = "--rule", defaultValue = "top_p", paramLabel = "RULE",
            description = "What leaves activations out: top_p, top_k, max_p, stat_top_k, top_p_energy or threshold with one p for all layers; "
                    + "calibrated (TEAL, CATS), greedy (TEAL), "
                    + "channel (CHESS), weighted, cett (Sparsing Law), weighted_top_k (WINA) or griffin, which look at the model first; or the controls random_k and bottom_k. Default: ${DEFAULT-VALUE}.")
    private String rule;

    @Option(names = "--grid", split = ",", paramLabel = "P", description = "Values of the rule's p. Default: the paper's 26 from 1 to 0, or the rule's own.")
    private List<Double> grid = new ArrayList<>();

    @Option(names = "--coverage", paramLabel = "TOKENS",
            description = "Which tokens of a window the rule is applied to: all, but_first, or last:SHARE, say last:0.5; of a task's request also decode, from the context's "
                    + "last token on, or generated, from the first one behind it. Default: all; griffin on tasks: generated.")
    private String coverage;

    @Option(names = "--layers", defaultValue = "all", paramLabel = "LAYERS",
            description = "In which layers the rule is applied, counted from 0: all, or numbers and ranges, say 0-3,7. Sparsity is of these layers. "
                    + "Default: ${DEFAULT-VALUE}.")
    private String layers;

    @Option(names = "--bar", paramLabel = "X", description = "Critical sparsity holds while perplexity is at most X times the dense one. Default: 1.01.")
    private Double bar;

    @Option(names = "--replicates", defaultValue = "1000", paramLabel = "N",
            description = "Draws of the windows for the 95 %% intervals. Default: ${DEFAULT-VALUE}.")
    private int replicates;

    @Option(names = "--bootstrap-seed", defaultValue = "1", paramLabel = "N", description = "Seed of these draws. Default: ${DEFAULT-VALUE}.")
    private long seed;

    /**
     * Checks the values.
     *
     * @throws InputException that lists all that is wrong with them
     */
    public void check() {
        List<String> problems = new ArrayList<>();
        text.check(problems, 2); // all draws of one window are the same: no interval
        WindowOptions.atLeast(problems, LEAST_REPLICATES, "--replicates", replicates);
        if (replicates > FoundProblems.MOST_REPLICATES) {
            problems.add("--replicates: must be at most " + FoundProblems.MOST_REPLICATES + ", not " + replicates);
        }
        try {
            new Bar(bar());
        } catch (IllegalArgumentException e) {
            problems.add("--bar: " + e.getMessage());
        }
        try {
            Method method = Methods.byName(rule);
            if (grid.isEmpty() && method.grid().isEmpty()) {
                problems.add("--rule " + rule + " has no values of its own, since they depend on the model; name some: --grid 0,0.01,0.1");
            }
        } catch (IllegalArgumentException e) {
            problems.add("--rule: " + e.getMessage());
        }
        try {
            for (Method method : Methods.all()) {
                grid.stream().filter(p -> p >= 0 && method.name().equals(rule)).forEach(method::check);
            }
        } catch (IllegalArgumentException e) {
            problems.add("--grid: " + e.getMessage());
        }
        if (new HashSet<>(grid).size() < grid.size()) {
            problems.add("--grid: must be values, each once, not " + grid);
        }
        grid.stream().filter(p -> !(p >= 0 && p < Double.POSITIVE_INFINITY)).findFirst().ifPresent(p -> problems.add("--grid: must be 0 or more, not " + p));
        if (grid.size() > MOST_POINTS) {
            problems.add("--grid: must be at most " + MOST_POINTS + " values, not " + grid.size());
        }
        try {
            coverage(TokenCoverage.EVERY);
        } catch (IllegalArgumentException e) {
            problems.add("--coverage: " + e.getMessage());
        }
        try {
            LayerSet.parse(layers);
        } catch (IllegalArgumentException e) {
            problems.add("--layers: " + e.getMessage());
        }
        for (String site : sites) {
            try {
                SiteSet.byKey(site);
            } catch (IllegalArgumentException e) {
                problems.add("--sites: " + e.getMessage());
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /**
     * The grid of sites with a p of their own each.
     *
     * @param sites    as the user wrote them; none for no grid
     * @param problems what is wrong with them is added
     */
    Optional<JointGrid> joint(List<String> sites, List<String> problems) {
        if (sites.isEmpty()) {
            return Optional.empty();
        }
        try {
            JointGrid joint = JointGrid.parse(sites, grid.isEmpty() ? JointGrid.few(method().grid()) : grid);
            joint.values().values().stream().flatMap(List::stream).distinct().forEach(method()::check);
            return Optional.of(joint);
        } catch (IllegalArgumentException e) {
            problems.add("--joint: " + e.getMessage());
            return Optional.empty();
        }
    }

    private double bar() {
        return givenBar().orElse(Bar.ONE_PERCENT.perplexityRatio());
    }

    /** The bar, if one was named. */
    Optional<Double> givenBar() {
        return Optional.ofNullable(bar);
    }

    /** What leaves activations out. */
    public Method method() {
        return Methods.byName(rule);
    }

    /** How many windows. */
    public int windows() {
        return text.windows();
    }

    /**
     * Takes those windows that all of some measurements have.
     *
     * @param kept for each model, how its measurements were cut
     * @return how, if that is not the default anyway
     */
    Optional<Cut> takeCommon(List<Set<Cut>> kept) {
        Set<Cut> common = new HashSet<>(kept.isEmpty() ? Set.of() : kept.get(0));
        kept.forEach(common::retainAll);
        Optional<Cut> one = common.size() == 1 ? common.stream().filter(cut -> !cut.equals(new Cut(windows(), window(Integer.MAX_VALUE)))).findFirst() : Optional.empty();
        one.ifPresent(text::take);
        return one;
    }

    /** Whether nothing was said of windows. */
    boolean namesNoWindows() {
        return text.unnamed();
    }

    /** Tokens in a window, for a model of so many positions. */
    public int window(int positions) {
        return text.window(positions);
    }

    /** The threads that were asked for, but no crowd: beyond a thread a processor they only wait for each other. */
    public Workers team() {
        return text.team();
    }

    private TokenCoverage coverage(TokenCoverage unnamed) {
        return coverage == null ? unnamed : TokenCoverage.parse(coverage);
    }

    /** The settings, at the sites that were named, or where none was at those that are {@code there}. */
    public Settings settings(List<SiteSet> there) {
        return settings(there, TokenCoverage.EVERY);
    }

    /** The same with the coverage that was named, or {@code unnamed}. */
    public Settings settings(List<SiteSet> there, TokenCoverage unnamed) {
        List<SiteSet> wanted = sites.isEmpty() ? there : sites.stream().map(SiteSet::byKey).distinct().toList();
        return new Settings(rule, grid.isEmpty() ? method().grid() : grid, coverage(unnamed), LayerSet.parse(layers), wanted, bar(), replicates, seed,
                Settings.PAPER.confidence());
    }

    /**
     * What measures by these options.
     *
     * @param sets      changes to every run's data, as {@code data.text=FILE}
     * @param positions of the model that is measured alone; of many, {@link Integer#MAX_VALUE}
     * @param watch     asked between pieces of the work
     */
    public Measuring measuring(List<String> sets, int positions, Device device, Workers team, Watch watch, Consumer<String> progress) {
        return new Measuring(sets, windows(), window(positions), settings(SiteSet.FEED_FORWARD), device, team, watch, progress);
    }
}
