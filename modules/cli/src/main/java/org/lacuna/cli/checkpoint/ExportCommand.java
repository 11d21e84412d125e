package org.lacuna.cli.checkpoint;

import java.io.PrintWriter;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lacuna.eval.source.ModelFolder;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.lora.PeftFolder;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.model.safetensors.StoredWeights;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.training.checkpoint.TrainingCheckpoint;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code lacuna export}: a model as a Hugging Face folder. */
@Command(name = "export", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Write a model as Hugging Face's loaders read it: config.json, model.safetensors or shards of it, and its tokenizer.",
        footer = {"", "Tied weights are written once. A model that Hugging Face has not (lacuna_llama) is written too, but only Lacuna opens it."})
public final class ExportCommand implements Callable<Integer> {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})\\s*([KMG]?)(I?)B");
    private static final String PREFIXES = "KMG";

    /** From this magnitude on, half a step above the largest bfloat16, rounding gives infinity. */
    private static final float INFINITE_AS_BFLOAT16 = 0x1.ffp127f;

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "A checkpoint's folder, or a run's (its latest checkpoint).")
    private String model;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "The folder to make; there must be none.")
    private Path out;

    @Option(names = "--dtype", defaultValue = "float32", paramLabel = "TYPE", converter = DtypeConverter.class,
            description = "float32, or bfloat16: to the nearest; fp32 and bf16 mean the same. Default: ${DEFAULT-VALUE}.")
    private Dtype dtype;

    @Option(names = "--max-shard-size", defaultValue = "5GB", paramLabel = "SIZE",
            description = "The most that one file of weights takes, unless one tensor is larger: 5GB, 200MB, 2GiB. Default: ${DEFAULT-VALUE}.")
    private String maxShardSize;

    @Option(names = "--adapter", description = "Of a run that trained adapters (model.lora), write them alone, as PEFT opens them, and not the model that they are merged into.")
    private boolean adapter;

    /** PyTorch's names. */
    private enum Dtype {
        FLOAT32(StoredType.F32),
        BFLOAT16(StoredType.BF16);

        private final StoredType stored;

        Dtype(StoredType stored) {
            this.stored = stored;
        }
    }

    /** By PyTorch's names, or by those of {@code train.precision}. */
    private static final class DtypeConverter implements ITypeConverter<Dtype> {
        @Override
        public Dtype convert(String name) {
            return switch (name.toLowerCase(Locale.ROOT)) {
                case "float32", "fp32" -> Dtype.FLOAT32;
                case "bfloat16", "bf16" -> Dtype.BFLOAT16;
                default -> throw new TypeConversionException("expected float32 or bfloat16, not " + name);
            };
        }
    }

    @Override
    public Integer call() {
        long shard = bytes(maxShardSize);
        out = ModelFolder.fresh(out);
        ModelSource source = ModelSource.of(model);
        if (adapter) {
            exportAdapter(source.checkpoint().resolve(TrainingCheckpoint.ADAPTER));
            return ExitCode.DONE;
        }
        List<Path> copied = ModelFolder.companions(source.checkpoint());
        Model loaded = source.load(new CpuDevice());
        if (dtype == Dtype.BFLOAT16) {
            checkRange(source.checkpoint(), loaded);
        }
        AtomicFiles.folder(out, folder -> {
            Checkpoint.write(folder, loaded, dtype.stored, shard);
            ModelFolder.copy(copied, folder);
        });
        tell(loaded, copied);
        return ExitCode.DONE;
    }

    private void exportAdapter(Path from) {
        if (!Files.isDirectory(from)) {
            throw new InputException("--adapter: there is no folder " + from + ", which a checkpoint has whose run trains adapters (model.lora); leave --adapter out to export the model");
        }
        AtomicFiles.folder(out, folder -> PeftFolder.copy(from, folder, dtype.stored));
        PrintWriter printer = spec.commandLine().getOut();
        printer.println(out + ": adapters for PEFT as " + dtype.name().toLowerCase(Locale.ROOT) + ", " + PeftFolder.CONFIG + " and " + PeftFolder.WEIGHTS);
        printer.flush();
    }

    private static long bytes(String size) {
        Matcher m = SIZE.matcher(size.strip().toUpperCase(Locale.ROOT));
        boolean unit = m.matches() && (m.group(3).isEmpty() || !m.group(2).isEmpty());
        long bytes = unit ? Long.parseLong(m.group(1)) : 0;
        for (int i = unit && !m.group(2).isEmpty() ? PREFIXES.indexOf(m.group(2)) : -1; i >= 0; i--) {
            bytes = Math.min(Long.MAX_VALUE / 1024, bytes) * (m.group(3).isEmpty() ? 1000 : 1024);
        }
        if (bytes <= 0) {
            throw new InputException("--max-shard-size: " + size + " is no size; expected a whole number with B, KB, MB, GB (powers of 1000) or KiB, MiB, GiB (of 1024): 5GB");
        }
        return bytes;
    }

    private static void checkRange(Path checkpoint, Model model) {
        for (String name : model.parameters().names()) {
            FloatBuffer values = model.parameters().tensor(name).floats();
            for (int i = 0; i < values.limit(); i++) {
                if (Math.abs(values.get(i)) >= INFINITE_AS_BFLOAT16) {
                    throw new InputException(checkpoint + ": parameter " + name + " holds " + values.get(i) + " at index " + i
                            + ", which would be infinite as bfloat16; export with --dtype float32");
                }
            }
        }
    }

    private void tell(Model exported, List<Path> copied) {
        PrintWriter printer = spec.commandLine().getOut();
        List<String> names = copied.stream().map(file -> file.getFileName().toString()).toList();
        String with = (names.isEmpty() ? "" : ", with " + String.join(", ", names)) + (names.contains("tokenizer.json") ? "" : "; there is no tokenizer.json to go with it");
        try (StoredWeights written = StoredWeights.open(out)) {
            int files = written.paths().size();
            printer.println(String.format(Locale.ROOT, "%s: %s, %,d parameters as %s in %d %s of weights%s", out, exported.config().family(),
                    exported.parameters().count(), dtype.name().toLowerCase(Locale.ROOT), files, files == 1 ? "file" : "files", with));
        }
        if (exported.config().family().equals(ModelConfig.LACUNA_LLAMA)) {
            printer.println("Only Lacuna opens it: it has what Hugging Face's Llama has not, and transformers refuses model_type "
                    + ModelConfig.LACUNA_LLAMA + ".");
        }
        printer.flush();
    }
}
