package org.lacuna.training.sweep;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.distribution.TDistribution;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.measure.Measuring;
import org.lacuna.eval.report.Extras;
import org.lacuna.eval.report.ReportWriter;
import org.lacuna.eval.report.SweepPage;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.sweep.SweepState.Rung;
import org.lacuna.training.sweep.SweepState.Standing;

/** Writes what a sweep found: {@code report.json}, the page made of it, and the comparison of the best candidate with the recipe and the control. */
final class SweepReport {
    static final String PAGE = "report.html";
    private static final String NUMBERS = "report.json";
    private static final String COMPARE = "compare";
    private static final double CONFIDENCE = 0.95;

    private final Path folder;
    private final SweepState state;
    private final SweepRecipe recipe;
    private final List<Standing> candidates;

    private SweepReport(Path folder) {
        this.folder = folder;
        state = SweepState.of(folder);
        recipe = state.recipe();
        candidates = state.candidates();
    }

    /** Writes the report of a sweep that has ended, and its findings to {@code out}. */
    static void write(Path folder, PrintWriter out, BooleanSupplier stop) {
        SweepReport report = new SweepReport(folder);
        ObjectNode json = report.json();
        Optional<Path> best = report.best();
        if (best.isEmpty()) {
            out.println("no candidate is within the control's loss + " + report.recipe.score().slack() * 100 + " %");
        } else if (report.measured(Sweep.DEFAULT)) {
            report.compare(best.get(), json, out, stop);
        }
        // The page last: it says that the sweep has ended.
        AtomicFiles.write(folder.resolve(NUMBERS), json.toPrettyString() + "\n");
        AtomicFiles.write(folder.resolve(PAGE), SweepPage.html(json));
        out.println(folder.resolve(PAGE));
        out.flush();
    }

    private Optional<Path> best() {
        try {
            return Optional.of(state.best());
        } catch (InputException e) {
            return Optional.empty();
        }
    }

    private boolean measured(String run) {
        List<Rung> rungs = state.rungs(run);
        return rungs.size() == state.steps().size() && rungs.get(rungs.size() - 1).mean().failed().isEmpty();
    }

    private ObjectNode json() {
        ObjectNode json = Json.object();
        json.putObject("sweep").put("name", recipe.name()).put("recipe", recipe.recipe().toString()).put("search", recipe.search().name()
                .toLowerCase(Locale.ROOT)).put("budget", recipe.budget())
                .put("seed", recipe.seed()).put("repeat", recipe.repeat()).put("score", recipe.score().text()).put("site", recipe.score().site()
                        .key()).put("slack", recipe.score().slack())
                .put("windows", recipe.windows()).put("control", Sweep.control(recipe));
        ArrayNode steps = json.withObject("/sweep").putArray("steps");
        state.steps().forEach(steps::add);
        ArrayNode references = json.putArray("references");
        if (!recipe.control().isEmpty()) {
            run(references.addObject().put("run", Sweep.CONTROL), state.rungs(Sweep.CONTROL));
        }
        run(references.addObject().put("run", Sweep.DEFAULT), state.rungs(Sweep.DEFAULT));
        ArrayNode all = json.putArray("candidates");
        for (Standing candidate : candidates) {
            ObjectNode node = all.addObject().put("run", candidate.proposal().name());
            candidate.proposal().values().forEach(node.putObject("values")::put);
            run(node, candidate.rungs());
        }
        ArrayNode ranked = json.putArray("ranked");
        state.ranked().forEach(candidate -> ranked.add(candidate.proposal().name()));
        ObjectNode pareto = json.putObject("pareto");
        front(Measured::critical).forEach(pareto.putArray("critical")::add);
        front(Measured::zeros).forEach(pareto.putArray("zeros")::add);
        importance(json.putArray("importance"));
        json.set("provenance", Provenance.collect(Map.of()).toJson());
        return json;
    }

    private void run(ObjectNode node, List<Rung> rungs) {
        ArrayNode array = node.putArray("rungs");
        for (Rung rung : rungs) {
            ObjectNode json = array.addObject().put("step", rung.step());
            ObjectNode mean = rung.mean().json();
            mean.remove("curve");
            json.setAll(mean);
            rung.score().ifPresent(score -> json.put("score", score).put("feasible", rung.feasible()));
            if (recipe.repeat() > 1 && rung.mean().failed().isEmpty()) {
                ObjectNode intervals = json.putObject("intervals");
                interval(intervals, "loss", rung.seeds(), Measured::loss);
                interval(intervals, "critical", rung.seeds(), Measured::critical);
                interval(intervals, "zeros", rung.seeds(), Measured::zeros);
            }
        }
        if (!rungs.isEmpty() && rungs.get(rungs.size() - 1).mean().failed().isEmpty()) {
            node.set("curve", rungs.get(rungs.size() - 1).mean().json().get("curve"));
        }
    }

    /** Student's interval of the mean over training seeds. */
    private static void interval(ObjectNode intervals, String name, List<Measured> seeds, ToDoubleFunction<Measured> figure) {
        double mean = seeds.stream().mapToDouble(figure).average().orElseThrow();
        double squares = seeds.stream().mapToDouble(figure).map(x -> (x - mean) * (x - mean)).sum();
        double half = new TDistribution(seeds.size() - 1).inverseCumulativeProbability((1
                + CONFIDENCE) / 2) * Math.sqrt(squares / (seeds.size() - 1) / seeds.size());
        intervals.putArray(name).add(mean - half).add(mean + half);
    }

    /** The candidates trained to the end that no other one beats in both, loss and a share; by rising loss. */
    private List<String> front(ToDoubleFunction<Measured> share) {
        Map<String, Measured> ended = new LinkedHashMap<>();
        candidates.stream().filter(candidate -> candidate.rungs().size() == state.steps().size()).filter(candidate -> candidate.last().orElseThrow()
                .mean().failed().isEmpty())
                .forEach(candidate -> ended.put(candidate.proposal().name(), candidate.last().orElseThrow().mean()));
        return ended.keySet().stream().filter(name -> ended.values().stream().noneMatch(other -> beats(other, ended.get(name), share)))
                .sorted(Comparator.comparingDouble(name -> ended.get(name).loss())).toList();
    }

    private static boolean beats(Measured a, Measured b, ToDoubleFunction<Measured> share) {
        double x = share.applyAsDouble(a);
        double y = share.applyAsDouble(b);
        return a.loss() <= b.loss() && x >= y && (a.loss() < b.loss() || x > y);
    }

    /** By the scores on the first rung, which every candidate reached. */
    private void importance(ArrayNode array) {
        List<Map<String, String>> values = new ArrayList<>();
        List<Double> scores = new ArrayList<>();
        for (Standing candidate : candidates) {
            candidate.rungs().stream().findFirst().flatMap(Rung::score).ifPresent(score -> {
                values.add(candidate.proposal().values());
                scores.add(score);
            });
        }
        for (Importance i : Importance.of(recipe.space(), values, scores)) {
            ObjectNode node = array.addObject().put("key", i.key()).put("measure", i.measure()).put("candidates", i.candidates());
            if (Double.isFinite(i.value())) {
                node.put("value", i.value());
            }
        }
    }

    private void compare(Path best, ObjectNode json, PrintWriter out, BooleanSupplier stop) {
        List<RobustnessResult> results = new ArrayList<>();
        int length = CandidateProcess.length(TrainRecipe.load(SweepFolder.base(folder), List.of()));
        try (Workers workers = new Workers(Runtime.getRuntime().availableProcessors())) {
            Measuring measuring = new Measuring(List.of(), recipe.windows(), length, Settings.PAPER.withSites(List.of(recipe.score().site())),
                    new CpuDevice(), workers, stop::getAsBoolean, line -> { });
            for (Path run : List.of(SweepFolder.run(folder, Sweep.DEFAULT, 0), best)) {
                results.add(measuring.of(ModelSource.of(run.toString())));
            }
            if (!recipe.control().isEmpty()) {
                results.add(measuring.of(ModelSource.of(SweepFolder.run(folder, Sweep.CONTROL, 0).toString())));
            }
        }
        Comparison comparison = Comparing.of(results, Map.of(1, 0));
        ReportWriter.write(folder.resolve(COMPARE), comparison, Extras.NONE);
        Comparison.Difference difference = comparison.differences().stream().filter(d -> d.model() == 1 && d.against() == 0
                && d.estimator() == Estimator.LINEAR).findFirst().orElseThrow();
        Comparison.LossRatio loss = comparison.losses().stream().filter(l -> l.model() == 1 && l.against() == 0).findFirst().orElseThrow();
        ObjectNode node = json.putObject("best").put("run", best.getParent().getFileName().toString()).put("folder", folder.relativize(best)
                .toString());
        ObjectNode against = node.putObject("againstDefault");
        against.putObject("critical").put("difference", difference.difference()).put("low", difference.interval().low()).put("high",
                difference.interval().high()).put("kind", difference.kind().name());
        against.putObject("loss").put("ratio", loss.ratio()).put("low", loss.interval().low()).put("high", loss.interval().high());
        out.printf(Locale.ROOT, "best: %s; critical sparsity − the recipe's: %+.4f [%+.4f, %+.4f]; loss × %.4f [%.4f, %.4f]%n", best,
                difference.difference(), difference.interval().low(),
                difference.interval().high(), loss.ratio(), loss.interval().low(), loss.interval().high());
    }
}
