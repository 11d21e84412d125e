package org.lacuna.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A GPU as NVIDIA's driver tells it.
 *
 * @param name the model
 * @param memory its memory with the unit
 * @param driver the driver's version
 * @param capability compute capability times ten: 86 is 8.6
 */
record Gpu(String name, String memory, String driver, int capability) {
    /** The first and the last that ND4J 1.0.0-M2.1's CUDA library holds code for; it holds none that a driver could translate. */
    private static final int FIRST = 37;
    private static final int LAST = 89;

    static final String SUPPORTED = "compute capability 3.7 to 8.9";

    /** This machine's, asked of {@code nvidia-smi}; none where it is missing, fails or hangs. */
    static List<Gpu> here() {
        try {
            Process process = new ProcessBuilder("nvidia-smi", "--query-gpu=name,memory.total,driver_version,compute_cap",
                    "--format=csv,noheader").redirectError(ProcessBuilder.Redirect.DISCARD).start();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return List.of();
            }
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.exitValue() == 0 ? parse(text) : List.of();
        } catch (IOException e) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    static List<Gpu> parse(String csv) {
        return csv.lines().map(line -> line.split(" *, *")).filter(fields -> fields.length == 4 && fields[3].matches("\\d+\\.\\d"))
                .map(fields -> new Gpu(fields[0], fields[1], fields[2], Integer.parseInt(fields[3].replace(".", "")))).toList();
    }

    /** Whether ND4J's CUDA library has code for it. */
    boolean supported() {
        return capability >= FIRST && capability <= LAST;
    }

    @Override
    public String toString() {
        return name + ", " + memory + ", driver " + driver + ", compute capability " + capability / 10 + "." + capability % 10;
    }
}
