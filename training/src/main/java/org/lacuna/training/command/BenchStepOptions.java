package org.lacuna.training.command;

import org.lacuna.training.recipe.Recompute;
import picocli.CommandLine.Option;

/** What the bench commands that train share beside. */
final class BenchStepOptions extends BenchOptions {
    @Option(names = "--accumulation", defaultValue = "1",
            description = "Rounds in which a step computes its batch, one after the other; they divide it. Less memory, the same update but for rounding.")
    private int accumulation;

    @Option(names = "--recompute", defaultValue = "none",
            description = "none or layer: what the backward pass computes again instead of keeping it; less memory, more time.")
    private Recompute recompute;

    @Override
    int accumulation() {
        return accumulation;
    }

    @Override
    Recompute recompute() {
        return recompute;
    }
}
