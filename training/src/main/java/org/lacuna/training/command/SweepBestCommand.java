package org.lacuna.training.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.ModelPublisher;
import org.lacuna.training.sweep.SweepState;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna sweep best}: the best candidate's run, and its publication. */
@Command(name = "best", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Print the folder of the best candidate's run, or publish its model.",
        footer = {"", "Examples:", "  sweep best runs/sweep-l1",
            "  sweep best runs/sweep-l1 --publish org.example:mine:1.0 --repository repository --license Apache-2.0 \\",
            "      --intended-use 'To study sparsity.' --limits 'Knows small stories only.'"})
public final class SweepBestCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "The sweep's folder.")
    private Path folder;

    @Option(names = "--publish", paramLabel = "GROUP:NAME:VERSION", description = "Publish its model by these coordinates.")
    private String coordinates;

    @Option(names = "--repository", paramLabel = "DIR|URL", description = "With --publish: the Maven repository.")
    private String repository;

    @Option(names = "--license", paramLabel = "ID", description = "With --publish: the model's licence.")
    private String license;

    @Option(names = "--intended-use", paramLabel = "TEXT", description = "With --publish: what the model is for.")
    private String intendedUse;

    @Option(names = "--limits", paramLabel = "TEXT", description = "With --publish: what it is not for.")
    private String limits;

    @Override
    public Integer call() {
        Path best = SweepState.of(folder).best();
        PrintWriter out = spec.commandLine().getOut();
        if (coordinates == null) {
            if (repository != null || license != null || intendedUse != null || limits != null) {
                throw new InputException("--repository, --license, --intended-use and --limits are for publishing;"
                        + " name the coordinates by --publish GROUP:NAME:VERSION");
            }
            out.println(best);
        } else {
            if (repository == null) {
                throw new InputException("--publish: expected --repository too, a Maven repository's folder or URL");
            }
            List<String> settings = new ArrayList<>();
            add(settings, "license", license);
            add(settings, "intendedUse", intendedUse);
            add(settings, "limits", limits);
            ModelPublisher.find().publish(best, coordinates, repository, settings, out::println);
        }
        out.flush();
        return ExitCode.DONE;
    }

    private static void add(List<String> settings, String key, String value) {
        if (value != null) {
            settings.add(key + "=" + value);
        }
    }
}
