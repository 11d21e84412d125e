package org.lacuna.training;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.lacuna.data.Batch;
import org.lacuna.data.random.SplitMix;
import org.lacuna.graph.Device;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.op.NonFiniteRowException;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.run.InputException;
import org.lacuna.training.objective.Lambda;
import org.lacuna.training.optimizer.LearningRate;
import org.lacuna.training.optimizer.MovingAverage;
import org.lacuna.training.optimizer.Optimizer;
import org.lacuna.training.optimizer.ParameterGroups;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.PenaltyRecipe;
import org.lacuna.training.recipe.TrainSettings;

/**
 * A model in training: its parameters, the compiled graph, the optimizer. A {@link #step} is: gradients of the batch's
 * pieces, combined in their order, clipped by their norm, one AdamW update. It knows nothing of data sources and files.
 *
 * <p>For one thread at a time; it has threads of its own for the pieces until it is closed.
 */
public final class Trainer implements AutoCloseable {
    private static final Pattern LAYER = Pattern.compile("\\blayers\\.(\\d+)\\.");

    private final Model model;
    private final TrainSettings settings;
    private final Objective objective;
    private final List<Lambda> lambdas;
    private final double[] weights;
    private final TrainingPrograms programs;
    private final BatchGradient batchGradient;
    private final Optimizer optimizer;
    private final Optional<MovingAverage> average;
    private final LearningRate learningRate;
    private final Workers workers;
    private long[][] opNanos;
    private double rateFactor = 1;
    private long step;

    /**
     * Compiles and allocates; the objective distils nothing.
     *
     * @throws InputException if this machine can't multiply in the settings' precision
     * @param model whose parameters are trained in place
     */
    public Trainer(Model model, TrainSettings settings, Objective objective, Device device) {
        this(model, TrainingPrograms.compile(model.config(), model.tuning(), settings, objective, Optional.empty(), device), Optional.empty());
    }

    /**
     * Allocates.
     *
     * @param model whose parameters are trained in place
     * @param programs of such a model, of which the same is trained
     * @param teacher the model that the objective distils from, if it does
     * @throws InputException if a group of the settings has no parameter
     */
    public Trainer(Model model, TrainingPrograms programs, Optional<Model> teacher) {
        this.model = model;
        this.programs = programs;
        settings = programs.settings();
        objective = programs.objective();
        lambdas = objective.penalties().stream().map(Lambda::of).toList();
        weights = new double[lambdas.size()];
        ParameterStore parameters = model.parameters();
        Map<String, FlatMath.AdamWGroup> groups = ParameterGroups.of(parameters, settings.groups(), settings.weightDecay());
        workers = new Workers(settings.workersHere());
        FlatMath math = programs.device().flatMath();
        teacher.ifPresent(t -> parameters.attach(DecoderGraph.TEACHER_HEAD, t.parameters(), Teacher.head(t.config())));
        batchGradient = new BatchGradient(programs.graph(), programs.training(), parameters, math, settings.shardRows() * settings.window(),
                settings.shards(), settings.accumulation(), workers);
        teacher.ifPresent(t -> batchGradient.teach(t, programs.teacher().orElseThrow()));
        optimizer = new Optimizer(math, parameters, batchGradient.gradient(),
                new FlatMath.AdamWConstants(settings.beta1(), settings.beta2(), settings.eps()), groups, settings.clip());
        average = settings.ema() == 0 ? Optional.empty() : Optional.of(new MovingAverage(math, model, settings.ema()));
        learningRate = settings.learningRate();
    }

    /**
     * Takes one optimizer step.
     *
     * @param batch {@link TrainSettings#batch} windows
     * @return what was measured before the update
     */
    public StepMetrics step(Batch batch) {
        StepMetrics metrics = gradient(batch);
        optimizer.update(metrics.step(), metrics.learningRate(), metrics.gradientNorm(), workers);
        for (int k = 0; k < weights.length; k++) {
            lambdas.get(k).measured(metrics.penalties().get(k).zeros());
        }
        average.ifPresent(a -> a.update(workers));
        step = metrics.step();
        return metrics;
    }

    /** The first half of a step: everything but the update. */
    StepMetrics gradient(Batch batch) {
        long next = step + 1;
        Arrays.setAll(weights, k -> lambdas.get(k).at(next));
        try {
            batchGradient.compute(batch, SplitMix.stream(settings.seed(), next).next(), weights, opNanos);
        } catch (NonFiniteRowException e) { // of a model's masks, which come before there is a loss
            throw new Diverged("step " + next + ": what a mask of the model chooses from is not finite; " + place(batchGradient.firstNonFinite()));
        }
        StepMetrics metrics = new StepMetrics(next, batchGradient.loss(), penalties(), batchGradient.distilled(), batchGradient.zeros(FeedForwardSite.INTERMEDIATE), batchGradient.dead(),
                rateFactor * learningRate.at(next), batchGradient.norm(), batch.scored());
        if (!Double.isFinite(metrics.loss()) || !Double.isFinite(metrics.gradientNorm())) {
            throw new Diverged("step " + next + ": the loss is " + metrics.loss() + " and the gradient's norm " + metrics.gradientNorm()
                    + "; " + place(batchGradient.firstNonFinite()));
        }
        return metrics;
    }

    private List<StepMetrics.PenaltyMetrics> penalties() {
        return IntStream.range(0, weights.length).mapToObj(k -> {
            PenaltyRecipe p = objective.penalties().get(k);
            return new StepMetrics.PenaltyMetrics(p.name(), batchGradient.penalty(k), weights[k], batchGradient.zeros(p.site()));
        }).toList();
    }

    private static String place(Optional<String> variable) {
        if (variable.isEmpty()) {
            return "every single value is finite, so it is their sum that is too large";
        }
        Matcher layer = LAYER.matcher(variable.get());
        return "the first value that is not finite stands in " + variable.get() + (layer.find() ? " (layer " + layer.group(1) + ")" : "");
    }

    /** A validation over fixed windows; the memory is made here, once. */
    public Validation validation(Batch windows) {
        return validation(windows, model);
    }

    /** The same of the weights' moving average, where there is one; the memory is made here, once. */
    public Optional<Validation> averageValidation(Batch windows) {
        return average.map(a -> validation(windows, a.model()));
    }

    private Validation validation(Batch windows, Model validated) {
        int rows = programs.validationRows(windows.rows());
        return new Validation(programs.graph(), programs.forward(rows, windows.length()), validated.parameters(), programs.device().flatMath(), windows, rows, settings.shards(), workers);
    }

    /** The threads that compute a step, for what else is computed between two. */
    public Workers workers() {
        return workers;
    }

    /** The step taken last; 0 before the first. */
    public long step() {
        return step;
    }

    /** Says that parameters and moments are now those of after {@code step}. */
    public void resumeAt(long step) {
        this.step = step;
    }

    /** The penalties' weights, in the objective's order. */
    public List<Lambda> lambdas() {
        return lambdas;
    }

    /** From the next step on the learning rate is the schedule's times {@code factor}. */
    public void scaleLearningRate(double factor) {
        rateFactor = factor;
    }

    /** The model; what is written to its parameters is trained on. */
    public Model model() {
        return model;
    }

    /** The model with the moving average of the weights, where there is one; what is written to it is averaged on. */
    public Optional<Model> average() {
        return average.map(MovingAverage::model);
    }

    /** The gradient of the step taken last, in the parameters' layout. */
    public ParameterStore.Flat gradient() {
        return batchGradient.gradient();
    }

    /** The optimizer with its moments. */
    public Optimizer optimizer() {
        return optimizer;
    }

    /** The compiled step of one piece. */
    public Program program() {
        return programs.training();
    }

    /** All that is compiled. */
    public TrainingPrograms programs() {
        return programs;
    }

    /** From the next step on, adds the nanoseconds of each of the program's steps to {@code nanos[shard][i]}; null stops it. */
    public void time(long[][] nanos) {
        opNanos = nanos;
    }

    /** How it is trained. */
    public TrainSettings settings() {
        return settings;
    }

    @Override
    public void close() {
        workers.close();
    }
}
