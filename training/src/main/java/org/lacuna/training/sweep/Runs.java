package org.lacuna.training.sweep;

import java.util.List;

/** Trains and measures the runs of a sweep. */
interface Runs {
    /**
     * Trains a run to a step, from where it is, and measures it there. Called by several threads, never by two for one run.
     *
     * @param run  what it is called, its folder's name
     * @param sets what is another than in the sweep's recipe, as {@code --set} takes it
     * @param seed of its repetition, from 0
     * @param step after which it is measured
     * @return what was found; a run that can't be trained has failed
     * @throws org.lacuna.run.InterruptedRunException if it was stopped first; it goes on from its latest checkpoint when it is asked again
     */
    Measured to(String run, List<String> sets, int seed, int step) throws InterruptedException;
}
