package org.lacuna.eval.robustness;

import java.util.OptionalInt;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/**
 * What holds a bar and saves most of the feed-forward blocks' operations.
 *
 * @param joint     the place of the combination of p that saves most; empty if none holds the bar
 * @param saved     what it saves, over all windows and over draws of them, on each of which it is chosen anew among the combinations that were measured; the level is a lower bound
 *                  where the one that saves most of all holds the bar, as a finer grid might save more
 * @param same      the place of the best of those with one p for all sites; empty if none holds the bar
 * @param savedSame what that saves
 * @param more      interval of {@code saved} − {@code savedSame}, of what was measured, both chosen on the same draw; where none holds the bar nothing is saved. Never below 0, as the
 *                  one is chosen among more
 */
public record JointChoice(OptionalInt joint, Estimate saved, OptionalInt same, Estimate savedSame, Interval more) {
}
