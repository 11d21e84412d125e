package org.lacuna.eval.memory;

import java.util.Locale;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.run.RunException;
import org.lacuna.run.memory.Megabytes;
import org.lacuna.run.memory.ProcessMemory;

/**
 * What a model holds outside the Java heap while it only computes forward, in bytes, as it is asked for. Memory that is promised and not
 * there ends the process without a word, so it is known from the shapes alone.
 *
 * @param count how many parameters
 * @param parameters their flat vector
 * @param workers who compute side by side, each in memory of its own; 0 where nothing is computed yet
 * @param held what else there is, in words
 * @param activations its bytes: activations, working memory, what is fed
 */
public record ForwardMemory(long count, long parameters, int workers, String held, long activations) {

    /** The parameters alone. */
    public static ForwardMemory of(ModelConfig config) {
        return new ForwardMemory(DecoderParameters.of(config).stream().mapToLong(TensorSpec::length).sum(),
                Float.BYTES * ParameterStore.length(DecoderParameters.of(config)), 0, "no activations", 0);
    }

    /** The same with what so many workers compute in. */
    public ForwardMemory with(int team, long bytes) {
        return new ForwardMemory(count, parameters, team, "activations of " + team + (team == 1 ? " worker" : " workers"), bytes);
    }

    /** The same with what one text is written in. */
    public ForwardMemory withText(long bytes) {
        return new ForwardMemory(count, parameters, 1, "keys, values and activations", bytes);
    }

    /** All of it. */
    public long bytes() {
        return parameters + activations;
    }

    /** The plan in a line; looks at what the process holds now, so it is to be asked for when the parameters are there. */
    public String line() {
        long beside = ProcessMemory.besideEngine(parameters);
        return "parameters " + Megabytes.of(parameters) + " MB, " + held + " " + Megabytes.of(activations)
                + (beside == 0 ? "" : ", the JVM and libraries " + Megabytes.of(beside)) + ": " + Megabytes.of(bytes() + beside) + " MB in all";
    }

    /**
     * Refuses what is more than there is; to be asked before the parameters are there.
     *
     * @param model what messages call the model
     * @param remedies what would take less
     * @throws RunException if it does not fit
     */
    public void check(String model, String remedies) {
        check(model, remedies, ProcessMemory.resident(), ProcessMemory.limit());
    }

    /**
     * @param processBytes what this process holds beside it; 0 if unknown
     * @param memoryBytes what the process can have; 0 if unknown
     */
    void check(String model, String remedies, long processBytes, long memoryBytes) {
        long all = bytes() + processBytes;
        if (memoryBytes > 0 && all > memoryBytes) {
            throw new RunException(String.format(Locale.ROOT, "%s: too large for this machine: its %,d parameters take %,d bytes as 32-bit numbers, %sthis process %,d: %,d bytes,"
                    + " and it can have %,d; %s would take less", model, count, parameters,
                    workers == 0 ? "" : String.format(Locale.ROOT, "%s %,d, ", held, activations), processBytes, all, memoryBytes, remedies));
        }
    }
}
