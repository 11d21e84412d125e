/** {@link org.lacuna.eval.generate.TextStream} makes text of a model's tokens as they come. */
package org.lacuna.eval.generate;
