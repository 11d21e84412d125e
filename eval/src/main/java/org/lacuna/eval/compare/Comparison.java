package org.lacuna.eval.compare;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.OptionalDouble;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/**
 * Several models measured on the same windows. Models are named by their place in {@code models}. Every interval comes from the same
 * draws of the windows; it covers the choice of windows, not that of training seeds.
 *
 * @param version      of this format, {@link #VERSION}
 * @param models       what was measured, in the order given
 * @param control      what models without a control of their own are held against: the one that was named, else the first natural model that is not another's
 *                     own control, one without a ReLU before one with it, else the first such control, else the first of all. Its settings are those of the comparison
 * @param because      why it is that one, {@code the first natural model without a ReLU} say
 * @param controls     for each model its control: its own, itself if it is another's, else {@code control}
 * @param notes        what makes the models less than comparable, in full sentences; empty if nothing does
 * @param losses       ratios of dense losses: each model against its control, each induced one against every natural one that is not another's control
 * @param differences  differences of critical sparsity, of the same pairs
 * @param atControlLoss sparsity at which each model, the control too, is as good as its dense control or nearly so
 * @param provenance   what compared them, as {@link org.lacuna.run.provenance.Provenance#toJson}
 */
public record Comparison(int version, List<RobustnessResult> models, int control, String because, List<Integer> controls, List<String> notes,
        List<LossRatio> losses, List<Difference> differences, List<QualityLevel> atControlLoss, JsonNode provenance) {

    /** The format that this build writes and reads. */
    public static final int VERSION = 4;

    /** Copies the lists, and takes the provenance as it reads back. */
    public Comparison {
        models = List.copyOf(models);
        controls = List.copyOf(controls);
        notes = List.copyOf(notes);
        losses = List.copyOf(losses);
        differences = List.copyOf(differences);
        atControlLoss = List.copyOf(atControlLoss);
        provenance = Json.parse("provenance", Json.line(provenance));
    }

    /** The models' names, told apart where several have one by what differs: seed, rule, layers, folder and so on. */
    public List<String> labels() {
        return Labels.of(models);
    }

    /**
     * A model's dense loss / that of another.
     *
     * @param model    the one
     * @param against  the other
     * @param ratio    over all windows
     * @param interval over draws
     */
    public record LossRatio(int model, int against, double ratio, Interval interval) {
    }

    /**
     * Critical sparsity of a model − that of another.
     *
     * @param sites       where the rule is applied
     * @param model       the one
     * @param against     the other
     * @param estimator   how both were read
     * @param level       the one's
     * @param otherLevel  the other's
     * @param difference  of both numbers; NaN where either has none. A bound on the one side where a level is a lower bound
     * @param interval    over draws
     * @param exchanged   the one-sided p-value of a permutation test of "the one's is larger": how often a difference as large comes about where each
     *                    window is exchanged between the two or not. Of {@code linear} alone; empty where models of other widths can't exchange windows
     */
    public record Difference(SiteSet sites, int model, int against, Estimator estimator, Level level, Level otherLevel, double difference,
            Interval interval, OptionalDouble exchanged) {
        /** What a difference's number is. */
        public enum Kind {
            /** Not a number: one of the levels is none. */
            NONE,
            /** The difference itself. */
            AT,
            /** A lower bound: the one level is. */
            AT_LEAST,
            /** An upper bound: the other level is a lower one. */
            AT_MOST,
            /** The difference of two lower bounds, which bounds nothing. */
            BOUNDS
        }

        /** What the number is. */
        public Kind kind() {
            if (level.kind() == Level.Kind.NONE || otherLevel.kind() == Level.Kind.NONE) {
                return Kind.NONE;
            }
            if (level.kind() == Level.Kind.AT_LEAST) {
                return otherLevel.kind() == Level.Kind.AT_LEAST ? Kind.BOUNDS : Kind.AT_LEAST;
            }
            return otherLevel.kind() == Level.Kind.AT_LEAST ? Kind.AT_MOST : Kind.AT;
        }
    }

    /**
     * The most that can be left out while a model's loss stays within a factor of its dense control's.
     *
     * @param sites     where the rule is applied
     * @param model     which
     * @param factor    loss allowed / dense loss of its control
     * @param estimates by each estimator
     */
    public record QualityLevel(SiteSet sites, int model, double factor, List<Estimate> estimates) {
        /** Copies the list. */
        public QualityLevel {
            estimates = List.copyOf(estimates);
        }
    }
}
