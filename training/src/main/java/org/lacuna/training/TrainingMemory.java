package org.lacuna.training;

/**
 * What a training run holds outside the Java heap from its first step to its last, in bytes, as it is asked for.
 *
 * @param shards pieces of the batch that are computed side by side
 * @param parameters the flat vector of all, and its copy in bf16 where the step reads one
 * @param moments AdamW's two vectors
 * @param gradients a vector for each shard, and one for the sum of several rounds
 * @param activations of all shards: activations, their gradients, working memory, the tokens of a piece
 * @param validation the same of a validation's pieces, forward only
 */
public record TrainingMemory(int shards, long parameters, long moments, long gradients, long activations, long validation) {

    /** All of it. */
    public long bytes() {
        return parameters + moments + gradients + activations + validation;
    }
}
