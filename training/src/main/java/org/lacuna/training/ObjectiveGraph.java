package org.lacuna.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.graph.TrainingForm;
import org.lacuna.sparsity.Site;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.Recompute;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * A model's training graph and its programs. Where no penalty of the objective ever weighs anything, what is differentiated is the
 * loss alone: penalties are still computed to be logged, but no gradient flows through them.
 */
final class ObjectiveGraph {
    private final ModelConfig config;
    private final Objective objective;
    private final Precision precision;
    private final Tuning tuning;
    private final double dropout;
    private final SameDiff graph;
    private final SameDiff forward;
    private final List<List<String>> penalties;
    private final List<FeedForwardSite> observed;
    private final List<String> active;
    private final Optional<TrainingForm.Teacher> teacher;

    /**
     * Builds the graph.
     *
     * @param teacher the config of the one that the objective names, if it does
     * @param dropout of a training step; a forward pass alone has none
     */
    ObjectiveGraph(ModelConfig config, Tuning tuning, Objective objective, Optional<ModelConfig> teacher, double dropout, Precision precision) {
        this.precision = precision;
        this.tuning = tuning;
        this.config = config;
        this.objective = objective;
        TrainingForm form = objective.form(teacher).withDropout(dropout);
        this.dropout = dropout;
        this.teacher = form.teacher();
        graph = DecoderGraph.training(config, tuning.adapters(), form);
        forward = dropout == 0 ? graph : DecoderGraph.training(config, tuning.adapters(), form.withDropout(0));
        if (objective.isPlain()) {
            graph.setLossVariables(DecoderGraph.LOSS);
        }
        penalties = IntStream.range(0, form.penalties().size()).mapToObj(k -> ofLayers(layer -> DecoderGraph.penalty(k, layer))).toList();
        observed = form.observed();
        active = observed.stream().flatMap(site -> ofLayers(layer -> DecoderGraph.active(site, layer)).stream()).toList();
    }

    private List<String> ofLayers(IntFunction<String> name) {
        return IntStream.range(0, config.layers()).mapToObj(name).toList();
    }

    /** Forward and backward for {@code rows} windows, cut for so many workers. */
    Program training(Device device, int rows, int window, int panels, boolean accumulating, Recompute recompute) {
        List<String> outputs = new ArrayList<>(active);
        penalties.forEach(outputs::addAll);
        outputs.addAll(distilled());
        Program.Builder program = program(graph, device, rows, window, outputs);
        if (hasDropout()) {
            program.placeholder(DecoderGraph.DROPOUT_KEY, 2);
        }
        teacherInputs().forEach(name -> program.placeholder(name, rows, window, teacher.orElseThrow().hidden()));
        teacher.filter(TrainingForm.Teacher::logits).ifPresent(t -> program.parameter(DecoderGraph.TEACHER_HEAD, config.vocabulary(), t.hidden()));
        return program.panels(panels).gradients(tuning::trains).accumulating(accumulating).recompute(kept(recompute)).build();
    }

    /** What the backward pass starts from. The last layer's begins when its forward pass has just ended, so that nothing would be saved there. */
    private List<String> kept(Recompute recompute) {
        return recompute == Recompute.NONE ? List.of() : IntStream.range(0, config.layers() - 1).mapToObj(DecoderGraph::output).toList();
    }

    /** Forward alone: no penalties. */
    Program forward(Device device, int rows, int window, int panels) {
        return program(forward, device, rows, window, active).panels(panels).build();
    }

    private Program.Builder program(SameDiff graph, Device device, int rows, int window, List<String> outputs) {
        return Program.of(graph, device)
                .precision(precision)
                .placeholder(DecoderGraph.INPUT_IDS, rows, window)
                .placeholder(DecoderGraph.POSITIONS, rows, window)
                .placeholder(DecoderGraph.TARGETS, rows, window)
                .placeholder(DecoderGraph.TOKEN_WEIGHT, rows, window)
                .placeholder(DecoderGraph.OBJECTIVE_COEFFICIENTS, coefficients())
                .outputs(DecoderGraph.NLL)
                .outputs(outputs.toArray(String[]::new));
    }

    /** Bytes of what is fed to a program of {@code rows} windows: four numbers of 32 bits for each token, and the coefficients. */
    long placeholderBytes(int rows, int window) {
        return (4L * rows * window + coefficients()) * Float.BYTES;
    }

    private int coefficients() {
        return 1 + penalties.size() * config.layers() + distilled().size();
    }

    /** Bytes of what a teacher's pass gives to one of training. */
    long teacherBytes(int rows, int window) {
        return teacherInputs().size() * teacher.map(t -> (long) Float.BYTES * rows * window * t.hidden()).orElse(0L);
    }

    /** Whether a training step wants a key for its dropout. */
    boolean hasDropout() {
        return dropout > 0;
    }

    /** What is fed of a teacher; the same less the prefix are the names there. */
    List<String> teacherInputs() {
        List<String> names = new ArrayList<>();
        if (teacher.isPresent() && teacher.get().logits()) {
            names.add(DecoderGraph.TEACHER_HIDDEN);
        }
        if (teacher.isPresent() && teacher.get().layers()) {
            names.addAll(ofLayers(DecoderGraph::teacherOutput));
        }
        return names;
    }

    /** The terms that have to do with a teacher. */
    List<String> distilled() {
        List<String> names = new ArrayList<>();
        if (teacher.isPresent() && teacher.get().logits()) {
            names.add(DecoderGraph.DISTILLED_LOGITS);
        }
        if (teacher.isPresent() && teacher.get().layers()) {
            names.addAll(ofLayers(DecoderGraph::distilledHidden));
        }
        return names;
    }

    /** Whether more than the loss is differentiated, so that coefficients are needed. */
    boolean weighs() {
        return !objective.isPlain();
    }

    /** Of each penalty its parts, a layer each. */
    List<List<String>> penalties() {
        return penalties;
    }

    /** The sites whose activity is counted. */
    List<FeedForwardSite> observed() {
        return observed;
    }

    int layers() {
        return config.layers();
    }

    /** Elements of a row at a site. */
    int width(FeedForwardSite site) {
        return site == FeedForwardSite.INPUT ? config.hidden() : config.intermediate();
    }

    /** Rows of a token at a site. */
    int rowsPerToken(FeedForwardSite site) {
        return config.feedForward().rowsPerToken(site.site().orElse(Site.INTERMEDIATE));
    }

    /** Objective = loss + Σ λ · mean of the layers' penalties + what distillation adds. */
    void fillCoefficients(Tensor coefficients, double[] lambdas) {
        coefficients.setFloat(0, 1);
        for (int i = 0; i < lambdas.length * config.layers(); i++) {
            coefficients.setFloat(1 + i, (float) (lambdas[i / config.layers()] / config.layers()));
        }
        List<String> distilled = distilled();
        int first = coefficients() - distilled.size();
        for (int i = 0; i < distilled.size(); i++) {
            boolean logits = distilled.get(i).equals(DecoderGraph.DISTILLED_LOGITS);
            coefficients.setFloat(first + i, (float) (logits ? objective.distill().orElseThrow().logits() : objective.distill().orElseThrow().hidden() / config.layers()));
        }
    }

    /** Each window begins at position 0. */
    static void fillPositions(Tensor positions) {
        int window = Math.toIntExact(positions.shape()[1]);
        for (int i = 0; i < positions.length(); i++) {
            positions.ints().put(i, i % window);
        }
    }
}
