package org.lacuna.training.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;

/** What a bench found. */
public interface Figures {
    /** Prints it as a table. */
    void print(PrintWriter out);

    /** The same numbers; times in seconds, sizes in bytes. */
    ObjectNode toJson();
}
