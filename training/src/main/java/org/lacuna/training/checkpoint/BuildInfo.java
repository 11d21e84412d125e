package org.lacuna.training.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.lacuna.run.folder.Json;
import org.lacuna.run.provenance.Machine;
import org.lacuna.run.provenance.Provenance;

/**
 * What the bits of a run depend on beside its recipe.
 *
 * @param lacuna the build's version
 * @param java the runtime's version
 * @param cpuFlags instruction sets, by which kernels and the GEMM library choose their code
 * @param gemm the matrix product's library and version
 */
public record BuildInfo(String lacuna, String java, String cpuFlags, String gemm) {

    /** This build on this machine; {@code gemm} as the device calls its library. */
    public static BuildInfo here(String gemm) {
        return new BuildInfo(Provenance.version(), System.getProperty("java.runtime.version"), String.join(" ", Machine.here().cpuFlags()), gemm);
    }

    ObjectNode toJson() {
        return Json.object().put("lacuna", lacuna).put("java", java).put("cpu_flags", cpuFlags).put("gemm", gemm);
    }

    static BuildInfo of(JsonNode json) {
        return new BuildInfo(json.path("lacuna").asText(), json.path("java").asText(), json.path("cpu_flags").asText(), json.path("gemm").asText());
    }

    /** In what {@code now} differs, in words; empty if in nothing. */
    public List<String> differences(BuildInfo now) {
        List<String> differences = new ArrayList<>();
        difference(differences, "Lacuna", lacuna, now.lacuna);
        difference(differences, "Java", java, now.java);
        difference(differences, "the CPU's features", cpuFlags, now.cpuFlags);
        difference(differences, "the GEMM library", gemm, now.gemm);
        return differences;
    }

    private static void difference(List<String> differences, String what, String then, String now) {
        if (!then.equals(now)) {
            differences.add(what + ": " + then + " then, " + now + " now");
        }
    }
}
