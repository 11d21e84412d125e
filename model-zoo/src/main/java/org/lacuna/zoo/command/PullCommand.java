package org.lacuna.zoo.command;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.lacuna.eval.source.ModelFolder;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.zoo.Zoo;
import org.lacuna.zoo.format.Published;
import org.lacuna.zoo.maven.Coordinates;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna zoo pull}. */
@Command(name = "pull", mixinStandardHelpOptions = true, sortOptions = false, description = "Get a model from a repository, checked before it is seen.",
        footer = {"", "Example:", "  zoo pull org.example:mine:1.0 --repository https://repository.example.org/models",
            "Afterwards zoo:org.example:mine:1.0 names it, without a network."})
final class PullCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "GROUP:NAME:VERSION", description = "The model.")
    private String coordinates;

    @Mixin
    private PlaceOptions place;

    @Option(names = "--out", paramLabel = "DIR", description = "Copy it there too.")
    private Path out;

    @Option(names = "--bf16", description = "Its version with weights in bfloat16.")
    private boolean bf16;

    @Option(names = "--keys", paramLabel = "FILE", description = "Public keys that gpg exported: it must be signed by one of them.")
    private Path keys;

    @Override
    public Integer call() {
        Coordinates named = Coordinates.parse(coordinates);
        if (out != null) {
            out = ModelFolder.fresh(out);
        }
        PrintWriter printer = spec.commandLine().getOut();
        Path folder = Zoo.ofUser(line -> {
            printer.println(line);
            printer.flush();
        }).pull(named, bf16, place.place(), Optional.ofNullable(keys));
        if (out != null) {
            AtomicFiles.folder(out, fresh -> {
                copy(folder, fresh.path());
                Published.verify(fresh.path());
            });
        }
        printer.println(out == null ? folder : out);
        printer.flush();
        return ExitCode.DONE;
    }

    private static void copy(Path from, Path to) throws IOException {
        List<Path> all;
        try (Stream<Path> tree = Files.walk(from)) {
            all = tree.filter(Files::isRegularFile).toList();
        }
        for (Path file : all) {
            Path target = to.resolve(from.relativize(file).toString());
            Files.createDirectories(target.getParent());
            Files.copy(file, target);
        }
    }
}
