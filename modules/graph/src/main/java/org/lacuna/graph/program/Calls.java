package org.lacuna.graph.program;

import java.util.Arrays;
import java.util.function.IntConsumer;

/** The calls of a program's steps. */
final class Calls {
    /** Of each step its phases, and of each phase its panels. */
    private final Runnable[][][] steps;
    /** The same for a team. */
    private final IntConsumer[][] jobs;

    Calls(Runnable[][][] steps) {
        this.steps = steps;
        jobs = Arrays.stream(steps).map(phases -> Arrays.stream(phases).map(Calls::job).toArray(IntConsumer[]::new)).toArray(IntConsumer[][]::new);
    }

    private static IntConsumer job(Runnable[] panels) {
        return p -> panels[p].run();
    }

    int steps() {
        return steps.length;
    }

    /**
     * Runs step {@code i}.
     *
     * @param team that shares the panels; null for the calling thread alone
     */
    void run(int i, Workers team) {
        for (int phase = 0; phase < steps[i].length; phase++) {
            Runnable[] panels = steps[i][phase];
            if (team != null && panels.length > 1) {
                team.run(panels.length, jobs[i][phase]);
            } else {
                for (Runnable panel : panels) {
                    panel.run();
                }
            }
        }
    }
}
