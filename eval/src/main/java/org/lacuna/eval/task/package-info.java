/** Tasks under a rule: what a model answers at every p of a grid, what its accuracy is then, and how much can be left out before it falls. */
package org.lacuna.eval.task;
