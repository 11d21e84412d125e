package org.lacuna.eval.study;

/** A claim about activation sparsity that a study can be asked about. Stateless. */
public interface Relation {
    /** Asks the study. */
    Finding of(Study study);
}
