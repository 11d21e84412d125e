package org.lacuna.training.sweep;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.deeplearning4j.arbiter.optimize.api.Candidate;
import org.deeplearning4j.arbiter.optimize.api.OptimizationResult;
import org.deeplearning4j.arbiter.optimize.api.TaskCreator;
import org.deeplearning4j.arbiter.optimize.api.data.DataProvider;
import org.deeplearning4j.arbiter.optimize.api.data.DataSource;
import org.deeplearning4j.arbiter.optimize.api.score.ScoreFunction;
import org.deeplearning4j.arbiter.optimize.api.termination.TerminationCondition;
import org.deeplearning4j.arbiter.optimize.config.OptimizationConfiguration;
import org.deeplearning4j.arbiter.optimize.runner.CandidateInfo;
import org.deeplearning4j.arbiter.optimize.runner.CandidateStatus;
import org.deeplearning4j.arbiter.optimize.runner.IOptimizationRunner;
import org.deeplearning4j.arbiter.optimize.runner.LocalOptimizationRunner;
import org.deeplearning4j.arbiter.optimize.runner.listener.StatusListener;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.memory.ProcessMemory;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.run.TrainingRun;

/**
 * A sweep that goes on: Arbiter's runner takes candidates from its generator and gives each to a task, which trains it from rung to rung. A resumed
 * sweep is the same search from its beginning, with all that is in the {@link Journal} known already: so it proposes the same candidates.
 */
@SuppressWarnings({"rawtypes", "unchecked", "deprecation"})
public final class Sweep implements TaskCreator {
    /** The run that candidates' losses are held against. */
    static final String CONTROL = "control";
    /** The run of the recipe as it is. */
    static final String DEFAULT = "default";
    /** What a run's process takes beside the engine, about. */
    private static final long JVM_BYTES = 400L << 20;

    private final SweepRecipe recipe;
    private final List<Integer> steps;
    private final StatedScore score;
    private final Journal journal;
    private final Runs runs;
    private final Semaphore workers;
    private final BooleanSupplier interrupted;
    private final SweepProgress progress;
    private final Path folder;
    /** By candidate. */
    private final Map<Integer, Rungs> rungs = new ConcurrentHashMap<>();
    /** By rung. */
    private final List<Measured> controls = new ArrayList<>();
    private final AtomicReference<RuntimeException> broken = new AtomicReference<>();
    private String best = "no candidate yet";
    private double bestScore = Double.NEGATIVE_INFINITY;

    Sweep(Path folder, SweepRecipe recipe, TrainRecipe base, Journal journal, Runs runs, int workers, BooleanSupplier interrupted,
            SweepProgress progress) {
        this.folder = folder;
        this.recipe = recipe;
        this.journal = journal;
        this.runs = runs;
        this.workers = new Semaphore(workers, true);
        this.interrupted = interrupted;
        this.progress = progress;
        steps = recipe.steps(base);
        score = new StatedScore(recipe.score());
    }

    /**
     * Goes on with the sweep in a folder to its end, and writes its report.
     *
     * @param workers     runs at a time; 0 for as many as the machine has processors and memory for
     * @param interrupted asked again and again; true ends the sweep, whose runs save first
     * @param out         where progress is told
     * @throws InterruptedRunException if it was stopped
     */
    public static void run(SweepFolder folder, int workers, BooleanSupplier interrupted, PrintWriter out) {
        SweepRecipe recipe = SweepFolder.sweep(folder.path());
        TrainRecipe base = TrainRecipe.load(SweepFolder.base(folder.path()), List.of());
        int processors = Runtime.getRuntime().availableProcessors();
        int count = workers > 0 ? workers : fitting(base, folder.path(), processors);
        out.printf(Locale.ROOT, "%s: %s search, %d candidates at most, runs to step %s, %d at a time; score: %s; folder %s%n", recipe.name(),
                recipe.search().name().toLowerCase(Locale.ROOT),
                recipe.budget(), recipe.steps(base).stream().map(String::valueOf).collect(Collectors.joining(", ")), count, recipe.score().text(),
                        folder.path());
        out.flush();
        try (Journal journal = Journal.open(folder.path()); SweepProgress progress = new SweepProgress(out, recipe.name())) {
            Runs runs = new ForkedRuns(folder.path(), recipe, base, Math.max(1, processors / count), interrupted);
            new Sweep(folder.path(), recipe, base, journal, runs, count, interrupted, progress).run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedRunException("interrupted; go on with: sweep --resume --out " + folder.path());
        }
        SweepReport.write(folder.path(), out, interrupted);
    }

    /** As many runs as there are processors and memory for, at least one: it says itself what it lacks. */
    private static int fitting(TrainRecipe base, Path folder, int processors) {
        long there = ProcessMemory.limit() - ProcessMemory.resident();
        long each = TrainingRun.memory(base, folder, new CpuDevice()).bytes() + JVM_BYTES;
        return (int) Math.max(1, Math.min(processors, there / each));
    }

    /** The name of the run that candidates' losses are held against: the recipe's own where it is the control itself. */
    static String control(SweepRecipe recipe) {
        return recipe.control().isEmpty() ? DEFAULT : CONTROL;
    }

    /**
     * Goes on to the end.
     *
     * @throws InterruptedRunException if it was stopped; all that was measured is in the folder
     * @throws RunException if the control failed, or the file system refused
     */
    void run() throws InterruptedException {
        int size = recipe.search() == SearchKind.GENETIC ? Math.min(recipe.population(), recipe.budget()) : recipe.budget();
        progress.total(plan(size));
        references();
        Generations generations = new Generations(Search.generator(recipe, score), recipe.budget(), size, this::opened);
        OptimizationConfiguration configuration = new OptimizationConfiguration.Builder().candidateGenerator(generations).scoreFunction(score)
                .rngSeed(recipe.seed())
                .terminationConditions(new Stop(), generations).build();
        // A task waits for those of its generation, so each needs a thread; how many train at a time is the semaphore's.
        LocalOptimizationRunner runner = new LocalOptimizationRunner(size, configuration, this);
        try {
            runner.execute();
        } finally {
            runner.shutdown(false);
        }
        if (broken.get() != null) {
            throw broken.get();
        }
        if (interrupted.getAsBoolean()) {
            throw stopped();
        }
    }

    private InterruptedRunException stopped() {
        return new InterruptedRunException("stopped; all that was measured is kept in " + folder + "; go on with: sweep --resume --out " + folder);
    }

    /** Arbiter asks between candidates. */
    private final class Stop implements TerminationCondition {
        @Override
        public void initialize(IOptimizationRunner runner) {
            // Nothing to count.
        }

        @Override
        public boolean terminate(IOptimizationRunner runner) {
            return stop();
        }
    }

    private boolean stop() {
        return interrupted.getAsBoolean() || broken.get() != null;
    }

    /** The control and the recipe as it is, each to every rung. */
    private void references() throws InterruptedException {
        List<Callable<List<Measured>>> wanted = new ArrayList<>();
        wanted.add(() -> reference(control(recipe), recipe.control()));
        if (!recipe.control().isEmpty()) {
            wanted.add(() -> reference(DEFAULT, List.of()));
        }
        ExecutorService pool = Executors.newFixedThreadPool(wanted.size());
        try {
            List<Future<List<Measured>>> all = wanted.stream().map(pool::submit).toList();
            for (Future<List<Measured>> one : all) {
                List<Measured> found = one.get();
                if (one == all.get(0)) {
                    controls.addAll(found);
                }
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof InterruptedRunException ? stopped() : e.getCause() instanceof RuntimeException failure ? failure
                    : new IllegalStateException("a reference run's task failed", e.getCause());
        } finally {
            pool.shutdownNow();
        }
        for (Measured control : controls) {
            control.failed().ifPresent(why -> {
                throw new RunException("the control failed, so no candidate can be held against it: " + why + "; its run is "
                        + SweepFolder.run(folder, control(recipe), 0));
            });
        }
    }

    private List<Measured> reference(String run, List<String> sets) throws InterruptedException {
        List<Measured> found = new ArrayList<>();
        for (int rung = 0; rung < steps.size(); rung++) {
            found.add(measured(run, sets, rung));
            if (found.get(rung).failed().isPresent()) {
                return found;
            }
        }
        return found;
    }

    private void opened(List<Proposal> generation) {
        generation.forEach(journal::propose);
        recipe.halving().ifPresent(halving -> {
            Rungs shared = new Rungs(halving, generation.stream().map(Proposal::index).collect(Collectors.toSet()));
            generation.forEach(member -> rungs.put(member.index(), shared));
        });
    }

    private OptimizationResult task(Candidate candidate, ScoreFunction function) {
        Proposal proposal = new Proposal(candidate.getIndex(), (Map<String, String>) candidate.getValue());
        try {
            for (int rung = 0;; rung++) {
                Measured found = measured(proposal.name(), proposal.sets(), rung);
                boolean last = rung == steps.size() - 1;
                Optional<Rank> here = found.failed().isPresent() ? Optional.empty() : Optional.of(new Rank(score.of(found, controls.get(rung)),
                        found.loss()));
                if (last || !rungs.get(proposal.index()).goesOn(rung, proposal.index(), here, this::stop)) {
                    if (stop()) {
                        return unfinished(candidate);
                    }
                    Double total = here.isEmpty() ? null : function.score(new StatedScore.Reached(found, controls.get(rung), steps.size() - 1 - rung),
                            (Class<? extends DataSource>) null, new Properties());
                    // A failed one is complete too: Arbiter tells its generator of no other, and without a score it teaches it nothing.
                    return result(candidate, CandidateStatus.Complete, total);
                }
            }
        } catch (InterruptedRunException | InterruptedException e) {
            return unfinished(candidate);
        } catch (RuntimeException e) {
            broken.compareAndSet(null, e);
            return unfinished(candidate);
        }
    }

    private static OptimizationResult unfinished(Candidate candidate) {
        return result(candidate, CandidateStatus.Failed, null);
    }

    private static OptimizationResult result(Candidate candidate, CandidateStatus status, Double score) {
        long now = System.currentTimeMillis();
        return new OptimizationResult(candidate, score, candidate.getIndex(), null,
                new CandidateInfo(candidate.getIndex(), status, score, now, now, now, candidate.getFlatParameters(), null), null);
    }

    /** A run's mean over its seeds after a rung: known from before, or trained and measured now and noted. */
    private Measured measured(String run, List<String> sets, int rung) throws InterruptedException {
        List<Measured> seeds = new ArrayList<>();
        int step = steps.get(rung);
        boolean known = true;
        for (int seed = 0; seed < recipe.repeat(); seed++) {
            Optional<Measured> before = journal.result(run, seed, step);
            known &= before.isPresent();
            seeds.add(before.isPresent() ? before.get() : train(run, sets, seed, step));
            if (seeds.get(seed).failed().isPresent()) {
                break;
            }
        }
        Measured mean = Measured.mean(seeds);
        progress.measured(run, step, mean, (long) recipe.repeat() * (step - (rung == 0 ? 0 : steps.get(rung - 1))), known, best(run, rung, mean));
        return mean;
    }

    private Measured train(String run, List<String> sets, int seed, int step) throws InterruptedException {
        workers.acquire();
        try {
            if (stop()) {
                throw stopped();
            }
            Measured measured = runs.to(run, sets, seed, step);
            journal.record(run, seed, step, measured);
            return measured;
        } finally {
            workers.release();
        }
    }

    private synchronized String best(String run, int rung, Measured found) {
        boolean candidate = !run.equals(CONTROL) && !run.equals(DEFAULT);
        if (candidate && found.failed().isEmpty()) {
            double total = score.score(new StatedScore.Reached(found, controls.get(rung), steps.size() - 1 - rung),
                    (Class<? extends DataSource>) null, new Properties());
            if (total > bestScore) {
                bestScore = total;
                best = String.format(Locale.ROOT, "best %s at step %d: %.4f", run, steps.get(rung), score.of(found, controls.get(rung)));
            }
        }
        return best;
    }

    /** All steps that there are to train, if every generation has candidates enough. */
    private long plan(int size) {
        long sum = (long) steps.get(steps.size() - 1) * (recipe.control().isEmpty() ? 1 : 2);
        for (int left = recipe.budget(); left > 0; left -= size) {
            int here = Math.min(size, left);
            for (int rung = 0; rung < steps.size(); rung++) {
                sum += (long) here * (steps.get(rung) - (rung == 0 ? 0 : steps.get(rung - 1)));
                here = recipe.halving().isPresent() ? recipe.halving().get().survivors(here) : here;
            }
        }
        return sum * recipe.repeat();
    }

    @Override
    public Callable<OptimizationResult> create(Candidate candidate, DataProvider none, ScoreFunction function, List<StatusListener> listeners,
            IOptimizationRunner runner) {
        return () -> task(candidate, function);
    }

    @Override
    public Callable<OptimizationResult> create(Candidate candidate, Class<? extends DataSource> none, Properties properties, ScoreFunction function,
            List<StatusListener> listeners,
            IOptimizationRunner runner) {
        return () -> task(candidate, function);
    }
}
