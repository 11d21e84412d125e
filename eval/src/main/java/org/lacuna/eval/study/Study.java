package org.lacuna.eval.study;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.run.InputException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.Coverage;
import org.lacuna.sparsity.critical.CriticalSparsity;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.QualityBar;
import org.lacuna.sparsity.critical.WindowedCurve;

/**
 * Models by size, variant and seed, and the numbers that {@link Relation}s are made of, each with its bootstrap draws. Windows are drawn once for all models,
 * documents once for each task, and training seeds once for each size, for all its variants alike: a variant's seeds begin with the same weights and see the
 * same text in the same order. A size with one seed is that seed in all draws: its numbers cover no choice of seeds.
 */
public final class Study {
    /** The rule that the paper recommends. */
    public static final String TOP_P = "top_p";
    /** The rule that it is held against. */
    static final String TOP_K = "top_k";
    /** The bar on perplexity. */
    static final double BAR = Bar.ONE_PERCENT.perplexityRatio();

    private final String name;
    private final List<StudiedModel> models;
    private final Settings settings;
    private final Map<String, int[][]> seedDraws = new HashMap<>();
    private final Map<List<Object>, Draws> known = new HashMap<>();

    /**
     * Puts models together.
     *
     * @param models every size with every variant and the same seeds, at least one; in the order in which variants are told
     * @throws InputException if a model was measured on other windows or documents than another, or is missing
     */
    public Study(String name, List<StudiedModel> models) {
        this.name = name;
        this.models = List.copyOf(models);
        settings = models.get(0).any().settings();
        List<String> problems = new ArrayList<>();
        for (StudiedModel model : models) {
            model.rules().forEach((rule, result) -> {
                if (!result.data().windowsSha256().equals(models.get(0).any().data().windowsSha256())) {
                    problems.add(model.size() + " " + model.variant() + ": was measured on other windows than " + models.get(0).size() + " " + models.get(0).variant());
                }
            });
            if (!model.any().model().tokensSeen().equals(models.get(0).any().model().tokensSeen())) {
                problems.add(model.size() + " " + model.variant() + ": was trained on " + told(model) + " tokens, " + models.get(0).size() + " " + models.get(0).variant() + " on "
                        + told(models.get(0)) + "; expected as many for all, by train.steps, batch and window");
            }
            model.tasks().forEach((task, measured) -> {
                if (!measured.task().equals(models.get(0).tasks().get(task).task())) {
                    problems.add(model.size() + " " + model.variant() + ": was asked other questions of " + task + " than " + models.get(0).size() + " " + models.get(0).variant());
                }
            });
        }
        for (String size : sizes()) {
            List<Long> seeds = of(size, variants().get(0)).stream().map(StudiedModel::seed).toList();
            for (String variant : variants()) {
                if (!of(size, variant).stream().map(StudiedModel::seed).toList().equals(seeds)) {
                    problems.add(size + " " + variant + ": has not the seeds of " + size + " " + variants().get(0));
                }
            }
            SplittableRandom random = new SplittableRandom(settings.seed() + 1L + seedDraws.size());
            int[][] draws = new int[settings.replicates()][seeds.size()];
            for (int[] times : draws) {
                for (int s = 0; s < seeds.size(); s++) {
                    times[random.nextInt(seeds.size())]++;
                }
            }
            seedDraws.put(size, draws);
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    private static String told(StudiedModel model) {
        OptionalLong tokens = model.any().model().tokensSeen();
        return tokens.isPresent() ? Long.toString(tokens.getAsLong()) : "an unknown number of";
    }

    /** What it is called. */
    public String name() {
        return name;
    }

    /** All models. */
    public List<StudiedModel> models() {
        return models;
    }

    /** How all of them were measured, the rule and its sites apart. */
    public Settings settings() {
        return settings;
    }

    /** The sizes, the smallest first. */
    public List<String> sizes() {
        List<StudiedModel> bySize = new ArrayList<>(models);
        bySize.sort(Comparator.comparingLong(StudiedModel::parameters));
        return List.copyOf(new LinkedHashSet<>(bySize.stream().map(StudiedModel::size).toList()));
    }

    /** The variants. */
    public List<String> variants() {
        return List.copyOf(new LinkedHashSet<>(models.stream().map(StudiedModel::variant).toList()));
    }

    /** The models of one size and variant, by seed. */
    public List<StudiedModel> of(String size, String variant) {
        return models.stream().filter(model -> model.size().equals(size) && model.variant().equals(variant)).sorted(Comparator.comparingLong(StudiedModel::seed)).toList();
    }

    /** The variants whose training asked for sparse activations, or those of which it is known that it did not. */
    List<String> variants(Training training) {
        return variants().stream().filter(variant -> models.stream().filter(model -> model.variant().equals(variant)).allMatch(model -> model.any().model().training() == training)).toList();
    }

    /** The tasks. */
    public List<String> tasks() {
        return models.get(0).tasks().keySet().stream().sorted().toList();
    }

    /** Told of one size and variant: a number of each of its seeds, put together as their mean. */
    Draws mean(String size, String variant, Function<StudiedModel, Draws> number) {
        List<Draws> seeds = of(size, variant).stream().map(number).toList();
        int[][] times = seedDraws.get(size);
        double[] draws = new double[settings.replicates()];
        for (int r = 0; r < draws.length; r++) {
            for (int s = 0; s < seeds.size(); s++) {
                draws[r] += times[r][s] * seeds.get(s).draws()[r] / seeds.size();
            }
        }
        return new Draws(seeds.stream().mapToDouble(Draws::value).average().orElseThrow(), draws, seeds.stream().allMatch(Draws::certain));
    }

    /** A model's critical sparsity by a rule, interpolated. */
    Draws critical(StudiedModel model, String rule, SiteSet sites, double bar) {
        return known.computeIfAbsent(List.of(model.size(), model.variant(), model.seed(), rule, sites, bar), key -> {
            RobustnessResult result = model.rules().get(rule);
            WindowedCurve curve = result.windowed(model.curve(rule, sites));
            Bar at = new Bar(bar);
            return levels(settings.bootstrap(curve.windows()), curve.windows(), times -> CriticalSparsity.of(curve.pooled(times), at).linear());
        });
    }

    /** A model's sparsity at one value of the rule's parameter. */
    Draws sparsity(StudiedModel model, String rule, SiteSet sites, double p) {
        SiteResult measured = model.curve(rule, sites);
        int point = IntStream.range(0, measured.points().size()).filter(i -> measured.points().get(i).p() == p).findFirst()
                .orElseThrow(() -> new IllegalArgumentException(rule + " was not measured at " + p));
        WindowedCurve curve = model.rules().get(rule).windowed(measured);
        return numbers(settings.bootstrap(curve.windows()), curve.windows(), times -> curve.pooled(times).points().get(point).sparsity());
    }

    /** A model's loss without a rule. */
    Draws loss(StudiedModel model) {
        WindowedCurve curve = model.rules().get(TOP_P).windowed(model.rules().get(TOP_P).curves().get(0));
        return numbers(settings.bootstrap(curve.windows()), curve.windows(), times -> curve.pooled(times).denseLoss());
    }

    /** A model's critical sparsity on a task, by its first metric; draws of one task's documents do not depend on another's. */
    Draws critical(StudiedModel model, String task) {
        return known.computeIfAbsent(List.of(model.size(), model.variant(), model.seed(), task), key -> {
            TaskMeasurement measured = model.tasks().get(task);
            int documents = measured.task().documents();
            WindowedCurve curve = TaskMeasurement.windowed(measured.curves().get(0).points(), measured.dense().get(0), 0);
            QualityBar bar = measured.settings().bar(measured.dense().get(0).metric());
            return levels(documentDraws(task, documents), documents, times -> bar.levels(curve.pooled(times)).linear());
        });
    }

    /** A model's score on a task without a rule, by its first metric. */
    Draws score(StudiedModel model, String task) {
        TaskMeasurement measured = model.tasks().get(task);
        int documents = measured.task().documents();
        return numbers(documentDraws(task, documents), documents, measured.dense().get(0)::pooled);
    }

    /** Whether a size and variant is better on a task than choosing blindly, its interval says: how much can be left out before it falls says nothing else. */
    boolean aboveChance(String size, String variant, String task) {
        OptionalDouble chance = models.get(0).tasks().get(task).task().chance();
        return chance.isEmpty() || mean(size, variant, model -> score(model, task)).interval(settings.confidence())[0] > chance.getAsDouble();
    }

    /** Which sizes and variants are no better at which tasks than choosing blindly, a clause for each task; empty if all are. */
    List<String> notAboveChance() {
        List<String> clauses = new ArrayList<>();
        for (String task : tasks()) {
            List<String> blind = variants().stream().flatMap(variant -> sizes().stream().filter(size -> !aboveChance(size, variant, task)).map(size -> variant + ", " + size)).toList();
            if (!blind.isEmpty()) {
                clauses.add("not above chance at " + task + ": " + String.join("; ", blind));
            }
        }
        return clauses;
    }

    private PairedBootstrap documentDraws(String task, int documents) {
        return new PairedBootstrap(documents, settings.replicates(), settings.seed() + 1000L + tasks().indexOf(task));
    }

    private static Draws levels(PairedBootstrap bootstrap, int count, Function<int[], Level> level) {
        boolean[] certain = {true};
        ToDoubleFunction<int[]> number = times -> {
            Level on = level.apply(times);
            certain[0] &= on.kind() == Level.Kind.AT;
            return on.kind() == Level.Kind.NONE ? 0 : on.sparsity();
        };
        Draws draws = numbers(bootstrap, count, number);
        return new Draws(draws.value(), draws.draws(), certain[0]);
    }

    private static Draws numbers(PairedBootstrap bootstrap, int count, ToDoubleFunction<int[]> number) {
        int[] once = new int[count];
        Arrays.fill(once, 1);
        return new Draws(number.applyAsDouble(once), bootstrap.numbers(number), true);
    }

    /** A row for each size and variant. */
    List<Finding.Row> rows(Function<StudiedModel, Draws> number) {
        List<Finding.Row> rows = new ArrayList<>();
        for (String variant : variants()) {
            for (String size : sizes()) {
                rows.add(Finding.Row.of(variant + ", " + size, mean(size, variant, number), settings.confidence()));
            }
        }
        return rows;
    }

    /** What intervals of this study cover, in a sentence. */
    public String covers() {
        Map<String, Integer> seeds = new LinkedHashMap<>();
        sizes().forEach(size -> seeds.put(size, of(size, variants().get(0)).size()));
        String several = seeds.entrySet().stream().filter(size -> size.getValue() > 1).map(size -> size.getKey() + " (" + size.getValue() + " seeds)").collect(Collectors.joining(", "));
        String single = seeds.entrySet().stream().filter(size -> size.getValue() == 1).map(Map.Entry::getKey).collect(Collectors.joining(", "));
        return "Intervals (" + Math.round(100 * settings.confidence()) + " %) are over draws of windows, or documents"
                + (several.isEmpty() ? "" : ", and of the training seeds of " + several + ", so few that they show less than seeds vary" + seedsCover(seeds.values()))
                + (single.isEmpty() ? "." : "; " + single + (several.isEmpty() ? " have" : " have but") + " one seed, and their intervals cover no choice of it.");
    }

    private static String seedsCover(Collection<Integer> counts) {
        String covered = Coverage.SEEDS.stream().filter(c -> c.of().equals(Coverage.SEEDS_VARY_MORE) && counts.contains(c.examples()))
                .map(c -> c.examples() + " seeds in " + c.covered() + " of " + c.simulated()).collect(Collectors.joining(", "));
        return covered.isEmpty() ? "" : " (where they vary four times as much as windows do, nominal 95 % intervals held a truth that is known with " + covered + " simulated studies)";
    }

    /** The share of activations that are zero without a rule, in the intermediate vector, mean over layers and seeds. */
    public double zeros(String size, String variant) {
        return of(size, variant).stream().mapToDouble(model -> model.any().dense().exactZeros().get(Site.INTERMEDIATE).stream()
                .mapToDouble(Double::doubleValue).average().orElse(0)).average().orElseThrow();
    }

    /** Sizes with their parameters. */
    public Map<String, Long> parameters() {
        Map<String, Long> parameters = new LinkedHashMap<>();
        sizes().forEach(size -> parameters.put(size, of(size, variants().get(0)).get(0).parameters()));
        return Collections.unmodifiableMap(parameters);
    }
}
