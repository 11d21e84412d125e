/** What the command line calls a rule: a rule for vectors and where its parameters, thresholds and weights come from for a given model. */
package org.lacuna.eval.method;
