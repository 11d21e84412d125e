package org.lacuna.eval.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.graph.Backend;
import org.lacuna.graph.Device;
import org.lacuna.run.folder.Json;
import org.lacuna.run.provenance.Provenance;

/**
 * Under which circumstances a model is measured.
 *
 * @param provenance version, commit, machine, time, and where the model comes from
 */
public record Circumstances(JsonNode provenance) {
    private static final String GEMM = "gemm";
    /** What in the provenance a result's bits depend on. */
    private static final List<String> ARITHMETIC = List.of("lacuna", GEMM, "cpu_flags");

    /**
     * Those of now.
     *
     * @param dataSha256 of what it is measured on
     */
    public static Circumstances of(ModelSource source, Device device, String dataSha256) {
        Map<String, JsonNode> extra = new TreeMap<>(source.provenance());
        extra.put("data_sha256", TextNode.valueOf(dataSha256));
        Backend.find().ifPresent(backend -> extra.put("nd4j", TextNode.valueOf(backend.name())));
        extra.put(GEMM, TextNode.valueOf(device.gemm()));
        return new Circumstances(Provenance.collect(extra).toJson());
    }

    /** Whether this version of Lacuna, this GEMM and these instruction sets measured a result: others round differently. */
    public boolean sameArithmetic(JsonNode other) {
        return ARITHMETIC.stream().allMatch(key -> provenance.path(key).equals(other.path(key)));
    }

    /** Hash of what the bits of a result depend on besides what is asked: the model and the arithmetic. */
    public String subject(ModelSummary model) {
        return Hashes.text(model.sha256() + model.configSha256() + ARITHMETIC.stream().map(key -> Json.line(provenance.path(key))).toList());
    }
}
