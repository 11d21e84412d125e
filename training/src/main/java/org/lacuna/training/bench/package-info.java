/**
 * Training steps, their matrix products, evaluations and memory, measured: tokens a second, operations a second against what
 * this machine's own matrix product reaches in the same minute, where the time goes, and that nothing is allocated.
 */
package org.lacuna.training.bench;
