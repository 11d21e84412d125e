package org.lacuna.zoo.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.ModelReference;
import org.lacuna.zoo.format.Published;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lacuna zoo diff}. */
@Command(name = "diff", mixinStandardHelpOptions = true, description = "Tell two published models apart: config, weights' distance, results.")
final class DiffCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A folder, or zoo:GROUP:NAME:VERSION.")
    private String one;

    @Parameters(index = "1", paramLabel = "OTHER", description = "The same.")
    private String other;

    @Override
    public Integer call() {
        Path a = new ModelReference(one).checkpoint();
        Path b = new ModelReference(other).checkpoint();
        PrintWriter out = spec.commandLine().getOut();
        JsonNode results = Published.manifest(a).path("results");
        JsonNode others = Published.manifest(b).path("results");
        keys(out, "config.json ", Json.read(a.resolve(Checkpoint.CONFIG)), Json.read(b.resolve(Checkpoint.CONFIG)));
        weights(out, Checkpoint.load(a, new CpuDevice()), Checkpoint.load(b, new CpuDevice()));
        keys(out, "", Json.object().setAll(facts(Published.manifest(a))), Json.object().setAll(facts(Published.manifest(b))));
        out.printf(Locale.ROOT, "loss %.4f, %.4f%s%n", results.path("loss").asDouble(), others.path("loss").asDouble(),
                results.at("/data/sha256").equals(others.at("/data/sha256")) ? "" : " (on other data)");
        for (JsonNode site : results.path("sites")) {
            for (JsonNode same : others.path("sites")) {
                if (same.path("site").equals(site.path("site"))) {
                    out.println(site.path("site").asText() + ": critical sparsity " + critical(site) + ", " + critical(same)
                            + (site.has("zeros") && same.has("zeros") ? String.format(Locale.ROOT, "; zeros %.4f, %.4f", site.get("zeros").asDouble(), same.get("zeros").asDouble()) : ""));
                }
            }
        }
        out.flush();
        return ExitCode.DONE;
    }

    /** What a manifest says of licence and recipe, a key each. */
    private static Map<String, JsonNode> facts(JsonNode manifest) {
        Map<String, JsonNode> facts = new TreeMap<>();
        for (String key : List.of("license", "precision", "intended_use", "limits")) {
            facts.put(key, manifest.path(key));
        }
        manifest.at("/provenance/recipe").fields().forEachRemaining(part -> {
            if (part.getValue().isObject()) {
                part.getValue().fields().forEachRemaining(key -> facts.put("recipe " + part.getKey() + "." + key.getKey(), key.getValue()));
            } else {
                facts.put("recipe " + part.getKey(), part.getValue());
            }
        });
        return facts;
    }

    private static String critical(JsonNode site) {
        return site.has("critical") ? (site.path("at_least").asBoolean() ? "≥ " : "") + String.format(Locale.ROOT, "%.4f", site.get("critical").asDouble()) : "none";
    }

    private static void keys(PrintWriter out, String at, JsonNode a, JsonNode b) {
        TreeSet<String> keys = new TreeSet<>();
        a.fieldNames().forEachRemaining(keys::add);
        b.fieldNames().forEachRemaining(keys::add);
        for (String key : keys) {
            if (!a.path(key).equals(b.path(key))) {
                out.println(at + key + ": " + shown(a.path(key)) + ", " + shown(b.path(key)));
            }
        }
    }

    private static String shown(JsonNode value) {
        return value.isMissingNode() ? "nothing" : value.toString();
    }

    /** Of tensors that both have in one shape: ‖a − b‖ / ‖a‖. */
    private static void weights(PrintWriter out, Model a, Model b) {
        double all = 0;
        double norm = 0;
        for (String name : a.parameters().names()) {
            if (!b.parameters().names().contains(name) || b.parameters().tensor(name).length() != a.parameters().tensor(name).length()) {
                out.println(name + ": only the first has it in this shape");
                continue;
            }
            FloatBuffer x = a.parameters().tensor(name).floats();
            FloatBuffer y = b.parameters().tensor(name).floats();
            double difference = 0;
            double length = 0;
            for (int i = 0; i < x.limit(); i++) {
                difference += Math.pow(x.get(i) - y.get(i), 2);
                length += (double) x.get(i) * x.get(i);
            }
            if (difference > 0) {
                out.printf(Locale.ROOT, "%s: distance %.3g of its norm%n", name, Math.sqrt(difference / length));
            }
            all += difference;
            norm += length;
        }
        b.parameters().names().stream().filter(name -> !a.parameters().names().contains(name)).forEach(name -> out.println(name + ": only the second has it"));
        out.printf(Locale.ROOT, "weights: distance %.3g of their norm%n", Math.sqrt(all / norm));
    }
}
