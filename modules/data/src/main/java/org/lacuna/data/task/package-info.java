/**
 * Evaluation tasks in the terms of lm-evaluation-harness: a task is a YAML file that says how a document becomes a context and what is scored after
 * it, or generated. Here documents become requests of token ids, and the answers of a model metrics; what answers them is the evaluation's.
 *
 * <p>A new task is one file. Its texts in Jinja see the fields of a line of {@code data}, which is looked for in the folder of task data:
 * <pre>{@code
 * task: capitals
 * output_type: multiple_choice       # or loglikelihood, loglikelihood_rolling, generate_until
 * data: capitals/test.jsonl          # {"country": "Peru", "cities": ["Cusco", "Lima"], "right": 1}
 * doc_to_text: "Question: What is the capital of {{ country }}?\nAnswer:"
 * doc_to_choice: cities              # a field's name, a list, or Jinja that gives a list
 * doc_to_target: "{{ right }}"       # the right one's number, from 0
 * metric_list: [acc, acc_norm]
 * }</pre>
 */
package org.lacuna.data.task;
