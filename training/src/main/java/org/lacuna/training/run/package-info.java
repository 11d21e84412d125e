/**
 * A training run from its recipe to its folder: data in, metrics and checkpoints out, interrupted and resumed at any
 * moment.
 */
package org.lacuna.training.run;
