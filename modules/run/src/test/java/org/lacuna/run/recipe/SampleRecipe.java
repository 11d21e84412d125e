package org.lacuna.run.recipe;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A recipe with every kind of value. */
record SampleRecipe(
        @Key(doc = "the run's name") String name,
        @Key(def = "7") long seed,
        ModelPart model,
        TrainPart train,
        Optional<EvalPart> eval) {

    enum Act { SILU, RELU, RELU_SQUARED }

    record ModelPart(
            @Key(doc = "width of the residual stream", min = 1, max = 65536) int hidden,
            @Key(def = "4", min = 1) int heads,
            @Key(def = "silu") Act activation,
            @Key(def = "false") boolean tied) {
        ModelPart {
            if (hidden % heads != 0) {
                throw new IllegalArgumentException("heads: " + heads + " does not divide hidden = " + hidden);
            }
        }
    }

    record TrainPart(
            @Key(doc = "peak learning rate", def = "1e-3", above = 0, below = 1) double lr,
            @Key(def = "0", min = 0) double lambda,
            @Key(def = "[0.9, 0.95]", min = 0, below = 1) List<Double> betas,
            @Key(def = "null") String note,
            Optional<Path> text,
            Optional<Integer> workers) {}

    record EvalPart(List<Point> points, @Key(def = "[]") List<String> sites) {}

    record Point(double p, @Key(def = "input") String site) {}
}
