/**
 * Lacuna's SameDiff ops: few and big, one for each thing that a transformer is made of. Each op is a class with its
 * contract (shapes, units, formula and source), its derivative as another such op, and a reference in plain ND4J
 * operations, which runs on every ND4J backend and in double. No op knows of a kernel.
 */
package org.lacuna.graph.op;
