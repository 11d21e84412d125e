/** Many runs at once: sizes times variants times seeds, trained on the same tokens, measured alike and put to the claims of {@link org.lacuna.eval.study}. */
package org.lacuna.training.study;
