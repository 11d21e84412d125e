/** The weights of an objective's penalties while a run goes on: by schedule, or moved towards a share of zeros. */
package org.lacuna.training.objective;
