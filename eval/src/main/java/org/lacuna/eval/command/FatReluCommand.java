package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.sample.Windows;
import org.lacuna.eval.fatrelu.Calibration;
import org.lacuna.eval.fatrelu.LayerShift;
import org.lacuna.eval.fatrelu.Shifting;
import org.lacuna.eval.fatrelu.Shifting.Shifted;
import org.lacuna.eval.fatrelu.ThresholdShift;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.source.ModelFolder;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna fatrelu}: a ReLU model with thresholds, as high as an error allows. */
@Command(name = "fatrelu", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Give a ReLU model thresholds, a layer each, below which its activation lets nothing pass: more zeros, no training.",
        footer = {"", "Each layer's threshold is the largest whose error on the windows is at most --cett: the mean over tokens of the norm of what is dropped",
            "from the feed-forward block's output, over the norm of that output, with the model as it is in front of the layer.",
            "The windows are the first ones of the training part of its run's data (config.yaml), or of what --set data.… says, so that eval's are new to it.",
            "What is written is a lacuna_llama in F32, which only Lacuna opens."})
public final class FatReluCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "A checkpoint's folder, or a run's (its latest checkpoint).")
    private String model;

    @Option(names = "--cett", required = true, paramLabel = "X", description = "The largest mean error of a layer, above 0 and below 1: 0.1, for example.")
    private double cett;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "The folder to make; there must be none.")
    private Path out;

    @Option(names = "--set", paramLabel = "data.KEY=VALUE", description = "Other data: data.text=FILE, for example. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Mixin
    private WindowOptions text;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the result to FILE too (- for standard output, in place of the table).")
    private String json;

    @Override
    public Integer call() {
        check();
        out = ModelFolder.fresh(out);
        ModelSource source = ModelSource.of(model);
        ModelConfig config = source.modelConfig();
        Calibration.check(source.checkpoint().toString(), config);
        List<Path> companions = ModelFolder.companions(source.checkpoint());
        Corpus corpus = Corpora.open(source.data(sets));
        source.check(corpus, config);
        Batch windows = windows(source, config, corpus);
        Shifted shifted;
        try (Workers team = text.team(); Interrupts interrupts = Interrupts.listen()) {
            Shifting shifting = new Shifting(source.checkpoint().toString(), new CpuDevice(), team, windows, interrupts::requested);
            shifted = shift(source, config, shifting, Evaluation.summary(corpus, windows));
        } catch (InterruptedRunException e) {
            throw new InterruptedRunException(e.getMessage() + "; nothing is written");
        }
        AtomicFiles.folder(out, folder -> {
            Checkpoint.write(folder, shifted.model());
            ModelFolder.copy(companions, folder);
        });
        PrintWriter printer = spec.commandLine().getOut();
        if (!"-".equals(json)) {
            table(printer, shifted.shift());
        }
        if (json != null) {
            Json.write(json, ResultJson.tree(shifted.shift()), printer);
        }
        return ExitCode.DONE;
    }

    private void check() {
        List<String> problems = new ArrayList<>();
        if (!(cett > 0 && cett < 1)) {
            problems.add("--cett: must be above 0 (nothing is dropped) and below 1 (all is), not " + cett);
        }
        text.check(problems, 1);
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        if (json != null && !"-".equals(json)) {
            Destination.checkFile(Path.of(json));
        }
    }

    private Batch windows(ModelSource source, ModelConfig config, Corpus corpus) {
        int length = text.window(config.maxPositions());
        if (length > config.maxPositions()) {
            throw new InputException("--window: " + length + " tokens are more than the " + config.maxPositions() + " (max_position_embeddings) that "
                    + source.checkpoint() + " is meant for; give a smaller --window");
        }
        return Windows.first(corpus.train(), text.windows(), length, "training");
    }

    private Shifted shift(ModelSource source, ModelConfig config, Shifting shifting, DataSummary data) {
        String name = source.checkpoint().toString();
        ForwardMemory.of(config).check(name, "a smaller model"); // before a graph of any size is compiled
        shifting.memory(config).check(name, "fewer --workers, a shorter --window, or a smaller model");
        return shifting.shift(source.load(config, new CpuDevice()), cett, data);
    }

    private void table(PrintWriter printer, ThresholdShift shift) {
        line(printer, "model  %s", shift.model());
        line(printer, "data   %s: %,d windows of %,d training tokens, errors on %,d of them", shift.data().name(), shift.data().windows(), shift.data().windowLength(), shift.tokens());
        line(printer, "");
        line(printer, "%5s  %12s  %8s  %21s", "layer", "threshold", "CETT", "zeros before → after");
        for (LayerShift layer : shift.layers()) {
            line(printer, "%5d  %12.6g  %8.4f  %10.4f → %8.4f", layer.layer(), layer.threshold(), layer.cett(), layer.sparsityBefore(), layer.sparsityAfter());
        }
        line(printer, "loss   %.4f → %.4f nats a token", shift.lossBefore(), shift.lossAfter());
        line(printer, "%s: the model with these thresholds; only Lacuna opens it", out);
    }

    private static void line(PrintWriter printer, String format, Object... values) {
        printer.println(String.format(Locale.ROOT, format, values));
        printer.flush();
    }
}
