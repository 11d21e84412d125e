package org.lacuna.graph.op;

/**
 * The inverse frequencies of rotary position, in radians per position: the angle of pair i at position p is
 * p · frequency[i]. Pure functions, in double.
 */
public final class RotaryFrequencies {
    private RotaryFrequencies() {}

    /**
     * theta^(−2i / headSize) for i from 0 to headSize / 2 (Su et al. 2021, "RoFormer", section 3.2.2).
     *
     * @param headSize how many dimensions are rotated; even
     * @param theta the base, {@code rope_theta} in Hugging Face's configs
     */
    public static double[] plain(int headSize, double theta) {
        if (headSize <= 0 || headSize % 2 != 0) {
            throw new IllegalArgumentException("rotary position turns pairs: the head size must be even and positive, not " + headSize);
        }
        if (!(theta > 0)) {
            throw new IllegalArgumentException("the base of rotary position must be positive, not " + theta);
        }
        double[] frequencies = new double[headSize / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(theta, -2.0 * i / headSize);
        }
        return frequencies;
    }

    /**
     * The scaling of Llama 3.1 (rope type {@code llama3} of Hugging Face's transformers, modeling_rope_utils,
     * {@code _compute_llama3_parameters}): a pair whose wavelength 2π / frequency is below
     * originalLength / highFrequencyFactor keeps its frequency, one above originalLength / lowFrequencyFactor has it
     * divided by {@code factor}, and between the two the frequencies are mixed linearly in originalLength / wavelength.
     *
     * @param frequencies as {@link #plain} gives them; not modified
     * @param factor {@code factor}
     * @param lowFrequencyFactor {@code low_freq_factor}
     * @param highFrequencyFactor {@code high_freq_factor}, above {@code lowFrequencyFactor}
     * @param originalLength {@code original_max_position_embeddings}, in positions
     */
    public static double[] llama3(double[] frequencies, double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalLength) {
        if (!(factor > 0) || !(lowFrequencyFactor > 0) || !(highFrequencyFactor > lowFrequencyFactor) || originalLength <= 0) {
            throw new IllegalArgumentException("llama3 rotary scaling wants factor > 0, 0 < low_freq_factor < high_freq_factor and"
                    + " original_max_position_embeddings > 0, not " + factor + ", " + lowFrequencyFactor + ", " + highFrequencyFactor + ", " + originalLength);
        }
        double[] scaled = new double[frequencies.length];
        for (int i = 0; i < scaled.length; i++) {
            double turns = originalLength * frequencies[i] / (2 * Math.PI);
            if (turns > highFrequencyFactor) {
                scaled[i] = frequencies[i];
            } else if (turns < lowFrequencyFactor) {
                scaled[i] = frequencies[i] / factor;
            } else {
                double kept = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
                scaled[i] = (1 - kept) * frequencies[i] / factor + kept * frequencies[i];
            }
        }
        return scaled;
    }
}
