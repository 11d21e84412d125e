package org.lacuna.training;

import java.util.Locale;
import org.lacuna.run.RunException;

/**
 * What a training run holds outside the Java heap from its first step to its last, in bytes, as it is asked for.
 *
 * @param shards pieces of the batch that are computed side by side
 * @param parameters the flat vector of all, its copy in bf16 where the step reads one, and its moving average where there is one
 * @param moments AdamW's two vectors
 * @param gradients a vector for each shard
 * @param activations of all shards: activations, their gradients, working memory, the tokens of a piece
 * @param validation the same of a validation's pieces, forward only
 * @param observation the same of the samples and snapshots that are taken on the way
 */
public record TrainingMemory(int shards, long parameters, long moments, long gradients, long activations, long validation, long observation) {

    /** The same with samples and snapshots. */
    public TrainingMemory withObservation(long bytes) {
        return new TrainingMemory(shards, parameters, moments, gradients, activations, validation, bytes);
    }

    /** All of it. */
    public long bytes() {
        return parameters + moments + gradients + activations + validation + observation;
    }

    /**
     * Refuses what with all that the process holds beside it is more than there is.
     *
     * @param name what the message calls the run
     * @param processBytes what this process holds beside it; 0 if unknown
     * @param memoryBytes what the process can have; 0 if unknown
     * @param remedies what would take less
     * @throws RunException if it does not fit
     */
    public void check(String name, long processBytes, long memoryBytes, String remedies) {
        long all = bytes() + processBytes;
        if (memoryBytes > 0 && all > memoryBytes) {
            throw new RunException(String.format(Locale.ROOT, "%s: too large for this machine: parameters, moments and gradients take %,d bytes, the activations of %d shards %,d,"
                    + " validation %,d, %sthis process %,d: %,d bytes, and it can have %,d; %s would take less",
                    name, parameters + moments + gradients, shards, activations, validation, observation == 0 ? "" : String.format(Locale.ROOT, "samples and snapshots %,d, ", observation), processBytes, all, memoryBytes, remedies));
        }
    }
}
