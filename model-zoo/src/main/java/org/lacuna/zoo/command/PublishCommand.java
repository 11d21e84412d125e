package org.lacuna.zoo.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lacuna.eval.command.MeasureOptions;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.source.ModelFolder;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import org.lacuna.zoo.Zoo;
import org.lacuna.zoo.Zoo.Signer;
import org.lacuna.zoo.format.Facts;
import org.lacuna.zoo.format.Published;
import org.lacuna.zoo.maven.Coordinates;
import org.lacuna.zoo.signature.Passphrase;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna zoo publish}. */
@Command(name = "publish", mixinStandardHelpOptions = true, sortOptions = false, description = "Publish a run's or a checkpoint's model, all or nothing, with its card, sums and self-test.",
        footer = {"", "Examples:",
            "  zoo publish --model runs/mine --as org.example:mine:1.0 --repository repository --license Apache-2.0 --intended-use 'Studies of sparsity' --limits 'Knows stories only'",
            "  zoo publish --model runs/mine --out mine --license ... --intended-use ... --limits ...      a folder as the hub wants it",
            "What its run's folder keeps of an evaluation with the same settings is not measured again. A release is never replaced, a -SNAPSHOT may be."})
final class PublishCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "A run's folder (its latest checkpoint), or a checkpoint's.")
    private String model;

    @Option(names = "--as", paramLabel = "GROUP:NAME:VERSION", description = "What it is called in the repository.")
    private String coordinates;

    @Mixin
    private PlaceOptions place;

    @Option(names = "--out", paramLabel = "DIR", description = "Make the folder alone, in place of --as and --repository.")
    private Path out;

    @Option(names = "--license", paramLabel = "ID", description = "Its licence, by SPDX's identifier.")
    private String license;

    @Option(names = "--intended-use", paramLabel = "TEXT", description = "What it is for.")
    private String intendedUse;

    @Option(names = "--limits", paramLabel = "TEXT", description = "What it is not for, where it fails.")
    private String limits;

    @Option(names = "--language", paramLabel = "CODE", description = "Of its text, as en.")
    private String language;

    @Option(names = "--bf16", description = "Round weights to bfloat16; in a repository the classifier bf16 of its version.")
    private boolean bf16;

    @Option(names = "--sign", paramLabel = "FILE", description = "Sign the zip by a secret key that gpg exported.")
    private Path sign;

    @Option(names = "--passphrase-env", paramLabel = "NAME", description = "The environment variable with the key's passphrase.")
    private String passphrase;

    @Option(names = "--set", paramLabel = "data.KEY=VALUE", description = "Measure on other data: data.text=FILE, for example. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Mixin
    private MeasureOptions measure;

    @Override
    public Integer call() {
        measure.check();
        Facts facts = new Facts(Optional.ofNullable(license), Optional.ofNullable(intendedUse), Optional.ofNullable(limits), Optional.ofNullable(language));
        List<String> problems = new ArrayList<>(facts.problems());
        boolean toRepository = coordinates != null || place.repository != null;
        if (toRepository == (out != null)) {
            problems.add("expected --as GROUP:NAME:VERSION and --repository, or --out DIR" + (out == null ? "" : ", not both"));
        } else if (toRepository && (coordinates == null || place.repository == null)) {
            problems.add(coordinates == null ? "--as: is missing; expected GROUP:NAME:VERSION" : "--repository: is missing; expected a folder, an address or ~/.m2");
        }
        if (passphrase != null && sign == null) {
            problems.add("--passphrase-env: is for a key; name it by --sign FILE");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        Optional<Coordinates> named = Optional.ofNullable(coordinates).map(Coordinates::parse);
        Optional<Signer> signer = Optional.ofNullable(sign).map(keys -> new Signer(keys, passphrase == null ? new char[0] : Passphrase.ofEnvironment(passphrase)));
        if (out != null) {
            out = ModelFolder.fresh(out);
        }
        PrintWriter printer = spec.commandLine().getOut();
        Zoo zoo = Zoo.ofUser(line -> say(printer, line));
        named.ifPresent(release -> zoo.checkNew(release, bf16, place.place()));
        ModelSource source = ModelSource.of(model);
        RobustnessResult measured;
        try (Workers team = measure.team(); Interrupts interrupts = Interrupts.listen()) {
            measured = measure.measuring(sets, source.modelConfig().maxPositions(), new CpuDevice(), team, interrupts::requested, line -> say(printer, line)).of(source);
        }
        if (named.isPresent()) {
            zoo.publish(source, measured, facts, bf16, named.get(), place.place(), signer);
        } else {
            Published.write(out, out.toAbsolutePath().normalize().getFileName().toString(), source, measured, facts, bf16);
            say(printer, "published to " + out);
        }
        return ExitCode.DONE;
    }

    private static void say(PrintWriter printer, String line) {
        printer.println(line);
        printer.flush();
    }
}
