package org.lacuna.eval.study;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;
import org.apache.commons.math3.stat.regression.SimpleRegression;
import org.lacuna.eval.activation.Activations.Layer;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;

/** A measure of activations without a rule, which costs one forward pass, predicts how much can be left out. */
final class MeasuresPredict implements Relation {
    /** Fewer give no line worth leaving one out of. */
    private static final int LEAST = 4;
    private static final int LEAST_SIZES = 3;

    @Override
    public Finding of(Study study) {
        List<Finding.Row> rows = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        if (study.models().size() < LEAST) {
            missing.add("a line takes " + LEAST + " models, and the study has " + study.models().size());
        }
        // With fewer the line is the mean of the one other size, and all rows are 0.
        if (study.sizes().size() < LEAST_SIZES) {
            missing.add("a size is to be predicted by a line through two others, and the study has " + study.sizes().size());
        }
        if (missing.isEmpty() && study.models().stream().mapToDouble(model -> critical(study, model).value()).distinct().count() == 1) {
            missing.add("all models have the same critical sparsity, or bound of it: there is nothing to predict");
        }
        for (boolean within : missing.isEmpty() ? new boolean[] {false, true} : new boolean[0]) {
            measures(study).forEach((name, measure) -> add(study, name, measure, within, rows));
        }
        rows.sort(Comparator.comparingDouble((Finding.Row row) -> row.label().startsWith("all") ? 0 : 1).thenComparingDouble(row -> -row.value()));
        return new Finding("What activations are like without a rule predicts how much can be left out.",
                "Of a straight line from the measure (intermediate vector, mean over layers) to critical sparsity (top-p, perplexity + 1 %): 1 − its squared error at a size that was left out of it / "
                        + "that of the other sizes' mean; 1 is perfect, 0 no better than the mean, below it worse; predictions are kept within 0 and 1. “All models”: all variants on one line. “Each variant”: a line for each variant.", Finding.Unit.NUMBER, rows,
                List.of("Intervals are over draws of the models: " + study.models().size() + " of " + study.variants().size() + " kinds, neither a sample of the models there are nor independent. A line for each variant has few sizes to go by: an open row says little, and \"against\" that the measure is of no use.",
                        "Of several measures some do well by chance; they are not corrected for being many." + undefined(study),
                        "With all variants on one line a measure that only tells induced models from natural ones does well."), missing);
    }

    private static Draws critical(Study study, StudiedModel model) {
        return study.critical(model, Study.TOP_P, SiteSet.INTERMEDIATE, Study.BAR);
    }

    /** By name: mean over layers. */
    static Map<String, ToDoubleFunction<StudiedModel>> measures(Study study) {
        Map<String, ToDoubleFunction<StudiedModel>> measures = new LinkedHashMap<>();
        study.models().get(0).activations().layers().get(0).means().keySet().stream().sorted().forEach(name -> measures.put(name, model -> mean(model, layer -> layer.means().get(name))));
        measures.put("overlap", model -> mean(model, Layer::overlap));
        // A rank is at most the number of vectors, or of their entries.
        measures.put("effective_rank / largest", model -> mean(model, layer -> layer.effectiveRank().value() / Math.min(layer.effectiveRank().tokens(), layer.effectiveRank().width())));
        measures.put("dense loss", model -> model.any().dense().loss());
        return measures;
    }

    /** Names the measures that a model has no number of, in a sentence; empty where there are none. */
    private static String undefined(Study study) {
        List<String> missing = measures(study).entrySet().stream().filter(measure -> study.models().stream().anyMatch(model -> !Double.isFinite(measure.getValue().applyAsDouble(model))))
                .map(Map.Entry::getKey).toList();
        return missing.isEmpty() ? "" : " Left out, since a model has no number for them: " + String.join(", ", missing) + ".";
    }

    private static double mean(StudiedModel model, ToDoubleFunction<Layer> of) {
        return model.activations().layers().stream().filter(layer -> layer.site() == Site.INTERMEDIATE).mapToDouble(of).average().orElseThrow();
    }

    private static void add(Study study, String name, ToDoubleFunction<StudiedModel> measure, boolean within, List<Finding.Row> rows) {
        List<StudiedModel> models = study.models();
        double[] x = models.stream().mapToDouble(measure).toArray();
        Draws[] critical = models.stream().map(model -> critical(study, model)).toArray(Draws[]::new);
        double[] y = IntStream.range(0, critical.length).mapToDouble(i -> critical[i].value()).toArray();
        if (IntStream.range(0, x.length).anyMatch(i -> !Double.isFinite(x[i]))) {
            return;
        }
        SplittableRandom random = new SplittableRandom(study.settings().seed());
        double[] draws = new double[study.settings().replicates()];
        int[] times = new int[x.length];
        for (int r = 0; r < draws.length; r++) {
            Arrays.fill(times, 0);
            for (int i = 0; i < x.length; i++) {
                times[random.nextInt(x.length)]++;
            }
            draws[r] = explained(models, x, y, times, within);
        }
        Arrays.fill(times, 1);
        String label = within ? "each variant: " + name : "all models: " + name + rank(x, y);
        rows.add(Finding.Row.of(label, new Draws(explained(models, x, y, times, within), draws, Arrays.stream(critical).allMatch(Draws::certain)), study.settings().confidence()));
    }

    /** Nothing where all models are alike in one of them. */
    private static String rank(double[] x, double[] y) {
        double correlation = new SpearmansCorrelation().correlation(x, y);
        return Double.isNaN(correlation) ? "" : String.format(Locale.ROOT, " (rank correlation %.2f)", correlation);
    }

    /** 1 − squared errors of lines / those of means, both fitted without the model's own size; draws in which either can't be fitted anywhere count as 0. */
    private static double explained(List<StudiedModel> models, double[] x, double[] y, int[] times, boolean within) {
        double line = 0;
        double mean = 0;
        for (int i = 0; i < x.length; i++) {
            if (times[i] == 0) {
                continue;
            }
            SimpleRegression fit = new SimpleRegression();
            double sum = 0;
            int count = 0;
            Set<String> sizes = new HashSet<>();
            for (int j = 0; j < x.length; j++) {
                if (!models.get(j).size().equals(models.get(i).size()) && (!within || models.get(j).variant().equals(models.get(i).variant()))) {
                    for (int n = 0; n < times[j]; n++) {
                        fit.addData(x[j], y[j]);
                        sum += y[j];
                        count++;
                        sizes.add(models.get(j).size());
                    }
                }
            }
            if (count == 0) {
                continue;
            }
            double constant = sum / count;
            // Models of one size differ by their seeds, which no line is to be drawn through.
            double predicted = sizes.size() < 2 || Double.isNaN(fit.getSlope()) ? constant : Math.min(1, Math.max(0, fit.predict(x[i])));
            line += times[i] * (predicted - y[i]) * (predicted - y[i]);
            mean += times[i] * (constant - y[i]) * (constant - y[i]);
        }
        return mean == 0 ? 0 : 1 - line / mean;
    }
}
