/**
 * Rules: which entries of one token's vector are kept. A {@link org.lacuna.sparsity.rule.Rule} is a function on one row that allocates
 * nothing; {@link org.lacuna.sparsity.rule.Rules} names them all; {@link org.lacuna.sparsity.rule.RowOrder} answers top-p for many p on one row.
 *
 * <p>Policy of every rule: values are compared as doubles (magnitudes, where a rule does not say that it looks at the sign), equal ones go by
 * rising index, zeros are never kept and count as sparse, and a value that is not finite is an error.
 */
package org.lacuna.sparsity.rule;
