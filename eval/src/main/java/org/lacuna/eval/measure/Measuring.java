package org.lacuna.eval.measure;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.DataRecipe;
import org.lacuna.eval.activation.ActiveNeurons;
import org.lacuna.eval.activation.ModelOverlap;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.eval.store.ResultStore;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;

/**
 * Gets the results that are to be compared: what a run's folder keeps, if it is of the same weights, windows, settings, build and kind of machine, else measured now and
 * kept there. A corpus that several models share is opened once.
 */
public final class Measuring {
    private final List<String> sets;
    private final int windows;
    private final int length;
    private final Settings settings;
    private final Device device;
    private final Workers workers;
    private final Watch watch;
    private final Consumer<String> progress;
    private final Map<DataRecipe, Corpus> corpora = new LinkedHashMap<>();
    private final Set<DataSummary> data = new HashSet<>();

    /**
     * Measures nothing yet.
     *
     * @param sets     changes to every run's data, as {@code data.text=FILE}
     * @param windows  how many
     * @param length   tokens in each
     * @param settings how; of its sites, those that a model has
     * @param watch    asked between pieces of the work
     * @param progress told in a line what is being done
     */
    public Measuring(List<String> sets, int windows, int length, Settings settings, Device device, Workers workers, Watch watch,
            Consumer<String> progress) {
        this.sets = List.copyOf(sets);
        this.windows = windows;
        this.length = length;
        this.settings = settings;
        this.device = device;
        this.workers = workers;
        this.watch = watch;
        this.progress = progress;
    }

    /**
     * The result of one model.
     *
     * @param reference as the user wrote it: a run's or a checkpoint's folder
     * @throws InputException if it is no model, or does not fit the data
     * @throws InterruptedRunException if it was asked to stop; the message says how to go on
     */
    public RobustnessResult of(String reference) {
        return of(ModelSource.of(reference));
    }

    /** The same of a model that is found already. */
    public RobustnessResult of(ModelSource source) {
        Corpus corpus = corpora.computeIfAbsent(source.data(sets), Corpora::open);
        Evaluation evaluation = new Evaluation(source, corpus, windows, length, device);
        data.add(evaluation.data());
        source.ofGuessedData(sets).ifPresent(note -> progress.accept(source.name() + ": " + note));
        Settings here = settings.withSites(settings.sites().stream().filter(evaluation.sites(Methods.byName(settings.rule()))::contains).toList());
        Optional<RobustnessResult> kept = evaluation.kept(here);
        if (kept.isPresent()) {
            progress.accept(source.name() + ": measured before, " + evaluation.file(here).orElseThrow());
            return kept.get();
        }
        progress.accept(source.name() + ": measuring " + evaluation.data().windows() + " windows of " + length + " tokens");
        RobustnessResult result = measure(source.name(), evaluation, here);
        try {
            evaluation.keep(result);
        } catch (InputException | RunException e) {
            // A folder that is only read is no reason to lose minutes of work: the report holds the result too.
            progress.accept(source.name() + ": the result is not kept for the next time: " + e.getMessage());
        }
        return result;
    }

    private RobustnessResult measure(String name, Evaluation evaluation, Settings here) {
        try {
            Evaluation.Measurement measurement = evaluation.prepare(here, workers);
            progress.accept(name + ": memory: " + measurement.memory().line());
            return ResultStore.using(evaluation.store(), note -> progress.accept(name + ": " + note), findings -> measurement.measure(findings, watch,
                    dense -> progress.accept(String.format(Locale.ROOT, "%s: dense loss %.4f", name, dense.loss())),
                    curve -> progress.accept(name + ": measured " + curve.sites().key())));
        } catch (InterruptedRunException e) {
            throw new InterruptedRunException(e.getMessage()
                    + "; what was measured is kept, and the same command goes on from there");
        }
    }

    /**
     * How much each of these models and its control have active together, where both are of one shape and were measured on the same windows, and have no experts. What a model can't be
     * loaded for is told and left out.
     *
     * @param sources    the first of the comparison's models, in its order; those behind them are known by their results alone
     * @param comparison of these models' results
     * @throws InterruptedRunException if it was asked to stop
     */
    public List<ModelOverlap> overlaps(List<ModelSource> sources, Comparison comparison) {
        List<ModelOverlap> overlaps = new ArrayList<>();
        Map<Integer, ActiveNeurons> controls = new HashMap<>();
        for (int model = 0; model < sources.size(); model++) {
            int control = comparison.controls().get(model);
            if (model != control && control < sources.size() && comparable(comparison.models().get(model), comparison.models().get(control))) {
                try {
                    if (!controls.containsKey(control)) {
                        controls.put(control, active(sources.get(control)));
                    }
                    overlaps.addAll(ModelOverlap.of(model, active(sources.get(model)), control, controls.get(control), settings));
                } catch (RunException e) {
                    progress.accept(sources.get(model).name() + ": which neurons are active was not compared: " + e.getMessage());
                }
            }
        }
        return overlaps;
    }

    private static boolean comparable(RobustnessResult one, RobustnessResult other) {
        ModelSummary a = one.model();
        ModelSummary b = other.model();
        return a.layers() == b.layers() && a.hidden() == b.hidden() && a.intermediate() == b.intermediate() && !a.experts() && !b.experts()
                && one.data().windowsSha256().equals(other.data().windowsSha256());
    }

    private ActiveNeurons active(ModelSource source) {
        Corpus corpus = corpora.computeIfAbsent(source.data(sets), Corpora::open);
        Batch text = ActiveNeurons.text(corpus.validation(), windows, length);
        progress.accept(source.name() + ": which neurons are active, " + text.rows() + " windows of " + text.length() + " tokens");
        // What the measurements computed in is garbage outside the heap, for which the memory check would take it.
        System.gc();
        try {
            return ActiveNeurons.of(new Look(source.checkpoint().toString(), source.load(device), device, text, text, text.length(), watch));
        } catch (InterruptedRunException e) {
            throw new InterruptedRunException(e.getMessage() + "; the curves that were measured are kept, and the same command goes on from there");
        }
    }

    /**
     * What else predicts the windows, where all models were measured on the same: the trigram model of the training part of the first one's corpus and, for
     * generated stories, the generator itself.
     */
    public List<Baseline> baselines() {
        return data.stream().map(DataSummary::windowsSha256).distinct().count() == 1
                ? Baselines.of(corpora.values().iterator().next(), data.iterator().next().windows(), length) : List.of();
    }
}
