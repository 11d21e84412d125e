package org.lacuna.zoo.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.zoo.Zoo;
import org.lacuna.zoo.maven.Coordinates;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna zoo list}. */
@Command(name = "list", mixinStandardHelpOptions = true, sortOptions = false, description = "List the models that were pulled, or the versions of one in a repository.")
final class ListCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "GROUP:NAME", description = "With --repository: which model's versions.")
    private String model;

    @Mixin
    private PlaceOptions place;

    @Override
    public Integer call() {
        Zoo zoo = Zoo.ofUser(line -> { });
        List<String> lines;
        if (model == null) {
            if (place.repository != null) {
                throw new InputException("--repository: a Maven repository lists versions, not models; name one, as org.example:mine");
            }
            lines = zoo.pulled();
        } else {
            Coordinates named = Coordinates.parse(model + ":0");
            lines = zoo.versions(named.group(), named.name(), place.place()).stream().map(version -> model + ":" + version).toList();
        }
        PrintWriter printer = spec.commandLine().getOut();
        if (lines.isEmpty()) {
            printer.println(model == null ? "nothing was pulled yet" : "no version of " + model + " is there");
        }
        lines.forEach(printer::println);
        printer.flush();
        return ExitCode.DONE;
    }
}
