/**
 * Instruction data: prompts with completions, and conversations spelled out by a model's chat template, as examples of which the answers alone
 * are scored.
 */
package org.lacuna.data.instruct;
