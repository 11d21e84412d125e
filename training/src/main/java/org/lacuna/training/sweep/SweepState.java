package org.lacuna.training.sweep;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.FolderLock;
import org.lacuna.run.folder.MetricsLog;
import org.lacuna.training.recipe.TrainRecipe;

/** How a sweep stands, read from its folder, whether it goes on or not. */
public final class SweepState {
    private final Path folder;
    private final SweepRecipe recipe;
    private final List<Integer> steps;
    private final Journal journal;
    private final StatedScore score;

    /**
     * A run on a rung.
     *
     * @param step  after which it was measured
     * @param seeds one after the other; a failed one is the last
     * @param score empty where it failed, or the control is not measured there yet
     */
    record Rung(int step, Measured mean, List<Measured> seeds, Optional<Double> score, boolean feasible) {}

    /** A candidate and the rungs that it reached. */
    record Standing(Proposal proposal, List<Rung> rungs) {
        Optional<Rung> last() {
            return rungs.isEmpty() ? Optional.empty() : Optional.of(rungs.get(rungs.size() - 1));
        }
    }

    private SweepState(Path folder) {
        this.folder = folder;
        recipe = SweepFolder.sweep(folder);
        steps = recipe.steps(TrainRecipe.load(SweepFolder.base(folder), List.of()));
        journal = Journal.read(folder);
        score = new StatedScore(recipe.score());
    }

    /**
     * Reads a sweep's folder.
     *
     * @throws InputException if it is none
     */
    public static SweepState of(Path folder) {
        SweepFolder.check(folder);
        return new SweepState(folder);
    }

    SweepRecipe recipe() {
        return recipe;
    }

    List<Integer> steps() {
        return steps;
    }

    /** The rungs that a run reached, all of its seeds. */
    List<Rung> rungs(String run) {
        List<Rung> rungs = new ArrayList<>();
        for (int step : steps) {
            List<Measured> seeds = seeds(run, step);
            if (seeds.isEmpty()) {
                return rungs;
            }
            Measured mean = Measured.mean(seeds);
            List<Measured> control = seeds(Sweep.control(recipe), step);
            boolean known = mean.failed().isEmpty() && !control.isEmpty();
            Measured held = known ? Measured.mean(control) : null;
            rungs.add(new Rung(step, mean, seeds, known ? Optional.of(score.of(mean, held)) : Optional.empty(), known && score.feasible(mean, held)));
        }
        return rungs;
    }

    /** All seeds, or those up to one that failed; none while some are still to come. */
    private List<Measured> seeds(String run, int step) {
        List<Measured> seeds = new ArrayList<>();
        for (int seed = 0; seed < recipe.repeat(); seed++) {
            Optional<Measured> found = journal.result(run, seed, step);
            if (found.isEmpty()) {
                return List.of();
            }
            seeds.add(found.get());
            if (found.get().failed().isPresent()) {
                return seeds;
            }
        }
        return seeds;
    }

    /** All candidates, in their order. */
    List<Standing> candidates() {
        return journal.proposals().stream().sorted(Comparator.comparingInt(Proposal::index)).map(proposal -> new Standing(proposal,
                rungs(proposal.name()))).toList();
    }

    /** The candidates with a score on the last rung, the best first. */
    List<Standing> ranked() {
        Comparator<Standing> byRank = Comparator.comparing(candidate -> new Rank(candidate.last().orElseThrow().score().orElseThrow(),
                candidate.last().orElseThrow().mean().loss()));
        return candidates().stream().filter(candidate -> candidate.rungs().size() == steps.size() && candidate.last().orElseThrow().score()
                .isPresent())
                .sorted(byRank.thenComparing(candidate -> candidate.proposal().index())).toList();
    }

    /**
     * The run of the best candidate that was trained to the end and is within the slack; of several seeds the first.
     *
     * @throws InputException if there is none, or its folder was removed
     */
    public Path best() {
        List<Standing> feasible = ranked().stream().filter(candidate -> candidate.last().orElseThrow().feasible()).toList();
        if (feasible.isEmpty()) {
            throw new InputException(folder + ": no candidate has been trained to the end and is within the control's loss + " + recipe.score()
                    .slack() * 100 + " % yet; \"sweep status "
                    + folder + "\" tells how each stands");
        }
        Path run = SweepFolder.run(folder, feasible.get(0).proposal().name(), 0);
        if (!Files.isDirectory(run)) {
            throw new InputException(run + ": the best candidate's run was there and was removed; its values are " + Proposal.text(feasible.get(0).proposal().values())
                    + ": train the recipe with them to have it again");
        }
        return run;
    }

    /** A table for a terminal: what the sweep has so far. */
    public List<String> lines() {
        List<Standing> candidates = candidates();
        List<String> lines = new ArrayList<>();
        long ended = candidates.stream().filter(candidate -> candidate.rungs().size() == steps.size()).count();
        long failed = candidates.stream().filter(candidate -> candidate.last().filter(rung -> rung.mean().failed().isPresent()).isPresent()).count();
        lines.add(String.format(Locale.ROOT, "%s: %d of at most %d candidates proposed, %d trained to the end, %d failed%s", recipe.name(),
                candidates.size(), recipe.budget(), ended,
                failed, how()));
        lines.add("score: " + recipe.score().text());
        lines.add(String.format(Locale.ROOT, "%-9s %6s %8s %9s %7s %8s  %s", "run", "step", "loss", "critical", "zeros", "score", "values"));
        if (!recipe.control().isEmpty()) {
            lines.add(line(Sweep.CONTROL, rungs(Sweep.CONTROL), String.join(", ", recipe.control())));
        }
        lines.add(line(Sweep.DEFAULT, rungs(Sweep.DEFAULT), "the recipe as it is"));
        candidates.forEach(candidate -> lines.add(line(candidate.proposal().name(), candidate.rungs(), Proposal.text(candidate.proposal()
                .values()))));
        return lines;
    }

    private String how() {
        return FolderLock.isHeld(folder) ? "; goes on" : Files.isRegularFile(folder.resolve(SweepReport.PAGE)) ? "; ended, " + folder.resolve(SweepReport.PAGE)
                : "; it was stopped or killed: go on with sweep --resume --out " + folder;
    }

    /** The last step that a run's log has, of its last seed that was begun; empty where none was. */
    private Optional<String> begun(String name) {
        for (int seed = recipe.repeat() - 1; seed >= 0; seed--) {
            Path run = SweepFolder.run(folder, name, seed);
            if (Files.isRegularFile(run.resolve("config.yaml"))) {
                long[] step = {0};
                if (Files.isRegularFile(run.resolve("metrics.jsonl"))) {
                    MetricsLog.each(run.resolve("metrics.jsonl"), line -> step[0] = line.path("step").asLong());
                }
                return Optional.of(String.format(Locale.ROOT, "%6d %s%s", step[0], FolderLock.isHeld(folder) ? "not measured yet, goes on" : "cut short before it was measured",
                        recipe.repeat() > 1 ? ", seed " + (seed + 1) + " of " + recipe.repeat() : ""));
            }
        }
        return Optional.empty();
    }

    private String line(String name, List<Rung> rungs, String values) {
        if (rungs.isEmpty()) {
            return begun(name).map(state -> String.format(Locale.ROOT, "%-9s %s  (%s)", name, state, values))
                    .orElseGet(() -> String.format(Locale.ROOT, "%-9s %6s %8s %9s %7s %8s  %s", name, "–", "", "", "", "", values));
        }
        Rung last = rungs.get(rungs.size() - 1);
        Measured m = last.mean();
        if (m.failed().isPresent()) {
            return String.format(Locale.ROOT, "%-9s %6d failed: %s  (%s)", name, last.step(), m.failed().get(), values);
        }
        return String.format(Locale.ROOT, "%-9s %6d %8.4f %9s %7.4f %8s  %s", name, last.step(), m.loss(), (last.seeds().stream().anyMatch(Measured::atLeast) ? "≥" : "") + String.format(Locale.ROOT, "%.4f", m.critical()), m.zeros(),
                last.score().map(s -> String.format(Locale.ROOT, "%.4f", s)).orElse(""), values);
    }
}
