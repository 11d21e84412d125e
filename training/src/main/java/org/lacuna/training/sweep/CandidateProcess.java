package org.lacuna.training.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.data.Corpus;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.FolderLock;
import org.lacuna.run.folder.Json;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.training.progress.PlainProgress;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.run.TrainingRun;

/**
 * The process of one run of a sweep: trains it to a step, measures it, and leaves the figures in the run's folder. Its job comes on standard input.
 */
final class CandidateProcess {
    /** A process that the sweep before this one left behind ends within moments: see {@link #endWithTheSweep}. */
    private static final int FREE_WITHIN_SECONDS = 60;

    private CandidateProcess() {}

    /**
     * What it has to do.
     *
     * @param recipe  as YAML
     * @param step    to train to
     * @param windows to measure on
     * @param threads that it may use
     */
    record Job(String folder, String recipe, int step, int windows, SiteSet site, int threads) {
        ObjectNode json() {
            return Json.object().put("folder", folder).put("recipe", recipe).put("step", step).put("windows", windows).put("site", site.key())
                    .put("threads", threads);
        }

        static Job of(JsonNode json) {
            return new Job(json.path("folder").asText(), json.path("recipe").asText(), json.path("step").asInt(), json.path("windows").asInt(),
                    SiteSet.byKey(json.path("site").asText()),
                    json.path("threads").asInt());
        }
    }

    /** Ends by {@code System.exit} with an {@link ExitCode}; the last line that it prints says why. */
    public static void main(String[] args) throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Job job = Job.of(Json.parse("job", Optional.ofNullable(input.readLine()).orElse("")));
        endWithTheSweep(input);
        int code = ExitCode.DONE;
        try (Interrupts interrupts = Interrupts.listen()) {
            run(job, interrupts);
        } catch (Throwable failure) {
            failure.printStackTrace();
            boolean told = failure instanceof InputException || failure instanceof RunException;
            System.err.println(String.valueOf(told ? failure.getMessage() : failure.toString()).replaceAll("\\s*\n\\s*", " "));
            code = ExitCode.of(failure);
        }
        System.exit(code);
    }

    /** The sweep holds the other end of standard input: when it is no more, the run must not go on beside the one that a resumed sweep begins. */
    private static void endWithTheSweep(Reader input) {
        Thread watch = new Thread(() -> {
            try {
                while (input.read() >= 0) {
                    // Nothing more is said.
                }
            } catch (IOException e) {
                // As good as its end.
            }
            Runtime.getRuntime().halt(ExitCode.INTERRUPTED);
        }, "sweep");
        watch.setDaemon(true);
        watch.start();
    }

    private static void run(Job job, Interrupts interrupts) throws IOException, InterruptedException {
        Path folder = Path.of(job.folder());
        Device device = new CpuDevice();
        TrainRecipe recipe = Recipes.parse("job", job.recipe(), List.of("train.workers=" + job.threads()), TrainRecipe.class);
        Corpus corpus;
        Path checkpoint;
        boolean begun = Files.isRegularFile(folder.resolve("config.yaml"));
        if (begun) {
            awaitFree(folder);
        }
        try (TrainingRun run = begun ? TrainingRun.resume(folder, Optional.of(recipe), device, System.err::println) : TrainingRun.begin(recipe,
                folder, device)) {
            run.trainTo(job.step(), new PlainProgress(new PrintWriter(System.out, true, StandardCharsets.UTF_8), recipe.train().steps()),
                    interrupts::requested);
            corpus = run.corpus();
            checkpoint = run.folder().checkpoint(run.step());
        }
        Measured measured = measured(measure(job, recipe, checkpoint, corpus, device, interrupts), job.site());
        AtomicFiles.write(result(folder, job.step()), Json.line(measured.json()) + "\n");
    }

    private static void awaitFree(Path folder) throws InterruptedException {
        for (int i = 0; i < 10 * FREE_WITHIN_SECONDS && FolderLock.isHeld(folder); i++) {
            Thread.sleep(100);
        }
    }

    private static RobustnessResult measure(Job job, TrainRecipe recipe, Path checkpoint, Corpus corpus, Device device, Interrupts interrupts) {
        ModelSource source = ModelSource.of(checkpoint.toString());
        Evaluation evaluation = new Evaluation(source, corpus, job.windows(), length(recipe), device);
        Settings settings = Settings.PAPER.withSites(List.of(job.site()));
        return evaluation.kept(settings).orElseGet(() -> {
            try (Workers workers = new Workers(job.threads())) {
                RobustnessResult result = evaluation.prepare(settings, workers).measure(Findings.NONE, interrupts::requested, dense -> { }, curve -> { });
                evaluation.keep(result);
                return result;
            }
        });
    }

    /** Tokens of a window that runs are measured on: those that they are trained with. */
    static int length(TrainRecipe recipe) {
        return recipe.train().window();
    }

    private static Measured measured(RobustnessResult result, SiteSet sites) {
        SiteResult curve = result.curve(sites).orElseThrow();
        Level level = curve.critical(Estimator.LINEAR).level();
        List<Point> points = curve.points().stream().sorted(Comparator.comparingDouble(Point::sparsity)).toList();
        return new Measured(Optional.empty(), result.dense().loss(), level.kind() == Level.Kind.NONE ? 0 : level.sparsity(), zeros(result, sites),
                points.stream().map(Point::sparsity).toList(), points.stream().map(Point::loss).toList());
    }

    /** Layers are of one size, so their mean is the share of all. */
    private static double zeros(RobustnessResult result, SiteSet sites) {
        Site site = sites.sites().iterator().next();
        return result.dense().exactZeros().get(site).stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }

    /** Where the figures after a step are left. */
    static Path result(Path run, int step) {
        return run.resolve(String.format(Locale.ROOT, "rung-%06d.json", step));
    }
}
