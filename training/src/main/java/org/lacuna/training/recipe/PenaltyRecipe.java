package org.lacuna.training.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.lacuna.graph.penalty.Parameter;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.graph.TrainingForm.PenaltyForm;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/** A penalty on activations and the path of its weight λ: over the steps as a schedule says, or to a share of zeros. */
public record PenaltyRecipe(
        @Key(doc = "the penalty's name") String kind,
        @Key(doc = "whose vector is penalised", def = "intermediate") FeedForwardSite site,
        @Key(doc = "its weight; with target the one that it begins with", def = "null", min = 0, max = 1e9) Optional<Double> lambda,
        @Key(doc = "how the weight comes about", def = "constant") Schedule schedule,
        @Key(doc = "with linear and cosine: steps over which the weight rises from 0", def = "0", min = 0) int warmup,
        @Key(doc = "with stages: where each ends, and the weight there", def = "[]") List<Stage> stages,
        @Key(doc = "share of exact zeros at the site that the weight is moved to hold", def = "null", above = 0, below = 1) Optional<Double> target,
        @Key(doc = "numbers that the penalty's formula has, by name", def = "{}", min = -1e9, max = 1e9) Map<String, Double> parameters) {

    /** How λ depends on the step s, counted from 1. */
    public enum Schedule {
        /** Always λ. */
        CONSTANT,
        /** λ · min(1, s / warmup). */
        LINEAR,
        /** λ · ½ (1 − cos(π · min(1, s / warmup))): half a cosine. */
        COSINE,
        /**
         * ProSparse's (arXiv 2402.13516): stages that end at steps T₁ &lt; T₂ &lt; … with λ₁, λ₂, …: λ₁ up to T₁, then from λᵢ₋₁ to λᵢ by
         * η = ½ (sin(−π/2 + π (s − Tᵢ₋₁) / (Tᵢ − Tᵢ₋₁)) + 1); after the last one its λ.
         */
        STAGES
    }

    /** The end of a stage. */
    public record Stage(@Key(doc = "the stage's last step", min = 1) int until, @Key(doc = "the weight there", min = 0, max = 1e9) double lambda) {}

    /** Checks what one key alone can't know. */
    public PenaltyRecipe {
        List<String> problems = new ArrayList<>();
        try {
            Penalty penalty = Penalties.byName(kind);
            checkParameters(problems, penalty, parameters);
        } catch (IllegalArgumentException e) {
            problems.add("kind: " + e.getMessage());
        }
        boolean staged = schedule == Schedule.STAGES;
        if (staged == stages.isEmpty()) {
            problems.add("stages: " + (staged ? "expected one or more {until, lambda} with schedule = stages" : "only with schedule = stages"));
        }
        if (staged == lambda.isPresent()) {
            problems.add("lambda: " + (staged ? "the stages have their own; leave it out" : "missing; expected the penalty's weight"));
        }
        boolean rises = schedule == Schedule.LINEAR || schedule == Schedule.COSINE;
        if (warmup > 0 && !rises) {
            problems.add("warmup: only with schedule = linear or cosine");
        }
        for (int i = 1; i < stages.size(); i++) {
            if (stages.get(i).until() <= stages.get(i - 1).until()) {
                problems.add("stages: stage " + (i + 1) + " ends at step " + stages.get(i).until() + ", not after the one before, at " + stages.get(i - 1).until());
            }
        }
        if (target.isPresent() && (schedule != Schedule.CONSTANT || lambda.isPresent() && lambda.get() == 0)) {
            problems.add("target: moves the weight by itself; expected schedule = constant, and a lambda above 0 to begin with");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    private static void checkParameters(List<String> problems, Penalty penalty, Map<String, Double> given) {
        given.forEach((name, value) -> {
            Optional<Parameter> parameter = penalty.parameters().stream().filter(p -> p.name().equals(name)).findFirst();
            if (parameter.isEmpty()) {
                problems.add("parameters: " + penalty.name() + " has none called " + name + "; it has "
                        + (penalty.parameters().isEmpty() ? "none" : penalty.parameters().stream().map(Parameter::name).collect(Collectors.joining(", "))));
            } else if (!parameter.get().allows(value)) {
                problems.add("parameters: " + name + " is " + value + "; expected " + parameter.get().range());
            }
        });
    }

    /** What logs call it: {@code l1@intermediate}. */
    public String name() {
        return kind + "@" + site.key();
    }

    /** λ at a step, counted from 1, where there is no target. */
    public double lambda(long step) {
        return switch (schedule) {
            case CONSTANT -> lambda.orElseThrow();
            case LINEAR -> step >= warmup ? lambda.orElseThrow() : lambda.orElseThrow() * step / warmup;
            case COSINE -> step >= warmup ? lambda.orElseThrow() : lambda.orElseThrow() * 0.5 * (1 - Math.cos(Math.PI * step / warmup));
            case STAGES -> staged(step);
        };
    }

    private double staged(long step) {
        int i = 0;
        while (i < stages.size() && step > stages.get(i).until()) {
            i++;
        }
        if (i == stages.size()) {
            return stages.get(i - 1).lambda();
        }
        if (i == 0) {
            return stages.get(0).lambda();
        }
        Stage before = stages.get(i - 1);
        Stage now = stages.get(i);
        double share = (step - before.until()) / (double) (now.until() - before.until());
        return before.lambda() + 0.5 * (Math.sin(-Math.PI / 2 + Math.PI * share) + 1) * (now.lambda() - before.lambda());
    }

    /** Whether it depends on more than each token's own vector. */
    boolean seesNeighbours() {
        return Penalties.byName(kind).seesNeighbours();
    }

    /** Whether λ is ever above 0. */
    boolean everWeighs() {
        return schedule == Schedule.STAGES ? stages.stream().anyMatch(stage -> stage.lambda() > 0) : lambda.orElseThrow() > 0;
    }

    PenaltyForm form() {
        Penalty penalty = Penalties.byName(kind);
        List<Double> values = penalty.parameters().stream().map(p -> parameters.getOrDefault(p.name(), p.def())).toList();
        return new PenaltyForm(penalty, values, site);
    }
}
