package org.lacuna.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.lacuna.cli.checkpoint.ExportCommand;
import org.lacuna.cli.checkpoint.ImportCommand;
import org.lacuna.cli.zoo.RebuildCommand;
import org.lacuna.data.command.TokenizerCommand;
import org.lacuna.eval.command.CompareCommand;
import org.lacuna.eval.command.EvalCommand;
import org.lacuna.eval.command.FatReluCommand;
import org.lacuna.eval.command.GenerateCommand;
import org.lacuna.eval.command.MeasureCommand;
import org.lacuna.graph.UnusableBackendException;
import org.lacuna.graph.WrongPropertyException;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.command.BenchCommand;
import org.lacuna.training.command.FinetuneCommand;
import org.lacuna.training.command.StudyCommand;
import org.lacuna.training.command.SweepCommand;
import org.lacuna.training.command.TrainCommand;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.zoo.command.ZooCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code lacuna} command. A module's command is a picocli class in that module and one line in
 * {@code subcommands} below; it throws what {@link ExitCode} knows and prints through
 * {@code spec.commandLine().getOut()}.
 */
@Command(
        name = "lacuna",
        description = "Activation sparsity in language models: train, sparsify, compare.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "Exit codes: 0 done, 1 the run failed, 2 the input was wrong, 130 interrupted and resumable.",
            "\"lacuna COMMAND --help\" tells a command's options."},
        subcommands = {
            QuickstartCommand.class,
            TokenizerCommand.class,
            TrainCommand.class,
            FinetuneCommand.class,
            SweepCommand.class,
            StudyCommand.class,
            EvalCommand.class,
            CompareCommand.class,
            MeasureCommand.class,
            GenerateCommand.class,
            FatReluCommand.class,
            ImportCommand.class,
            ExportCommand.class,
            ZooCommand.class,
            BenchCommand.class,
            DoctorCommand.class,
        })
public final class Main implements Callable<Integer> {
    private static final Pattern CONSTANTS = Pattern.compile("one of \\[([A-Z0-9, ]+)\\] \\(case-insensitive\\)");

    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Print a stack trace when something fails.")
    private boolean debug;

    private Main() {}

    /** Runs a command and ends the process with its {@link ExitCode}. */
    public static void main(String[] args) {
        // Text is UTF-8 whatever the locale, as it is in files.
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        Optional<String> lost = Arguments.lost(args);
        if (lost.isPresent()) {
            err.println("lacuna: " + lost.get());
            System.exit(ExitCode.BAD_INPUT);
        }
        // Always by System.exit: a thread of a pool that does not end would keep Maven's JVM waiting for it.
        System.exit(execute(commandLine(out, err), args));
    }

    /** The whole command line, printing to the given writers what a terminal can take; no colours, since their codes are none of that. */
    static CommandLine commandLine(PrintWriter out, PrintWriter err) {
        CommandLine line = new CommandLine(new Main());
        // The zoo knows nothing of training, which this takes.
        line.getSubcommands().get("zoo").addSubcommand(new RebuildCommand());
        return line.setCaseInsensitiveEnumValuesAllowed(true)
                .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF))
                .setOut(PlainWriter.of(out))
                .setErr(PlainWriter.of(err))
                .setParameterExceptionHandler((failure, args) -> wrongArguments(failure))
                .setExecutionExceptionHandler((failure, command, parsed) -> report(failure, command));
    }

    /** Runs it and returns the exit code, whatever happens. */
    static int execute(CommandLine commandLine, String... args) {
        try {
            return commandLine.execute(args);
        } catch (Throwable error) {
            // picocli hands exceptions to the handler above and lets errors (out of memory, a failed native library) pass.
            return report(error, commandLine);
        } finally {
            commandLine.getOut().flush();
            commandLine.getErr().flush();
        }
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "expected a command");
    }

    private static int wrongArguments(ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        PrintWriter err = command.getErr();
        err.println(command.getCommandSpec().qualifiedName() + ": " + asTyped(failure.getMessage()));
        Optional<String> key = recipeKey(failure);
        if (key.isPresent()) {
            err.println("The recipe's " + key.get() + " is set by --set " + key.get() + "=VALUE.");
        } else {
            CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
        }
        err.println("Try \"" + command.getCommandSpec().qualifiedName() + " --help\".");
        debugTrace(failure, command);
        return ExitCode.BAD_INPUT;
    }

    /** The key of a recipe that is called as an option which there is not, if the command takes a recipe. */
    private static Optional<String> recipeKey(ParameterException failure) {
        Object command = failure.getCommandLine().getCommand();
        if (!(failure instanceof UnmatchedArgumentException unmatched) || !(command instanceof TrainCommand || command instanceof FinetuneCommand)) {
            return Optional.empty();
        }
        String name = unmatched.getUnmatched().get(0).replaceFirst("=.*", "");
        return name.startsWith("--") ? Recipes.keys(TrainRecipe.class).stream().filter(key -> ("." + key).endsWith("." + name.substring(2))).findFirst() : Optional.empty();
    }

    /** Names of an enum's constants as they are documented: {@code one of [FP32, BF16] (case-insensitive)} is {@code one of fp32, bf16}. */
    private static String asTyped(String message) {
        return CONSTANTS.matcher(message).replaceAll(found -> "one of " + found.group(1).toLowerCase(Locale.ROOT));
    }

    private static int report(Throwable failure, CommandLine command) {
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println(name + ": " + message(failure));
        debugTrace(failure, command);
        return failure instanceof WrongPropertyException ? ExitCode.BAD_INPUT : ExitCode.of(failure);
    }

    private static String message(Throwable failure) {
        if (failure instanceof InputException || failure instanceof RunException || failure instanceof InterruptedRunException || failure instanceof WrongPropertyException) {
            return failure.getMessage();
        }
        if (failure instanceof UnusableBackendException) {
            return failure.getMessage() + "; leave out -Pcuda to run on the CPU, or see \"doctor\"";
        }
        if (failure instanceof OutOfMemoryError) {
            return "out of memory (" + failure.getMessage() + "); " + (heap(failure) ? "the heap's limit is -Xmx in .mvn/jvm.config"
                    : "that is memory outside the Java heap, where models lie: take a smaller model, or fewer or shorter windows");
        }
        return "unexpected " + failure.toString().lines().findFirst().orElseThrow() + " (--debug shows where)";
    }

    private static boolean heap(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains("heap") || message.contains("GC overhead") || message.contains("array size");
    }

    private static void debugTrace(Throwable failure, CommandLine command) {
        CommandLine root = command;
        while (root.getParent() != null) {
            root = root.getParent();
        }
        if (((Main) root.getCommand()).debug) {
            failure.printStackTrace(command.getErr());
        }
    }

    /** Tells {@code --version}. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"lacuna " + Provenance.version(), "Java " + System.getProperty("java.runtime.version")};
        }
    }
}
