/**
 * What is sparsified and how it is judged: the {@linkplain org.lacuna.sparsity.Site sites} of a feed-forward block, with the rules that
 * leave out entries of one token's vector and the critical sparsity of a measured curve in the packages below.
 * Everything here is arithmetic on arrays: no tensors, no files, no logging.
 */
package org.lacuna.sparsity;
