/**
 * FATReLU (ProSparse, arXiv 2402.13516): for a model with ReLU, {@link org.lacuna.eval.fatrelu.Calibration} finds each layer's largest threshold
 * whose error on some text stays within a bound, {@link org.lacuna.eval.fatrelu.ThresholdShift} is what that did to the model.
 */
package org.lacuna.eval.fatrelu;
