package org.lacuna.training.observation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.OptionalLong;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.Robustness;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.training.Trainer;

/** Critical sparsity of a model in training, as {@code eval} measures it, on fewer windows and values of p. The weights that it reads are the trainer's own. */
final class Snapshots {
    private final SnapshotPlan plan;
    private final int steps;
    private final Robustness robustness;

    /** Makes the memory. */
    Snapshots(SnapshotPlan plan, Trainer trainer) {
        this.plan = plan;
        steps = trainer.settings().steps();
        plan.programs().hold(trainer.model().parameters(), plan.settings(), trainer.workers().count());
        // It is asked to stop by nobody: what is half measured would be missing from a run that goes on.
        robustness = new Robustness("the model", trainer.model(), plan.programs(), trainer.workers(), plan.windows(), () -> false);
    }

    Observed at(long step) {
        ObjectNode figures = Json.object();
        StringBuilder shown = new StringBuilder();
        DenseResult dense;
        try {
            dense = robustness.dense(OptionalLong.empty(), plan.settings().sites());
            for (SiteSet sites : plan.settings().sites()) {
                add(sites, robustness.curve(sites, plan.settings(), dense), figures, shown);
            }
        } catch (RunException e) {
            return Observed.nothing(step, steps, "snapshot", e);
        }
        figures.put("loss", dense.loss());
        return Observed.of(step, steps, "snapshot", figures, String.format(Locale.ROOT, "snapshot loss: %.4f", dense.loss()) + shown);
    }

    /** With p = 1 the rule keeps all that is not 0, so that point's sparsity is the share of exact zeros. */
    private static void add(SiteSet sites, SiteResult curve, ObjectNode figures, StringBuilder shown) {
        double zeros = curve.points().get(0).sparsity();
        ObjectNode site = figures.putObject(sites.key());
        put(site, "critical", curve.critical(Estimator.LINEAR).level());
        put(site, "grid", curve.critical(Estimator.GRID).level());
        put(site, "first", curve.critical(Estimator.FIRST).level());
        site.put("zeros", zeros);
        shown.append(String.format(Locale.ROOT, " | %s critical: %s, zeros: %.3f", sites.key(), words(curve.critical(Estimator.LINEAR).level()), zeros));
    }

    /** A lower bound stands as itself; where no point holds the bar there is no number. */
    private static void put(ObjectNode site, String key, Level level) {
        if (level.kind() == Level.Kind.NONE) {
            site.putNull(key);
        } else {
            site.put(key, level.sparsity());
        }
    }

    private static String words(Level level) {
        return switch (level.kind()) {
            case NONE -> "none";
            case AT -> String.format(Locale.ROOT, "%.3f", level.sparsity());
            case AT_LEAST -> String.format(Locale.ROOT, ">= %.3f", level.sparsity());
        };
    }
}
