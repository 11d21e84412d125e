/**
 * Runs a SameDiff graph of Lacuna's ops: sorted once, shapes inferred once, memory planned once, then a step is a flat
 * list of calls that looks nothing up and allocates nothing.
 */
package org.lacuna.graph.program;
