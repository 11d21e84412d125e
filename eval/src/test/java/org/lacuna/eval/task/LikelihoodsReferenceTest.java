package org.lacuna.eval.task;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.lacuna.data.task.Answer;
import org.lacuna.data.task.Request;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;

/** Log-likelihoods of a trained model against those of lm-evaluation-harness 0.4.13: {@code DIR/trained/silu/likelihoods.jsonl}. */
@Tag("reference")
class LikelihoodsReferenceTest {
    private static final Path SILU = Path.of(System.getProperty("lacuna.reference", ""), "trained", "silu");
    private static final int MAX_LENGTH = 160;

    @Test
    void logLikelihoodsAndGreedyFlagsAreThoseOfTheHarness() throws Exception {
        List<Request> requests = new ArrayList<>();
        List<JsonNode> expected = new ArrayList<>();
        for (String line : Files.readAllLines(SILU.resolve("likelihoods.jsonl"))) {
            JsonNode json = Json.parse("likelihoods", line);
            int[] context = ids(json.get("context_ids"));
            int[] continuation = ids(json.get("continuation_ids"));
            int[] whole = Arrays.copyOf(context, context.length + continuation.length);
            System.arraycopy(continuation, 0, whole, context.length, continuation.length);
            int from = Math.max(0, whole.length - MAX_LENGTH - 1);
            assertEquals(json.get("truncated").asBoolean(), from > 0);
            requests.add(new Request(expected.size(), 0, context, continuation, Arrays.copyOfRange(whole, from, whole.length - 1), from > 0));
            expected.add(json);
        }
        CpuDevice device = new CpuDevice();
        Model model = Checkpoint.load(SILU, device);
        try (Workers workers = new Workers(Runtime.getRuntime().availableProcessors())) {
            Likelihoods likelihoods = new Likelihoods("silu", model, device, workers, Findings.NONE, "", () -> false);
            Treatment dense = new Treatment.Uniform(Rules.byName("none"), List.of(0.0));
            List<Answer> answers = likelihoods.score(requests, Set.of(Site.INTERMEDIATE), dense, TokenCoverage.EVERY).answers().get(0);
            double largest = 0;
            for (int r = 0; r < requests.size(); r++) {
                Answer.Scored answer = (Answer.Scored) answers.get(r);
                JsonNode json = expected.get(r);
                String what = json.get("task").asText() + " " + json.get("doc") + "/" + json.get("choice");
                assertEquals(json.get("logprob").asDouble(), answer.logLikelihood(), 1e-3, what);
                assertEquals(json.get("greedy").asBoolean(), answer.greedy(), what);
                largest = Math.max(largest, Math.abs(json.get("logprob").asDouble() - answer.logLikelihood()));
            }
            System.out.println(requests.size() + " requests, largest difference " + largest);
        }
    }

    private static int[] ids(JsonNode array) {
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = array.get(i).intValue();
        }
        return ids;
    }
}
