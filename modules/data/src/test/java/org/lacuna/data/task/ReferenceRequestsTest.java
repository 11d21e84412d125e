package org.lacuna.data.task;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.task.PairEncoder.Pair;
import org.lacuna.data.task.TaskDocument.Prompt;
import org.lacuna.data.text.Sha256;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.folder.Json;

/** Every id and flag of requests that lm-evaluation-harness 0.4.13 made for a model that reads 160 tokens. */
class ReferenceRequestsTest {
    private static final int MAX_LENGTH = 160;

    @TempDir
    Path folder;

    private Tokenizer tokenizer() {
        return Tokenizers.load(Fixtures.unpack("gpt2-style-512", folder).resolve("tokenizer.json"));
    }

    @Test
    void idsAndFlagsAreThoseOfTheHarness() throws IOException {
        Path file = folder.resolve("requests.jsonl");
        Files.write(file, resource("requests.jsonl"));
        String sums = new String(resource("SHA256SUMS"), StandardCharsets.UTF_8);
        assertEquals(sums.substring(0, 64), Sha256.file(file));
        List<String> lines = Files.readAllLines(file);
        assertEquals(78, lines.size());
        assertEquals(8, lines.stream().filter(line -> line.contains("\"truncated\": true")).count());
        check(lines, tokenizer());
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = ReferenceRequestsTest.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        }
    }

    private static void check(List<String> lines, Tokenizer tokenizer) {
        PairEncoder encoder = new PairEncoder(tokenizer);
        for (String line : lines) {
            JsonNode expected = Json.parse("the reference", line);
            Pair pair = encoder.pair(new Prompt(expected.path("context").asText(), expected.path("continuation").asText()));
            check(expected, Request.scored(0, 0, pair.context(), pair.continuation(), MAX_LENGTH));
        }
    }

    private static void check(JsonNode expected, Request request) {
        int[] context = ids(expected.path("context_ids"));
        int[] continuation = ids(expected.path("continuation_ids"));
        assertArrayEquals(context, request.context(), expected.path("context").asText());
        assertArrayEquals(continuation, request.continuation(), expected.path("continuation").asText());
        assertEquals(expected.path("truncated").asBoolean(), request.truncated());
        List<Integer> whole = new ArrayList<>(Arrays.stream(context).boxed().toList());
        whole.addAll(Arrays.stream(continuation).boxed().toList());
        List<Integer> last = whole.subList(Math.max(0, whole.size() - MAX_LENGTH - 1), whole.size());
        assertEquals(last.subList(0, last.size() - 1), Arrays.stream(request.input()).boxed().toList());
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
    }

    /** All of them: with -Dlacuna.reference=DIR; and made from the data sets themselves by the shipped tasks: with -Dlacuna.tasks=DIR as well. */
    @Test
    @Tag("reference")
    void allOfThem() throws IOException {
        Path reference = Path.of(System.getProperty("lacuna.reference", ""), "trained", "silu", "likelihoods.jsonl");
        List<String> lines = Files.readAllLines(reference);
        Tokenizer tokenizer = tokenizer();
        check(lines, tokenizer);
        assumeTrue(System.getProperty("lacuna.tasks") != null);
        int same = 0;
        same += sameAsTheData("lambada_openai", List.of(), "lambada", lines, tokenizer);
        same += sameAsTheData("piqa", List.of(), "piqa", lines, tokenizer);
        for (String phenomenon : List.of("passive_1", "irregular_plural_subject_verb_agreement_2")) {
            // The reference has the sentences as they are; the task of the harness puts a space in front.
            List<String> sets = List.of("data=blimp/" + phenomenon + ".jsonl", "target_delimiter=''");
            same += sameAsTheData("blimp", sets, "blimp_" + phenomenon, lines, tokenizer);
        }
        assertEquals(272, same);
    }

    private static int sameAsTheData(String task, List<String> sets, String name, List<String> lines, Tokenizer tokenizer) {
        Task fitting = Task.open(task, Path.of(System.getProperty("lacuna.tasks")), sets).first(40).fitting(tokenizer, MAX_LENGTH);
        List<Request> requests = fitting.requests(tokenizer, MAX_LENGTH);
        List<JsonNode> expected = lines.stream().map(line -> Json.parse("the reference", line)).filter(line -> line.path("task").asText().equals(name)).toList();
        assertTrue(expected.size() >= 40);
        for (JsonNode one : expected) {
            check(one, requests.stream().filter(request -> fitting.documents().get(request.document()).where().endsWith("line " + (one.path("doc").intValue() + 1))
                    && request.choice() == one.path("choice").intValue()).findFirst().orElseThrow());
        }
        return expected.size();
    }
}
