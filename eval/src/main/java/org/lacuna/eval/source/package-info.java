/**
 * What a user names to be measured: a run or a checkpoint, what its files tell of how it was made, which data to measure it on, and the
 * hashes by which results are known to belong together.
 */
package org.lacuna.eval.source;
