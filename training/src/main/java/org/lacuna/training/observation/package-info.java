/** What a run looks at between its steps, beside validation: text that the model writes, how much could be left out of it, and the page of all that was measured. */
package org.lacuna.training.observation;
