package org.lacuna.dl4j.network;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.inputs.InputType.InputTypeFeedForward;
import org.deeplearning4j.nn.conf.inputs.InputType.InputTypeRecurrent;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.DataRecipe;
import org.lacuna.data.sample.Windows;
import org.lacuna.dl4j.data.CorpusIterator;
import org.lacuna.dl4j.data.Table;
import org.lacuna.dl4j.layer.FeedForwardBlock;
import org.lacuna.eval.command.NetworkEvaluation;
import org.lacuna.eval.report.Shown;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.MeasuredPoint;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.source.Hashes;
import org.lacuna.graph.Backend;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.AbsoluteQuality;
import org.lacuna.sparsity.critical.Curve;
import org.lacuna.sparsity.critical.Estimates;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.WindowedCurve;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;

/** Measures a network that Deeplearning4j saved: {@code eval --dl4j}. */
public final class Deeplearning4jEvaluation implements NetworkEvaluation {
    /** The most loss / dense loss that holds. */
    private static final double LOSS_BAR = 1.01;
    /** The least accuracy / dense accuracy that holds (arXiv 2509.00454). */
    private static final double ACCURACY_BAR = 0.99;

    private static final long MOST_LABELS = 1L << 28;

    /** The part of a recipe that names a corpus. */
    private record DataPart(DataRecipe data) {
    }

    @Override
    public RobustnessResult measure(Request request, BooleanSupplier stop, Consumer<String> line) {
        LacunaOps.register();
        Path file = request.model();
        StoredNetwork stored = StoredNetwork.read(file);
        SitedNetwork network = new SitedNetwork(stored.graph(), request.layer().map(stored::vertex).orElse(null));
        Measured data = request.table().isPresent() ? table(request, stored, line) : corpus(request, stored);
        Settings settings = request.settings();
        String layer = "layer \"" + network.name() + "\" (" + network.layer().getClass().getSimpleName() + ", " + network.activation() + ")";
        line.accept(String.format(Locale.ROOT, "model  %s: %s, %,d parameters, %s", name(file), stored.kind(), stored.graph().numParams(), layer));
        line.accept(String.format(Locale.ROOT, "data   %s: %,d %s", data.name(), data.windows(), data.length() == 1 ? "examples" : "windows of " + data.length() + " tokens"));
        line.accept("rule   " + settings.rule() + " at that layer" + (network.layer() instanceof FeedForwardBlock ? "'s intermediate vectors" : "'s output")
                + "; 95 % intervals over the choice of " + (data.length() == 1 ? "examples" : "windows"));

        NetworkSweep sweep = new NetworkSweep(file.toString(), network, data, settings.grid().size());
        sweep.run(Rules.byName(settings.rule()), settings.grid(), stop);
        int n = sweep.alive.length;
        long elements = (long) n * data.length();
        DenseResult dense = dense(sweep, data, elements);
        SiteResult curve = curve(sweep, data, elements, dense, settings);
        DataSummary summary = new DataSummary(data.name(), data.sha256(), data.windowsSha256(), data.windows(), data.length(), OptionalLong.empty());
        ObjectNode more = more(stored, network, sweep);
        Map<String, List<Estimate>> bars = bars(sweep, data, elements, settings, more);
        RobustnessResult result = new RobustnessResult(RobustnessResult.VERSION, model(file, stored, network, n), summary, settings, provenance(more, data), dense, List.of(curve));
        tell(line, sweep, data, dense, curve, settings, bars, more.get("log_likelihood").booleanValue());
        return result;
    }

    private static String name(Path file) {
        return file.getFileName().toString().replaceFirst("\\.zip$", "");
    }

    private static Measured table(Request request, StoredNetwork stored, Consumer<String> line) {
        Path file = request.table().orElseThrow();
        Table table = Table.read(file, request.label().orElse(null));
        String data = file.getFileName().toString();
        if (table.labelMayBeFirst()) {
            line.accept("warning: " + data + ": labels are read from the last column, which has others than whole numbers from 0; the first has none. If that is the label, name the columns in"
                    + " the first row, and it by --label");
        }
        INDArray features = Nd4j.createFromArray(table.features().toArray(float[][]::new));
        Shapes shapes = Shapes.of(request.model().toString(), stored.graph(), data, features);
        if (!(shapes.output() instanceof InputTypeFeedForward vector)) {
            throw new InputException(data + " is a table, an example a row, but the network puts out " + shapes.output() + "; one that puts out a vector is measured on it");
        }
        String hash = Hashes.file(file);
        return new Measured(data + (table.whole() ? "" : " (its first " + Table.MOST_ROWS + " rows)"), hash, Hashes.text(hash + " column " + table.column() + " of " + table.features().size() + " rows"),
                features, labels(file, table.labels(), vector.getSize()), 1, shapes.examples());
    }

    private static INDArray labels(Path file, double[] values, long classes) {
        if (classes == 1) {
            return Nd4j.createFromArray(values).castTo(DataType.FLOAT).reshape(values.length, 1);
        }
        if (values.length * classes > MOST_LABELS) {
            throw new InputException(file + ": " + values.length + " examples of a network that tells " + classes + " classes apart are more than are held, " + MOST_LABELS
                    + " numbers; give fewer rows");
        }
        float[][] oneHot = new float[values.length][(int) classes];
        for (int i = 0; i < values.length; i++) {
            if (values[i] != Math.rint(values[i]) || values[i] < 0 || values[i] >= classes) {
                throw new InputException(file + ": the label of example " + (i + 1) + " is " + values[i] + "; the network's " + classes + " classes are 0 to " + (classes - 1)
                        + ", in the last column or that of --label");
            }
            oneHot[i][(int) values[i]] = 1;
        }
        return Nd4j.createFromArray(oneHot);
    }

    private static Measured corpus(Request request, StoredNetwork stored) {
        DataRecipe recipe = Recipes.parse("--set", "data: {}", request.sets(), DataPart.class).data();
        if (recipe.instructions().isPresent()) {
            throw new InputException("data.instructions: a network is measured on running text; name one by --set data.text=FILE");
        }
        Corpus corpus = Corpora.open(recipe);
        Batch windows = Windows.first(corpus.validation(), request.windows(), request.window());
        Layer first = stored.graph().getLayer(0).conf().getLayer();
        long width = first instanceof FeedForwardLayer layer ? layer.getNIn() : first instanceof FeedForwardBlock block ? block.nIn() : -1;
        if (width != corpus.vocabularySize()) {
            throw new InputException("the network's first layer reads " + width + " values, but the corpus " + corpus.name() + " has " + corpus.vocabularySize()
                    + " token ids; give the data that it was trained for by --data FILE or --set data.…");
        }
        CorpusIterator.Features features = first instanceof EmbeddingSequenceLayer ? CorpusIterator.Features.IDS : CorpusIterator.Features.ONE_HOT;
        DataSet data = CorpusIterator.dataSet(windows, corpus.vocabularySize(), features);
        Shapes shapes = Shapes.of(request.model().toString(), stored.graph(), corpus.name(), data.getFeatures());
        if (!(shapes.output() instanceof InputTypeRecurrent sequence) || sequence.getSize() != corpus.vocabularySize() || sequence.getTimeSeriesLength() != windows.length()) {
            throw new InputException(request.model() + ": the network puts out " + shapes.output() + " for windows of " + windows.length() + " tokens of " + corpus.name()
                    + "; expected one value for each of its " + corpus.vocabularySize() + " token ids at each of them");
        }
        return new Measured(corpus.name(), corpus.sha256(), Hashes.windows(windows), data.getFeatures(), data.getLabels(), windows.length(), shapes.examples());
    }

    private static DenseResult dense(NetworkSweep sweep, Measured data, long elements) {
        int dead = 0;
        for (boolean alive : sweep.alive) {
            dead += alive ? 0 : 1;
        }
        double loss = Arrays.stream(sweep.dense).sum() / ((long) data.windows() * data.length());
        return new DenseResult(loss, OptionalDouble.empty(), Arrays.stream(sweep.dense).boxed().toList(),
                Map.of(Site.INTERMEDIATE, List.of((double) sweep.zeros / (elements * data.windows()))), List.of(dead));
    }

    private static SiteResult curve(NetworkSweep sweep, Measured data, long elements, DenseResult dense, Settings settings) {
        List<MeasuredPoint> points = new ArrayList<>();
        for (int p = 0; p < settings.grid().size(); p++) {
            double sparsity = 1 - (double) Arrays.stream(sweep.kept[p]).sum() / (elements * data.windows());
            points.add(new MeasuredPoint(settings.grid().get(p), sweep.losses[p], sweep.kept[p], List.of(sparsity)));
        }
        return MeasuredPoint.curve(SiteSet.INTERMEDIATE, elements, data.length(), points, dense, settings);
    }

    private static ObjectNode more(StoredNetwork stored, SitedNetwork network, NetworkSweep sweep) {
        ObjectNode more = Json.object();
        more.put("kind", stored.kind()).put("layer", network.name()).put("layer_type", network.layer().getClass().getSimpleName());
        more.put("site", network.layer() instanceof FeedForwardBlock ? "intermediate vectors" : "output");
        more.put("loss", loss(network));
        more.put("log_likelihood", network.loss().map(loss -> loss instanceof LossMCXENT || loss instanceof LossNegativeLogLikelihood || loss instanceof LossBinaryXENT
                || loss instanceof LossSparseMCXENT).orElse(false));
        more.put("values", sweep.alive.length);
        return more;
    }

    private static String loss(SitedNetwork network) {
        return network.loss().map(String::valueOf).orElse(network.outputLayer().conf().getLayer().getClass().getSimpleName());
    }

    /** Critical sparsity at the bars beside eval's own: loss, and accuracy where there are classes. */
    private static Map<String, List<Estimate>> bars(NetworkSweep sweep, Measured data, long elements, Settings settings, ObjectNode more) {
        Map<String, List<Estimate>> bars = new LinkedHashMap<>();
        PairedBootstrap bootstrap = settings.bootstrap(data.windows());
        WindowedCurve losses = windowed(sweep, data, elements, settings, sweep.dense, sweep.losses);
        if (losses.pooled().denseLoss() > 0) {
            bars.put("loss + 1 %", estimates(losses, curve -> AbsoluteQuality.of(curve, Math.max(curve.denseLoss(), Double.MIN_NORMAL), LOSS_BAR), bootstrap, settings));
        }
        if (sweep.classifies()) {
            double steps = (double) data.windows() * data.length();
            more.put("accuracy", Arrays.stream(sweep.denseRight).sum() / steps);
            ArrayNode byP = more.putArray("accuracy_by_p");
            double[][] wrong = new double[sweep.right.length][];
            for (int p = 0; p < wrong.length; p++) {
                byP.add(Arrays.stream(sweep.right[p]).sum() / steps);
                wrong[p] = wrong(sweep.right[p], data.length());
            }
            WindowedCurve errors = windowed(sweep, data, elements, settings, wrong(sweep.denseRight, data.length()), wrong);
            // Accuracy of at least 99 % of the dense one is an error of at most 1 − 0.99 · accuracy.
            bars.put("accuracy × 0.99", estimates(errors, curve -> AbsoluteQuality.of(curve, 1 - ACCURACY_BAR * (1 - curve.denseLoss()), 1), bootstrap, settings));
        }
        bars.forEach((bar, estimates) -> {
            ArrayNode list = more.putArray("critical_at_" + bar.replace(" + 1 %", "_1_percent").replace(" × 0.99", "_99_percent"));
            estimates.forEach(estimate -> list.add(ResultJson.tree(estimate)));
        });
        return bars;
    }

    private static WindowedCurve windowed(NetworkSweep sweep, Measured data, long elements, Settings settings, double[] dense, double[][] sums) {
        long[] steps = new long[data.windows()];
        long[] values = new long[data.windows()];
        Arrays.fill(steps, data.length());
        Arrays.fill(values, elements);
        List<WindowedCurve.Point> points = new ArrayList<>();
        for (int p = 0; p < sums.length; p++) {
            points.add(new WindowedCurve.Point(settings.grid().get(p), sums[p], sweep.kept[p]));
        }
        return new WindowedCurve(steps, values, dense, points);
    }

    private static double[] wrong(int[] right, int length) {
        return Arrays.stream(right).mapToDouble(count -> length - count).toArray();
    }

    private static List<Estimate> estimates(WindowedCurve curve, Function<Curve, Estimates> levels, PairedBootstrap bootstrap, Settings settings) {
        Estimates pooled = levels.apply(curve.pooled());
        return Arrays.stream(Estimator.values()).map(estimator -> new Estimate(estimator, pooled.by(estimator),
                bootstrap.interval(times -> levels.apply(curve.pooled(times)).by(estimator), settings.confidence()))).toList();
    }

    private static ModelSummary model(Path file, StoredNetwork stored, SitedNetwork network, int width) {
        List<FeedForwardBlock> blocks = Arrays.stream(stored.graph().getLayers()).map(layer -> layer.conf().getLayer())
                .filter(FeedForwardBlock.class::isInstance).map(FeedForwardBlock.class::cast).toList();
        List<String> objective = new ArrayList<>(List.of(loss(network)));
        blocks.stream().map(FeedForwardBlock::inWords).filter(words -> !words.isEmpty()).forEach(objective::add);
        Layer layer = network.layer();
        long reads = layer instanceof FeedForwardLayer plain ? plain.getNIn() : layer instanceof FeedForwardBlock block ? block.nIn() : 0;
        String form = layer.getClass().getSimpleName() + " \"" + network.name() + "\" of a " + stored.kind();
        return new ModelSummary(name(file), file.toString(), Hashes.file(file), Hashes.text(stored.config()), stored.graph().numParams(), 1, (int) reads, width, 0, 0, 0, false,
                network.activation(), form, false, Optional.of(String.join(" + ", objective)),
                blocks.stream().anyMatch(FeedForwardBlock::induced) ? Training.INDUCED : Training.NATURAL, OptionalLong.empty(), OptionalLong.of(stored.steps()), OptionalLong.empty(),
                OptionalDouble.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    private static JsonNode provenance(ObjectNode network, Measured data) {
        Map<String, JsonNode> extra = new TreeMap<>();
        extra.put("network", network);
        extra.put("data_sha256", TextNode.valueOf(data.sha256()));
        Backend.find().ifPresent(backend -> extra.put("nd4j", TextNode.valueOf(backend.name())));
        return Provenance.collect(extra).toJson();
    }

    private static void tell(Consumer<String> line, NetworkSweep sweep, Measured data, DenseResult dense, SiteResult curve, Settings settings, Map<String, List<Estimate>> bars,
            boolean likelihood) {
        String accuracy = sweep.classifies() ? String.format(Locale.ROOT, ", accuracy %.4f", Arrays.stream(sweep.denseRight).sum() / ((double) data.windows() * data.length())) : "";
        line.accept(String.format(Locale.ROOT, "dense  loss %.4f%s, exact zeros %.4f, dead neurons %d of %d", dense.loss(), accuracy,
                dense.exactZeros().get(Site.INTERMEDIATE).get(0), dense.deadNeurons().get(0), sweep.alive.length));
        if (!likelihood) {
            line.accept("note   the loss is no log-likelihood: “perplexity × " + settings.bar() + "” means the dense loss + " + String.format(Locale.ROOT, "%.4g", Math.log(settings.bar()))
                    + ", in the loss's own units; read the bar of the loss instead");
        }
        line.accept("");
        line.accept(String.format(Locale.ROOT, "%-20s%-26s%-26s%s", "critical sparsity", "linear", "first", "grid"));
        row(line, "perplexity × " + settings.bar(), curve.critical());
        bars.forEach((bar, estimates) -> row(line, bar, estimates));
        line.accept(Shown.ESTIMATORS);
    }

    private static void row(Consumer<String> line, String bar, List<Estimate> estimates) {
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-20s", bar));
        for (Estimator estimator : List.of(Estimator.LINEAR, Estimator.FIRST, Estimator.GRID)) {
            Estimate estimate = estimates.stream().filter(each -> each.estimator() == estimator).findFirst().orElseThrow();
            row.append(String.format(Locale.ROOT, "%-26s", Shown.level(estimate.level(), sparsity -> String.format(Locale.ROOT, "%.4f", sparsity))
                    + String.format(Locale.ROOT, " [%.4f, %.4f]", estimate.interval().low(), estimate.interval().high())));
        }
        line.accept(row.toString().stripTrailing());
    }
}
