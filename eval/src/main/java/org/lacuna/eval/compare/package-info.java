/**
 * Models side by side: whether they may be compared, and by how much their critical sparsities differ, with intervals over the
 * same draws of windows for all of them.
 */
package org.lacuna.eval.compare;
