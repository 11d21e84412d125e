package org.lacuna.eval.study;

import java.util.List;
import java.util.Map;
import org.lacuna.eval.activation.Activations;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.task.TaskMeasurement;

/**
 * A model of a study and all that was measured of it.
 *
 * @param size        which of the study's sizes
 * @param variant     which of its variants
 * @param seed        of its training
 * @param rules       by rule, its curves on windows that all models share
 * @param tasks       by task, its curves on documents that all models share
 * @param activations what its activations are like without a rule
 */
public record StudiedModel(String size, String variant, long seed, Map<String, RobustnessResult> rules, Map<String, TaskMeasurement> tasks, Activations activations) {
    /** Copies the maps. */
    public StudiedModel {
        rules = Map.copyOf(rules);
        tasks = Map.copyOf(tasks);
    }

    /** Trainable parameters. */
    public long parameters() {
        return any().model().parameters();
    }

    /** One of its results: what does not depend on the rule is in each of them. */
    RobustnessResult any() {
        return rules.values().iterator().next();
    }

    /** Its curve by a rule at some sites. */
    SiteResult curve(String rule, SiteSet sites) {
        return rules.get(rule).curve(sites).orElseThrow(() -> new IllegalArgumentException(size + " " + variant + " was not measured by " + rule + " at " + sites.key()));
    }

    /** The sites at which it was measured by a rule. */
    List<SiteSet> sites(String rule) {
        return rules.get(rule).curves().stream().map(SiteResult::sites).toList();
    }
}
