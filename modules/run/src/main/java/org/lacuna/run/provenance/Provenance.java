package org.lacuna.run.provenance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What made a result.
 *
 * @param lacuna Lacuna's version
 * @param gitCommit the commit of the git working copy that the command ran in, if it ran in one; says nothing about changes on top
 * @param java the runtime's version and vendor
 * @param machine the machine
 * @param maxHeapBytes the heap's limit
 * @param time when this was collected, UTC, to the second
 * @param extra what the caller knows: seed, data hash, versions of ND4J and the BLAS, …
 */
public record Provenance(String lacuna, Optional<String> gitCommit, String java, Machine machine, long maxHeapBytes,
        Instant time, Map<String, JsonNode> extra) {

    /** Keeps a sorted copy of {@code extra}. */
    public Provenance {
        extra = Collections.unmodifiableMap(new TreeMap<>(extra));
    }

    /** Collects everything here and now; nothing of it can fail. */
    public static Provenance collect(Map<String, JsonNode> extra) {
        return new Provenance(version(), WorkingCopy.commit(Path.of("")),
                System.getProperty("java.runtime.version") + " " + System.getProperty("java.vendor"), Machine.here(),
                Runtime.getRuntime().maxMemory(), Instant.now().truncatedTo(ChronoUnit.SECONDS), extra);
    }

    /** Lacuna's version, as the build wrote it. */
    public static String version() {
        try (InputStream resource = Provenance.class.getResourceAsStream("version.properties")) {
            Properties properties = new Properties();
            properties.load(resource);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One object; {@code extra}'s entries stand beside the rest. */
    public ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("lacuna", lacuna);
        json.put("git_commit", gitCommit.orElse(null));
        json.put("java", java);
        json.put("os", machine.os());
        json.put("cpu", machine.cpu());
        json.put("cpu_flags", String.join(" ", machine.cpuFlags()));
        json.put("cores", machine.cores());
        json.put("memory_bytes", machine.memoryBytes());
        json.put("max_heap_bytes", maxHeapBytes);
        json.put("time", time.toString());
        json.setAll(extra);
        return json;
    }
}
