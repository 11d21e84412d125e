/**
 * Many models of one study, by size, variant and training seed, and what they say of claims about activation sparsity: a
 * {@link org.lacuna.eval.study.Relation} is a claim and how it is put to numbers, a {@link org.lacuna.eval.study.Finding} what came of it.
 */
package org.lacuna.eval.study;
