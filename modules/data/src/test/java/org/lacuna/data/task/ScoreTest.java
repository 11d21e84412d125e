package org.lacuna.data.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.run.InputException;

class ScoreTest {
    private static final double EXACT = 1e-15;

    @TempDir
    Path folder;

    private Task task(String yaml, String... lines) throws IOException {
        Files.write(folder.resolve("d.jsonl"), List.of(lines));
        return Task.open(Files.writeString(folder.resolve("t.yaml"), "task: t\ndata: d.jsonl\n" + yaml).toString(), folder);
    }

    private static TaskResult score(Task task, Answer... answers) {
        return task.score(task.requests(new ByteTokenizer(), 64), List.of(answers));
    }

    private static Answer scored(double logLikelihood) {
        return new Answer.Scored(logLikelihood, false);
    }

    /** "ab" has 2 characters and bytes, "𝛼é" 2 characters, 3 UTF-16 units and 6 bytes, "abcd" 4. */
    @Test
    void choicesAreComparedAsTheyAreByCharactersAndByBytes() throws IOException {
        Task task = task("output_type: multiple_choice\ndoc_to_text: q\ndoc_to_choice: c\ndoc_to_target: '{{ a }}'\nmetric_list: [acc, acc_norm, acc_bytes]",
                "{\"q\": \"x\", \"c\": [\"ab\", \"𝛼é\", \"abcd\"], \"a\": 0}", "{\"q\": \"x\", \"c\": [\"ab\", \"𝛼é\", \"abcd\"], \"a\": 1}",
                "{\"q\": \"x\", \"c\": [\"ab\", \"𝛼é\", \"abcd\"], \"a\": 2}");
        // As they are −4, −5, −9; by characters −2, −2.5, −2.25; by bytes −2, −5/6, −2.25.
        Answer[] answers = {scored(-4), scored(-5), scored(-9), scored(-4), scored(-5), scored(-9), scored(-4), scored(-5), scored(-9)};
        TaskResult result = score(task, answers);
        assertEquals(List.of(1.0, 0.0, 0.0), result.metric("acc").values());
        assertEquals(List.of(1.0, 0.0, 0.0), result.metric("acc_norm").values());
        assertEquals(List.of(0.0, 1.0, 0.0), result.metric("acc_bytes").values());
        assertEquals(1 / 3.0, result.metric("acc").value(), EXACT);
        // Values 1, 0, 0: deviations 2/3, −1/3, −1/3, squares 6/9, over n − 1 = 2: 1/3, and its root over √3: 1/3.
        assertEquals(1 / 3.0, result.metric("acc").standardError().getAsDouble(), EXACT);
        // By characters −2, −2.5, −1.75.
        assertEquals(List.of(0.0, 0.0, 1.0), score(task, scored(-4), scored(-5), scored(-7), scored(-4), scored(-5), scored(-7), scored(-4), scored(-5),
                scored(-7)).metric("acc_norm").values());
    }

    @Test
    void ofEqualsTheFirstIsChosen() throws IOException {
        Task task = task("output_type: multiple_choice\ndoc_to_text: q\ndoc_to_choice: [a, b]\ndoc_to_target: '1'\nmetric_list: [acc]", "{\"q\": \"x\"}");
        assertEquals(List.of(0.0), score(task, scored(-3), scored(-3)).metric("acc").values());
        assertEquals(List.of(0.0), score(task, scored(Double.NEGATIVE_INFINITY), scored(Double.NEGATIVE_INFINITY)).metric("acc").values());
        assertEquals(List.of(1.0), score(task, scored(Double.NEGATIVE_INFINITY), scored(-1e300)).metric("acc").values());
        assertEquals(OptionalDouble.empty(), score(task, scored(-3), scored(-3)).metric("acc").standardError());
        assertThrows(IllegalArgumentException.class, () -> scored(Double.NaN));
    }

    /**
     * Subtasks with 1, 0 and 1, 1, 1, 0: means 1/2 and 3/4, standard errors √(1/2)/√2 = 1/2 and √(1/4)/2 = 1/4. Alike the mean is 5/8 and its error √(1/4 + 1/16)/2; by
     * size the mean is 4/6, and the error √((1 · 2 · 1/4 + 3 · 4 · 1/16) / (6 − 2) / 6). The harness' own functions give 0.2795084971874737 and 0.22821773229381923.
     */
    @Test
    void anAccuracyOverSubtasksIsTheHarnessGroups() throws IOException {
        Files.write(folder.resolve("a.jsonl"), Collections.nCopies(2, "{\"q\": \"x\"}"));
        Files.write(folder.resolve("b.jsonl"), Collections.nCopies(4, "{\"q\": \"x\"}"));
        Answer[] answers = IntStream.of(1, 0, 1, 1, 1, 0).boxed().flatMap(right -> Stream.of(scored(-right), scored(right - 1.0))).toArray(Answer[]::new);
        String yaml = "output_type: multiple_choice\ndoc_to_text: q\ndoc_to_choice: [a, b]\ndoc_to_target: '1'\nmetric_list: [acc]\ntask: t\ndata: [a.jsonl, b.jsonl]\n";
        Metric alike = score(Task.open(Files.writeString(folder.resolve("t.yaml"), yaml + "subtasks: {weight_by_size: false}").toString(), folder), answers).metric("acc");
        assertEquals(5 / 8.0, alike.value(), EXACT);
        assertEquals(0.2795084971874737, alike.standardError().getAsDouble(), EXACT);
        assertEquals(List.of(1.5, 1.5, 0.75, 0.75, 0.75, 0.75), alike.weights());
        assertEquals(List.of(1.5, 0.0, 0.75, 0.75, 0.75, 0.0), alike.values());
        Metric bySize = score(Task.open(Files.writeString(folder.resolve("t.yaml"), yaml + "subtasks: {}").toString(), folder), answers).metric("acc");
        assertEquals(4 / 6.0, bySize.value(), EXACT);
        assertEquals(0.22821773229381923, bySize.standardError().getAsDouble(), EXACT);
        assertEquals(List.of(1.0, 0.0, 1.0, 1.0, 1.0, 0.0), bySize.values());
    }

    @Test
    void severalChoicesMayBeRight() throws IOException {
        Task task = task("output_type: multiple_choice\ndoc_to_text: q\ndoc_to_choice: [a, b, c]\ndoc_to_target: '{{ [0, 2] }}'\nmetric_list: [acc, exact_match]",
                "{\"q\": \"x\"}");
        TaskResult result = score(task, scored(-3), new Answer.Scored(-4, true), scored(-1));
        assertEquals(1, result.metric("acc").value());
        assertEquals(0, result.metric("exact_match").value());
        assertEquals(1, score(task, scored(-3), scored(-1), new Answer.Scored(-4, true)).metric("exact_match").value());
    }

    @Test
    void aTextIsRightWhereItIsGreedy() throws IOException {
        Task task = task("output_type: loglikelihood\ndoc_to_text: q\ndoc_to_target: ' y'", "{\"q\": \"x\"}", "{\"q\": \"z\"}");
        TaskResult result = score(task, new Answer.Scored(-Math.log(8), true), new Answer.Scored(-Math.log(2), false));
        assertEquals(List.of("perplexity", "acc"), result.metrics().stream().map(Metric::name).toList());
        // The geometric mean of 8 and 2.
        assertEquals(4, result.metric("perplexity").value(), 1e-12);
        assertEquals(OptionalDouble.empty(), result.metric("perplexity").standardError());
        assertEquals(0.5, result.metric("acc").value());
        // Values 1, 0: variance 1/2 with n − 1 = 1, over n = 2: 1/4.
        assertEquals(0.5, result.metric("acc").standardError().getAsDouble(), EXACT);
    }

    @Test
    void wholeTextsAreWeighedByWordsAndBytes() throws IOException {
        // 3 words, 9 bytes; then 2 pieces, the empty one in front counted, and 3 bytes.
        Task task = task("output_type: loglikelihood_rolling\ndoc_to_target: t", "{\"t\": \"one two\\n3\"}", "{\"t\": \" é\"}");
        List<Request> requests = task.requests(new ByteTokenizer(), 4);
        assertEquals(List.of(0, 0, 0, 1), requests.stream().map(Request::document).toList());
        assertEquals(List.of(0, 1, 2, 0), requests.stream().map(Request::choice).toList());
        TaskResult result = task.score(requests, List.of(scored(-1), scored(-2), scored(-3), scored(-4)));
        assertEquals(List.of(-6.0, -4.0), result.metric("word_perplexity").values());
        assertEquals(List.of(3.0, 2.0), result.metric("word_perplexity").weights());
        assertEquals(Math.exp(2), result.metric("word_perplexity").value(), 1e-12);
        assertEquals(List.of(9.0, 3.0), result.metric("bits_per_byte").weights());
        assertEquals(Math.exp(10 / 12.0), result.metric("byte_perplexity").value(), 1e-12);
        assertEquals(10 / 12.0 / Math.log(2), result.metric("bits_per_byte").value(), 1e-12);
        assertTrue(result.metrics().stream().allMatch(metric -> metric.standardError().isEmpty() && !metric.kind().higherIsBetter()));
    }

    @Test
    void generatedTextsAreCutFilteredAndCompared() throws IOException {
        Task task = task("output_type: generate_until\ndoc_to_text: q\ndoc_to_target: '{{ a }}'\ngeneration_kwargs: {until: ['.', \"\\n\"], max_gen_toks: 8}\n"
                + "filter: {strip: true}\nexact_match: {ignore_case: true, ignore_punctuation: true}",
                "{\"q\": \"x\", \"a\": [\"St. John's\", \"it's\"]}", "{\"q\": \"x\", \"a\": [\"a\"]}", "{\"q\": \"x\", \"a\": [\"3\"]}");
        TaskResult result = score(task, new Answer.Generated(" st john's\nQuestion: 2. no"), new Answer.Generated("b. a"), new Answer.Generated("(3)"));
        assertEquals(List.of(1.0, 0.0, 1.0), result.metric("exact_match").values());
        assertEquals(2 / 3.0, result.metric("exact_match").value(), EXACT);
    }

    @Test
    void aFilterFindsTheAnswer() {
        AnswerFilter number = filter("#### (-?[0-9.,]+)", 0);
        assertEquals("1,042.", number.apply("so #### 1,042. and #### 7"));
        assertEquals("[invalid]", number.apply("42"));
        assertEquals("7", filter("(-?[$0-9.,]{2,})|(-?[0-9]+)", -1).apply("12 apples, then 7"));
        assertEquals("[invalid]", filter("x", 1).apply("x"));
        assertEquals("x", filter(" x ", 0).apply("a x b"));
    }

    private static AnswerFilter filter(String regex, int select) {
        return new AnswerFilter(Optional.of(regex), select, false);
    }

    @Test
    void anExpressionThatNeverEndsIsRefused() {
        String message = assertThrows(InputException.class, () -> filter("(.*)(.*)(.*)(.*)(.*)(.*)\\1b", 0).apply("a".repeat(60))).getMessage();
        assertTrue(message.contains("takes too long"), message);
        String deep = assertThrows(InputException.class, () -> filter("(?:a|b)*c", 0).apply("ab".repeat(100_000))).getMessage();
        assertTrue(deep.contains("takes too long"), deep);
    }

    @Test
    void truncatedContextsAreCounted() throws IOException {
        Task task = task("output_type: loglikelihood\ndoc_to_text: q\ndoc_to_target: ' yes'", "{\"q\": \"" + "x".repeat(100) + "\"}", "{\"q\": \"z\"}");
        List<Request> requests = task.requests(new ByteTokenizer(), 16);
        assertEquals(16, requests.get(0).input().length);
        TaskResult result = task.score(requests, List.of(scored(-1), scored(-1)));
        assertEquals(1, result.truncated());
        assertEquals(2, result.documents());
        assertThrows(IllegalArgumentException.class, () -> task.score(requests, List.of(scored(-1))));
        assertThrows(IllegalArgumentException.class, () -> task.score(requests, List.of(scored(-1), new Answer.Generated("x"))));
    }

    @Test
    void pooledDocumentsDrawnAgainGiveTheMetric() {
        List<Double> values = new ArrayList<>(List.of(-6.0, -4.0));
        Metric metric = Metric.of(MetricKind.BITS_PER_BYTE, values, List.of(9.0, 3.0));
        assertEquals(metric.value(), metric.kind().pool(metric.values(), metric.weights()));
        assertEquals(6 / 9.0 / Math.log(2), metric.kind().pool(List.of(-6.0, -6.0), List.of(9.0, 9.0)), 1e-15);
    }
}
