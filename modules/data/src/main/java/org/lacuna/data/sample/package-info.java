/**
 * From a token sequence to batches: two samplers for training, whose cursor is saved and restored exactly, and the fixed
 * windows that models are measured on.
 */
package org.lacuna.data.sample;
