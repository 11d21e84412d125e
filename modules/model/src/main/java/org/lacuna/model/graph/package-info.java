/**
 * Models as SameDiff graphs: {@link org.lacuna.model.graph.DecoderGraph} builds one for each purpose out of Lacuna's ops, and
 * {@link org.lacuna.model.graph.DecoderParameters} names the weights that it reads.
 */
package org.lacuna.model.graph;
