package org.lacuna.training.run;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.spi.ToolProvider;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.training.recipe.TrainRecipe;

/**
 * A training run of the nano recipe in a JVM of its own: begins the run in a folder or goes on with it, and stops as
 * Ctrl-C would after a given step.
 */
final class NanoProcess {
    /** What the process prints when the JVM and ND4J are up and the run begins. */
    static final String BEGINS = "begins";

    /** The nano recipe made tinier, since a fresh JVM interprets the kernels at first, which is slow. */
    static final List<String> TINY = List.of("model.hidden=16", "model.intermediate=16", "model.layers=1", "model.heads=2", "model.kvHeads=1",
            "train.batch=4", "train.window=8", "train.evalWindows=3", "data.tokens=2000");

    /** System property: the step after which a weight becomes infinite, unless the run went back already. */
    static final String POISON = "lacuna.test.poison";

    private NanoProcess() {}

    /** {@code args}: the recipe, the run's folder, the step to stop after (0: none), overrides. */
    public static void main(String[] args) {
        List<String> sets = List.of(args).subList(3, args.length);
        System.exit(run(Path.of(args[0]), Path.of(args[1]), Integer.parseInt(args[2]), sets));
    }

    private static int run(Path recipeFile, Path folder, int stopAfter, List<String> sets) {
        CpuDevice device = new CpuDevice();
        LacunaOps.register();
        TrainRecipe recipe = TrainRecipe.load(recipeFile, sets);
        System.out.println(BEGINS);
        try (TrainingRun run = Files.exists(folder) ? TrainingRun.resume(folder, Optional.of(recipe), device, System.err::println)
                : TrainingRun.begin(recipe, folder, device)) {
            BooleanSupplier stop = () -> run.step() == stopAfter;
            run.train(AfterStep.poison(run, Long.getLong(POISON, 0), 1), stop);
            return ExitCode.DONE;
        } catch (InterruptedRunException e) {
            return ExitCode.INTERRUPTED;
        } catch (RunException e) {
            System.err.println(e.getMessage());
            return ExitCode.FAILED;
        }
    }

    /** Starts one; its output, both kinds, goes to {@code log}. */
    static Process start(Path log, List<String> prefix, List<String> jvm, List<String> args) throws IOException {
        List<String> flags = new ArrayList<>(List.of("-Xshare:auto", "-XX:SharedArchiveFile=" + ClassData.MADE.archive));
        flags.addAll(jvm);
        return start(log, prefix, ClassData.MADE.path, flags, args);
    }

    private static Process start(Path log, List<String> prefix, String classPath, List<String> jvm, List<String> args) throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-Xmx256m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1",
                "-Dorg.bytedeco.javacpp.maxbytes=0", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0"));
        command.addAll(jvm);
        command.addAll(List.of("-cp", classPath, NanoProcess.class.getName()));
        command.addAll(args);
        command.addAll(TINY);
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    /**
     * The thousands of classes that a run loads, in an archive that a first run leaves: the others take a quarter less. Such an archive is of jars
     * alone; a JVM that can't use it does without.
     */
    private record ClassData(String path, Path archive) {
        static final ClassData MADE = make();

        private static ClassData make() {
            try {
                Path folder = Files.createDirectories(Path.of("target", "class-data").toAbsolutePath());
                List<String> path = new ArrayList<>();
                for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
                    path.add(Files.isDirectory(Path.of(entry)) ? jar(Path.of(entry), folder.resolve(path.size() + ".jar")) : entry);
                }
                ClassData made = new ClassData(String.join(File.pathSeparator, path), folder.resolve("classes.jsa"));
                Path run = Files.createTempDirectory(folder, "run").resolve("run");
                start(folder.resolve("log"), List.of(), made.path, List.of("-XX:ArchiveClassesAtExit=" + made.archive), List.of(RunFiles.NANO.toString(), run.toString(), "0"))
                        .waitFor();
                return made;
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private static String jar(Path classes, Path jar) {
            ToolProvider.findFirst("jar").orElseThrow().run(System.out, System.err, "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
            return jar.toString();
        }
    }
}
