package org.lacuna.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.lacuna.cli.Finding.Level;
import org.lacuna.run.ExitCode;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna doctor}: what a run would get on this machine, and how to get more. */
@Command(name = "doctor", mixinStandardHelpOptions = true,
        description = "Tell what a run gets on this machine, what is missing, and how to set it.")
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the findings to FILE (- for standard output).")
    private String json;

    private final List<Supplier<List<Finding>>> sources;

    DoctorCommand() {
        // Everything that is looked at, one source a line.
        this(List.of(
                JvmFindings::here,
                EngineFindings::here));
    }

    DoctorCommand(List<Supplier<List<Finding>>> sources) {
        this.sources = sources;
    }

    @Override
    public Integer call() {
        List<Finding> findings = sources.stream().flatMap(source -> source.get().stream()).toList();
        PrintWriter out = spec.commandLine().getOut();
        if (!"-".equals(json)) {
            print(findings, out);
        }
        if (json != null) {
            ObjectNode report = Json.object();
            findings.forEach(finding -> report.withArray("findings").add(finding.toJson()));
            Json.write(json, report, out);
        }
        out.flush();
        String faults = findings.stream().filter(finding -> finding.level() == Level.FAULT)
                .map(finding -> finding.subject() + ": " + finding.value() + "; " + finding.advice()).collect(Collectors.joining("; "));
        if (!faults.isEmpty()) {
            throw new RunException("a run would fail here: " + faults);
        }
        return ExitCode.DONE;
    }

    static void print(List<Finding> findings, PrintWriter out) {
        int width = findings.stream().mapToInt(finding -> finding.subject().length()).max().orElse(0);
        for (Finding finding : findings) {
            String mark = switch (finding.level()) {
                case GOOD -> "  ";
                case WEAK -> "- ";
                case FAULT -> "! ";
            };
            out.println(mark + finding.subject() + " ".repeat(width - finding.subject().length() + 2) + finding.value());
            if (!finding.advice().isEmpty()) {
                out.println(" ".repeat(width + 4) + finding.advice());
            }
        }
        out.flush();
    }
}
