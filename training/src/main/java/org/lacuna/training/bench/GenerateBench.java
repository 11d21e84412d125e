package org.lacuna.training.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.lacuna.decode.Generator;
import org.lacuna.decode.Sampling;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;

/** Measures generation: a prompt of random tokens, and the likeliest tokens after it. */
public final class GenerateBench {
    private static final double NANOS = 1e-9;

    private GenerateBench() {}

    /**
     * Measures; compiling does not count.
     *
     * @param prompt tokens
     * @param tokens added to it
     * @param warmUp generations before the measured ones
     * @param runs measured ones
     */
    public static Figures run(Shape shape, Model model, int prompt, int tokens, int warmUp, int runs, Device device) {
        int[] ids = new SplittableRandom(1).ints(prompt, 0, model.config().vocabulary()).toArray();
        List<Double> prompts = new ArrayList<>();
        List<Double> each = new ArrayList<>();
        try (Generator generator = new Generator(model, device, shape.workers())) {
            for (int run = -warmUp; run < runs; run++) {
                boolean counts = run >= 0;
                long[] before = {System.nanoTime()};
                boolean[] first = {true};
                generator.generate(ids, tokens, id -> false, new Sampling(0, 0, 1), new SplittableRandom(1), token -> {
                    long now = System.nanoTime();
                    if (counts) {
                        (first[0] ? prompts : each).add((now - before[0]) * NANOS);
                    }
                    first[0] = false;
                    before[0] = now;
                    return true;
                });
            }
        }
        try (Workers workers = new Workers(shape.workers())) {
            return new GenerateFigures(shape, prompt, tokens, warmUp, runs, sample(prompts), sample(each), GemvBandwidth.measure(device, workers));
        }
    }

    private static Sample sample(List<Double> seconds) {
        return Sample.of(seconds.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
