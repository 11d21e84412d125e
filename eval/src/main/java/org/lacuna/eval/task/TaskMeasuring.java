package org.lacuna.eval.task;

import java.nio.file.Path;
import java.util.Optional;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.eval.source.Circumstances;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;

/**
 * A model that tasks are measured on.
 *
 * @param source  where it comes from
 * @param model   its weights
 * @param summary what results tell of it
 * @param look    at it and the text that rules are calibrated on
 * @param text    what results tell of that text; empty where the rule takes none
 * @param device  that computes
 * @param workers that answer
 * @param watch   asked between pieces of the work
 */
public record TaskMeasuring(ModelSource source, Model model, ModelSummary summary, Look look, Optional<DataSummary> text, Device device, Workers workers, Watch watch) {

    /** Where pieces of what is found are kept: with a run; a checkpoint has no place for them. */
    public Optional<Path> store() {
        return source.run().map(run -> run.resolve("eval"));
    }

    /**
     * Measures one task.
     *
     * @param findings where pieces are looked up and kept
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if the model's numbers are not finite
     */
    public TaskMeasurement of(TaskEvaluation evaluation, Findings findings, TaskEvaluation.Progress progress) {
        Circumstances now = Circumstances.of(source, device, evaluation.summary().sha256());
        Answering answering = evaluation.answering(summary.checkpoint(), model, device, workers, findings, now.subject(summary), watch);
        return evaluation.measure(answering, look, text, summary, now.provenance(), progress);
    }
}
