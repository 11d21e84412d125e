package org.lacuna.graph.program;

import java.util.List;
import org.lacuna.graph.op.LacunaOp;

/**
 * One op of a program with the names of the variables that it reads and writes.
 *
 * @param name of the op in the SameDiff graph
 */
record Node(String name, LacunaOp op, List<String> inputs, List<String> outputs) {}
