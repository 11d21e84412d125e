package org.lacuna.cli.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.family.HuggingFaceWeights;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.model.parity.Expected;
import org.lacuna.model.parity.Parity;
import org.lacuna.model.parity.Quantity;
import org.lacuna.model.safetensors.StoredTensor;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.model.safetensors.StoredWeights;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna import}: whether Lacuna opens a checkpoint, what it is, and whether Lacuna computes the same as transformers. */
@Command(name = "import", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Check a Hugging Face checkpoint and tell what it is and what it takes. Nothing is written: Lacuna works on such folders as they are.",
        footer = {"", "modules/model/expected.py makes FILE for --expect with transformers.", Quantity.TOLERANCES})
public final class ImportCommand implements Callable<Integer> {
    private static final String TOKENIZER = "tokenizer.json";
    private static final int USUAL_WINDOW = 512;
    private static final int SUBJECT_WIDTH = 14;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "A folder with config.json and model.safetensors, or shards of it with their index.")
    private String model;

    @Option(names = "--quick", description = "Don't read the weights' numbers, which must all be finite.")
    private boolean quick;

    @Option(names = "--batch", defaultValue = "1", paramLabel = "N", description = "Tell the memory of training steps of N windows. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--window", defaultValue = Option.NULL_VALUE, paramLabel = "T",
            description = "Tell the memory for windows of T tokens. Default: " + USUAL_WINDOW + ", or the model's positions where they are fewer.")
    private Integer window;

    @Option(names = "--expect", paramLabel = "FILE",
            description = "Compute in fp32 what FILE (safetensors) has, which another implementation computed: input_ids [B, T] I64; logits, loss, hidden.LAYER,"
                    + " site.LAYER.SITE, grad.TENSOR, each of which may be missing. Exit code 1 if one is out of tolerance.")
    private Path expect;

    @Option(names = "--all", description = "With --expect: a line for each tensor too.")
    private boolean all;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all of it to FILE (- for standard output, in place of the table).")
    private String json;

    @Override
    public Integer call() {
        if (all && expect == null) {
            throw new InputException("--all: shows the tensors that --expect compares; name a file with --expect");
        }
        ModelSource source = ModelSource.of(model);
        if (json != null && !"-".equals(json)) {
            Destination.checkFile(Path.of(json));
            checkApart(source.checkpoint());
        }
        PrintWriter printer = spec.commandLine().getOut();
        PrintWriter out = "-".equals(json) ? new PrintWriter(Writer.nullWriter()) : printer;
        ModelConfig config = Checkpoint.config(source.checkpoint());
        ObjectNode report = Json.object().put("checkpoint", source.checkpoint().toString()).put("family", config.family());
        row(out, "checkpoint", source.checkpoint().toString());
        row(out, "family", config.family() + (config.family().equals(ModelConfig.LACUNA_LLAMA) ? ": only Lacuna opens it" : ""));
        weights(source.checkpoint(), config, out, report);
        ModelFacts facts = new ModelFacts(config);
        facts.lines().forEach((subject, value) -> row(out, subject, value));
        facts.addTo(report);
        tokenizer(source.checkpoint().resolve(TOKENIZER), out, report);
        Device device = new CpuDevice();
        MemoryFacts memory = MemoryFacts.of(config, batch, window == null ? Math.min(USUAL_WINDOW, config.maxPositions()) : window, device);
        rows(out, "evaluating", memory.evaluationLines());
        rows(out, "training", memory.trainingLines());
        report.set("memory", memory.toJson());
        ParityTable parity = expect == null ? null : compare(source, config, device, out, report);
        out.flush();
        if (json != null) {
            Json.write(json, report, printer);
        }
        if (parity != null) {
            parity.check(expect.toString());
        }
        return ExitCode.DONE;
    }

    /** What was read stays as it is. */
    private void checkApart(Path checkpoint) {
        Path file = Path.of(json).toAbsolutePath().normalize();
        if (file.startsWith(checkpoint.toAbsolutePath().normalize()) || expect != null && file.equals(expect.toAbsolutePath().normalize())) {
            throw new InputException("--json: " + json + " would replace what is read; name a file outside of the checkpoint's folder");
        }
    }

    private void weights(Path checkpoint, ModelConfig config, PrintWriter out, ObjectNode report) {
        try (StoredWeights weights = StoredWeights.open(checkpoint)) {
            HuggingFaceWeights.check(weights, config);
            boolean read = !quick || expect != null;
            if (!quick) {
                HuggingFaceWeights.checkNumbers(weights, config);
            }
            List<StoredTensor> stored = HuggingFaceWeights.stored(weights, config);
            long parameters = DecoderParameters.of(config).stream().mapToLong(TensorSpec::length).sum();
            Map<StoredType, Long> bytes = stored.stream().collect(Collectors.groupingBy(StoredTensor::type, () -> new EnumMap<>(StoredType.class),
                    Collectors.summingLong(t -> t.end() - t.begin())));
            int besides = weights.tensors().size() - stored.size();
            row(out, "parameters", format("%,d, stored as %s in %,d tensors, %,d %s", parameters,
                    bytes.entrySet().stream().map(e -> format("%s (%,d bytes)", e.getKey(), e.getValue())).collect(Collectors.joining(" and ")),
                    stored.size(), weights.paths().size(), weights.paths().size() == 1 ? "file" : "files"));
            row(out, "numbers", read ? "all finite" : "not read (--quick)");
            if (besides > 0) {
                row(out, "passed over", format("%,d tensors that follow from the others or from the config", besides));
            }
            report.put("parameters", parameters).put("tensors", stored.size()).put("files", weights.paths().size()).put("passedOver", besides).put("numbersRead", read);
            ObjectNode byType = report.putObject("storedBytes");
            bytes.forEach((type, n) -> byType.put(type.name(), n));
        }
    }

    private static void tokenizer(Path file, PrintWriter out, ObjectNode report) {
        ObjectNode found = report.putObject("tokenizer").put("file", Files.isRegularFile(file)).put("readable", false);
        if (!Files.isRegularFile(file)) {
            row(out, "tokenizer", "none: no " + TOKENIZER);
            return;
        }
        try {
            Tokenizers.load(file);
            found.put("readable", true);
            row(out, "tokenizer", TOKENIZER);
        } catch (InputException e) {
            found.put("problem", e.getMessage());
            row(out, "tokenizer", TOKENIZER + ", which Lacuna does not read: " + e.getMessage());
        }
    }

    private ParityTable compare(ModelSource source, ModelConfig config, Device device, PrintWriter out, ObjectNode report) {
        try (Expected expected = Expected.open(expect, config); Workers team = new Workers(Runtime.getRuntime().availableProcessors())) {
            row(out, "expected", format("%s: %,d windows of %,d tokens, computed in fp32", expected, expected.rows(), expected.length()));
            out.flush();
            ParityTable table = new ParityTable(Parity.compare(source.load(device), expected, device, team));
            out.println();
            table.print(out, all);
            report.set("expected", table.toJson(expected.toString()));
            return table;
        }
    }

    private static void rows(PrintWriter out, String subject, List<String> values) {
        row(out, subject, values.get(0));
        values.subList(1, values.size()).forEach(value -> row(out, "", value));
    }

    private static void row(PrintWriter out, String subject, String value) {
        out.println(subject + " ".repeat(SUBJECT_WIDTH - subject.length()) + value);
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
