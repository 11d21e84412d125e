/**
 * Models as SameDiff graphs: {@link org.lacuna.model.graph.LlamaGraph} builds one for each purpose out of Lacuna's ops, and
 * {@link org.lacuna.model.graph.LlamaParameters} names the weights that it reads.
 */
package org.lacuna.model.graph;
