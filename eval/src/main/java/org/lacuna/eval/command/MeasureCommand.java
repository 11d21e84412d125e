package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.sample.Windows;
import org.lacuna.eval.activation.Activations;
import org.lacuna.eval.activation.Activations.Layer;
import org.lacuna.eval.measure.Evaluation;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.source.Circumstances;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.Interrupts;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.measure.Measure;
import org.lacuna.sparsity.measure.Measures;
import org.lacuna.sparsity.measure.UnionSparsity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lacuna measure}: what a model's activations are like without a rule. */
@Command(name = "measure", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Measure what a model's feed-forward activations are like without any rule: zeros, concentration, dead neurons, overlap, effective rank.",
        footer = {"", "The figures are means over the first windows of the validation part; the table has the mean over layers, --json each layer's."})
public final class MeasureCommand implements Callable<Integer> {
    private static final String SHARE = "share of the elements";
    /** Columns of a row's name and its unit. */
    private static final int LABEL = 49;

    @Spec
    private CommandSpec spec;

    @Option(names = {"--model", "--run"}, required = true, paramLabel = "DIR", description = "A run's folder (its latest checkpoint), a checkpoint's, or zoo:GROUP:NAME:VERSION.")
    private String model;

    @Mixin
    private WindowOptions text;

    @Option(names = "--sites", split = ",", paramLabel = "SITE",
            description = "Where: input, up, gate, intermediate of the feed-forward block, attention_input, attention_output. Default: all that the block has.")
    private List<String> sites = new ArrayList<>();

    @Option(names = "--set", paramLabel = "data.KEY=VALUE", description = "Other data: data.text=FILE, for example. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Option(names = "--json", paramLabel = "FILE", description = "Write each layer's figures to FILE too (- for standard output, in place of the table).")
    private String json;

    @Override
    public Integer call() {
        List<String> problems = new ArrayList<>();
        text.check(problems, 1);
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        if (json != null && !"-".equals(json)) {
            Destination.checkFile(Path.of(json));
        }
        ModelSource source = ModelSource.of(model);
        ModelConfig config = source.modelConfig();
        if (config.feedForward().experts().isPresent()) {
            throw new InputException(source.checkpoint() + ": its blocks have experts, of which each token sees a few; what they are like can't be measured yet");
        }
        Set<Site> wanted = sites(source, config);
        Corpus corpus = Corpora.open(source.data(sets));
        source.check(corpus, config);
        Batch windows = Windows.first(corpus.validation(), text.windows(), text.window(config.maxPositions()));
        CpuDevice device = new CpuDevice();
        PrintWriter out = spec.commandLine().getOut();
        Activations found;
        try (Interrupts interrupts = Interrupts.listen()) {
            ModelSummary summary = source.summary(config, Optional.of(corpus));
            DataSummary data = Evaluation.summary(corpus, windows);
            Look look = new Look(source.checkpoint().toString(), source.load(device), device, windows, windows, windows.length(), new ConsoleWatch(interrupts::requested));
            found = new Activations(Activations.VERSION, summary, data, Circumstances.of(source, device, corpus.sha256()).provenance(), Activations.of(look, wanted));
        }
        if (!"-".equals(json)) {
            source.ofGuessedData(sets).ifPresent(note -> line(out, "note: %s", note));
            print(out, found);
        }
        if (json != null) {
            Json.write(json, ResultJson.tree(found), out);
        }
        return ExitCode.DONE;
    }

    private Set<Site> sites(ModelSource source, ModelConfig config) {
        if (sites.isEmpty()) {
            return config.feedForward().sites();
        }
        Set<Site> wanted = EnumSet.noneOf(Site.class);
        for (String key : sites) {
            Site site;
            try {
                site = Site.byKey(key);
            } catch (IllegalArgumentException e) {
                throw new InputException("--sites: " + e.getMessage(), e);
            }
            if (!config.sites().contains(site)) {
                throw new InputException("--sites: " + source.checkpoint() + ": the model has no " + key + "; there are "
                        + String.join(", ", config.sites().stream().sorted().map(Site::key).toList()));
            }
            wanted.add(site);
        }
        return wanted;
    }

    private static void print(PrintWriter out, Activations found) {
        List<Site> sites = found.layers().stream().map(Layer::site).distinct().toList();
        line(out, "model  %s: %s, %,d parameters, %s %s", found.model().name(), found.model().checkpoint(), found.model().parameters(), found.model().feedForward(), found.model().activation());
        line(out, "data   %s: %,d windows of %,d tokens", found.data().name(), found.data().windows(), found.data().windowLength());
        line(out, "");
        line(out, "%-" + LABEL + "s%s", "mean over layers", String.join("", sites.stream().map(site -> String.format(Locale.ROOT, "%18s", site.key())).toList()));
        for (Measure measure : Measures.all()) {
            row(out, found, sites, measure.name(), measure.unit(), layer -> layer.means().get(measure.name()));
        }
        row(out, found, sites, "dead", SHARE, layer -> layer.dead() / (double) layer.effectiveRank().width());
        row(out, found, sites, "always on", SHARE, layer -> layer.alwaysOn() / (double) layer.effectiveRank().width());
        row(out, found, sites, "overlap", "share of the non-zeros", Layer::overlap);
        for (int size : UnionSparsity.SIZES) {
            row(out, found, sites, "zero for " + size + (size == 1 ? " token" : " tokens"), SHARE, layer -> layer.unions().get(Integer.toString(size)));
        }
        row(out, found, sites, "effective rank", "dimensions", layer -> layer.effectiveRank().value());
        row(out, found, sites, "width", "elements of a vector", layer -> layer.effectiveRank().width());
        line(out, "Dead: 0 for each of the windows' tokens, always on: for none; --json has their counts. Zero for several tokens: for all of them, which follow each other.");
        line(out, "Effective rank: of the vectors of %d tokens. Overlap: Jaccard index of neighbouring tokens' non-zeros.", found.layers().get(0).effectiveRank().tokens());
    }

    private static void row(PrintWriter out, Activations found, List<Site> sites, String name, String unit, ToDoubleFunction<Layer> value) {
        line(out, "%-21s%-" + (LABEL - 21) + "s%s", name, unit, String.join("", sites.stream().map(site -> String.format(Locale.ROOT, "%18.4f", found.layers().stream().filter(layer -> layer.site() == site)
                .mapToDouble(value).average().orElseThrow())).toList()));
    }

    private static void line(PrintWriter out, String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }
}
