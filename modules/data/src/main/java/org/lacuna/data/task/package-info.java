/**
 * Evaluation tasks in the terms of lm-evaluation-harness: a task is a YAML file that says how a document becomes a context and what is scored after
 * it, or generated. Here documents become requests of token ids, and the answers of a model metrics; what answers them is the evaluation's.
 */
package org.lacuna.data.task;
