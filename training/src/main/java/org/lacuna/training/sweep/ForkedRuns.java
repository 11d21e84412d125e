package org.lacuna.training.sweep;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.TrainRecipe;

/**
 * Each run in a JVM of its own, with this one's class path and flags, so that what brings one down brings down one. A process that a signal ended
 * (the kernel's for want of memory, or somebody's) is begun again from its run's latest checkpoint; one that ended by itself has failed.
 */
final class ForkedRuns implements Runs {
    /** So often is a run begun that signals end. */
    private static final int ATTEMPTS = 5;
    /** Of Maven's own start, and what would be attached to each process. */
    private static final List<String> NOT_INHERITED = List.of("-Dmaven.", "-Dclassworlds.", "-Dlibrary.", "-agentlib:", "-agentpath:", "-javaagent:",
            "-Xrunjdwp", "-Xdebug");
    /** Exit codes from here on are a signal's. */
    private static final int SIGNALS = 128;
    private static final int MOST_WORDS = 500;

    private final Path sweep;
    private final SweepRecipe recipe;
    private final TrainRecipe base;
    private final int threads;
    private final BooleanSupplier stop;
    private final List<String> java;

    /**
     * Starts nothing yet.
     *
     * @param sweep   its folder
     * @param threads of each run
     * @param stop    whether the sweep is to end; its runs save then
     */
    ForkedRuns(Path sweep, SweepRecipe recipe, TrainRecipe base, int threads, BooleanSupplier stop) {
        this.sweep = sweep;
        this.recipe = recipe;
        this.base = base;
        this.threads = threads;
        this.stop = stop;
        java = Stream.of(Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()),
                ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(flag -> NOT_INHERITED.stream().noneMatch(flag::startsWith)),
                Stream.of("-cp", classPath(), CandidateProcess.class.getName())).flatMap(s -> s).toList();
    }

    /** Within Maven the classes come by a loader that Maven made, and the JVM's own class path is Maven's. */
    private static String classPath() {
        if (ForkedRuns.class.getClassLoader() instanceof URLClassLoader loader) {
            return Arrays.stream(loader.getURLs()).map(ForkedRuns::path).collect(Collectors.joining(System.getProperty("path.separator")));
        }
        return System.getProperty("java.class.path");
    }

    private static String path(URL url) {
        try {
            return Path.of(url.toURI()).toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("a class path with " + url, e);
        }
    }

    @Override
    public Measured to(String run, List<String> sets, int seed, int step) throws InterruptedException {
        Path folder = SweepFolder.run(sweep, run, seed);
        TrainRecipe changed;
        try {
            changed = recipe(run, sets, seed);
        } catch (InputException e) {
            return Measured.failure("the recipe is wrong: " + String.join("; ", e.problems()));
        }
        CandidateProcess.Job job = new CandidateProcess.Job(folder.toString(), Recipes.toYaml(changed), step, recipe.windows(), recipe.score().site(),
                threads);
        Path log = folder.resolveSibling(folder.getFileName() + ".log");
        int code = 0;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            code = process(job, log);
            if (stop.getAsBoolean()) {
                throw new InterruptedRunException(run + " was stopped");
            }
            if (code == ExitCode.DONE) {
                return Measured.of(Json.read(CandidateProcess.result(folder, step)));
            }
            if (code < SIGNALS) {
                return Measured.failure(lastWords(log).orElse("its process ended with exit code " + code + " and without a word; see " + log));
            }
        }
        return Measured.failure(String.format(Locale.ROOT,
                "its process was ended from outside %d times, last by signal %d (9: perhaps for want of memory); see %s", ATTEMPTS, code - SIGNALS,
                log));
    }

    private TrainRecipe recipe(String run, List<String> sets, int seed) {
        List<String> all = new ArrayList<>(sets);
        if (seed > 0) {
            all.add("train.seed=" + (base.train().seed() + seed));
        }
        all.add("name=" + base.name() + "-" + run);
        return TrainRecipe.load(SweepFolder.base(sweep), all);
    }

    private int process(CandidateProcess.Job job, Path log) throws InterruptedException {
        try {
            Files.createDirectories(log.getParent());
            Process process = new ProcessBuilder(java).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            // Open until the process has ended: it ends at once when this process is no more.
            try (OutputStream line = process.getOutputStream()) {
                line.write((Json.line(job.json()) + "\n").getBytes(StandardCharsets.UTF_8));
                line.flush();
                return ended(process);
            } catch (IOException e) {
                return ended(process); // it did not live to read or hear of it
            }
        } catch (IOException e) {
            throw new RunException(log + ": a run's process can't be started: " + AtomicFiles.reason(e), e);
        }
    }

    private int ended(Process process) throws InterruptedException {
        boolean told = false;
        while (!process.waitFor(200, TimeUnit.MILLISECONDS)) {
            if (stop.getAsBoolean() && !told) {
                process.toHandle().destroy(); // SIGTERM: it saves; Process.destroy would close its standard input too, which ends it at once
                told = true;
            }
        }
        return process.exitValue();
    }

    private static Optional<String> lastWords(Path log) {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> !line.isBlank()).reduce((a, b) -> b).map(line -> line.length() > MOST_WORDS ? line.substring(0, MOST_WORDS)
                    + "…" : line);
        } catch (IOException | UncheckedIOException e) {
            return Optional.empty();
        }
    }
}
