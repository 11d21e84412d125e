/**
 * Checkpoints in and out: {@code import} says what a Hugging Face folder holds and proves that Lacuna computes what transformers does,
 * {@code export} writes one.
 */
package org.lacuna.cli.checkpoint;
