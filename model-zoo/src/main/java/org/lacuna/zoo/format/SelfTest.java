package org.lacuna.zoo.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.graph.DecoderGraph;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/**
 * What a model computes for a few tokens, kept beside it: whoever has it can see that their machine computes the same. The tokens are those of an English text, or,
 * of a model without a tokenizer, spread over its vocabulary.
 */
final class SelfTest {
    static final String FILE = "selftest.json";
    /** Of a few sentences no model was trained on more than on others. */
    private static final String TEXT = "The river was quiet that morning. Anna counted the boats, two red and one blue, and wondered who had left the smallest of them behind.";
    private static final int MOST_TOKENS = 32;
    private static final int LEAST_TOKENS = 4;
    private static final int LARGEST = 16;
    /** Of the magnitude of the largest logit, or of 1: fp32 and other machines' sums differ by less than a hundredth of that. */
    private static final double TOLERANCE = 1e-4;

    private SelfTest() {
    }

    /** What the model in a folder computes now: the ids, perplexity over them, and the largest logits at the last one. */
    static ObjectNode of(Path folder) {
        ModelSource source = ModelSource.of(folder.toString());
        Model model = source.load(new CpuDevice());
        return measured(model, ids(folder, model));
    }

    /**
     * Computes it again.
     *
     * @return what is wrong, a sentence each
     */
    static List<String> problems(Path folder) {
        Path file = folder.resolve(FILE);
        JsonNode kept = Json.read(file);
        JsonNode told = kept.path("ids").isArray() ? kept.get("ids") : Json.object();
        int[] ids = told.isArray() ? IntStream.range(0, Math.min(told.size(), MOST_TOKENS)).map(i -> told.get(i).isInt() ? told.get(i).intValue() : -1).toArray() : new int[0];
        Model model = ModelSource.of(folder.toString()).load(new CpuDevice());
        if (ids.length < LEAST_TOKENS || Arrays.stream(ids).anyMatch(id -> id < 0 || id >= model.config().vocabulary()) || ids.length > model.config().maxPositions()
                || !areLogits(kept.path("logits"), model)) {
            return List.of(file + ": expected " + LEAST_TOKENS + " to " + MOST_TOKENS + " ids of the model's and its " + largest(model) + " largest logits");
        }
        JsonNode now = measured(model, ids);
        double scale = Math.max(1, Math.abs(now.get("logits").get(0).get("logit").doubleValue())); // of what is computed here: a stranger's may be anything
        for (int i = 0; i < kept.get("logits").size(); i++) {
            JsonNode then = kept.get("logits").get(i);
            double difference = Math.abs(now.get("all").get(then.get("id").intValue()).asDouble() - then.get("logit").doubleValue());
            if (!(difference <= TOLERANCE * scale)) {
                return List.of(String.format(Locale.ROOT, "%s: the logit of token %d differs by %.2g from what the model computes here, more than %.2g; it is not the model that was published, or this machine computes otherwise",
                        file, then.path("id").asInt(), difference, TOLERANCE * scale));
            }
        }
        double perplexity = now.get("perplexity").asDouble();
        if (!(Math.abs(perplexity / kept.path("perplexity").asDouble(Double.NaN) - 1) <= TOLERANCE * scale)) {
            return List.of(String.format(Locale.ROOT, "%s: perplexity is %s there and %.6f here", file, kept.path("perplexity").asText(), perplexity));
        }
        return List.of();
    }

    /** As many as there should be, each of a token of the model's. */
    private static boolean areLogits(JsonNode logits, Model model) {
        boolean all = logits.isArray() && logits.size() == largest(model);
        for (int i = 0; all && i < logits.size(); i++) {
            JsonNode id = logits.get(i).path("id");
            all = id.isInt() && id.intValue() >= 0 && id.intValue() < model.config().vocabulary() && logits.get(i).path("logit").isNumber() && Double.isFinite(logits.get(i).get("logit").doubleValue());
        }
        return all;
    }

    private static int largest(Model model) {
        return Math.min(LARGEST, model.config().vocabulary());
    }

    /** For the file: without what only a comparison needs. */
    static ObjectNode kept(ObjectNode measured) {
        ObjectNode kept = measured.deepCopy();
        kept.remove("all");
        return kept;
    }

    private static int[] ids(Path folder, Model model) {
        int most = Math.min(MOST_TOKENS, model.config().maxPositions());
        Path tokenizer = folder.resolve("tokenizer.json");
        if (Files.isRegularFile(tokenizer)) {
            int[] ids = Tokenizers.load(tokenizer).encode(TEXT);
            if (ids.length >= LEAST_TOKENS && Arrays.stream(ids).allMatch(id -> id < model.config().vocabulary())) {
                return Arrays.copyOf(ids, Math.min(ids.length, most));
            }
        }
        return IntStream.range(0, most).map(i -> (int) ((3 + 7919L * i) % model.config().vocabulary())).toArray();
    }

    private static ObjectNode measured(Model model, int[] ids) {
        int vocabulary = model.config().vocabulary();
        Program program = Program.of(DecoderGraph.logits(model.config()), new CpuDevice()).panels(1).placeholder(DecoderGraph.INPUT_IDS, 1, ids.length)
                .placeholder(DecoderGraph.POSITIONS, 1, ids.length).outputs(DecoderGraph.LOGITS).build();
        Instance run = program.instance(model.parameters().values(), null);
        run.tensor(DecoderGraph.INPUT_IDS).set(ids);
        run.tensor(DecoderGraph.POSITIONS).set(IntStream.range(0, ids.length).toArray());
        try (Workers one = new Workers(1)) {
            run.run(one, null);
        }
        FloatBuffer logits = run.tensor(DecoderGraph.LOGITS).floats();
        double sum = 0;
        for (int t = 0; t + 1 < ids.length; t++) {
            sum += logSumExp(logits, t, vocabulary) - logits.get(t * vocabulary + ids[t + 1]);
        }
        int last = (ids.length - 1) * vocabulary;
        ObjectNode test = Json.object().put("tokens", ids.length - 1).put("perplexity", Math.exp(sum / (ids.length - 1))).put("tolerance", TOLERANCE);
        Arrays.stream(ids).forEach(test.putArray("ids")::add);
        ArrayNode largest = test.putArray("logits");
        IntStream.range(0, vocabulary).boxed().sorted(Comparator.comparingDouble((Integer id) -> -logits.get(last + id)).thenComparing(Comparator.naturalOrder())).limit(LARGEST)
                .forEach(id -> largest.addObject().put("id", id).put("logit", logits.get(last + id)));
        ArrayNode all = test.putArray("all");
        IntStream.range(0, vocabulary).forEach(id -> all.add(logits.get(last + id)));
        return test;
    }

    private static double logSumExp(FloatBuffer logits, int row, int vocabulary) {
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < vocabulary; i++) {
            most = Math.max(most, logits.get(row * vocabulary + i));
        }
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) {
            sum += Math.exp(logits.get(row * vocabulary + i) - most);
        }
        return most + Math.log(sum);
    }
}
