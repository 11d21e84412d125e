package org.lacuna.data.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.task.TaskDocument.Prompt;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.run.InputException;

/** The task files that come with Lacuna, each on invented documents as its data set is published. */
class ShippedTasksTest {
    @TempDir
    Path folder;

    private Task task(String name, String file, String... lines) throws IOException {
        write(file, lines);
        Task task = Task.open(name, folder);
        assertEquals(name, task.name());
        List<Request> requests = task.requests(new ByteTokenizer(), 1000);
        assertFalse(requests.isEmpty());
        return task;
    }

    private void write(String file, String... lines) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        Files.write(path, List.of(lines));
    }

    private static void assertPrompts(TaskDocument document, List<Integer> gold, String context, String... continuations) {
        assertEquals(gold, document.gold());
        assertEquals(Stream.of(continuations).map(continuation -> new Prompt(context, continuation)).toList(), document.prompts());
    }

    @Test
    void theListIsWhatIsThere() throws IOException, URISyntaxException {
        try (Stream<Path> files = Files.list(Path.of(Task.class.getResource("piqa.yaml").toURI()).getParent())) {
            List<String> names = files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".yaml")).sorted()
                    .map(name -> name.substring(0, name.length() - 5)).toList();
            assertEquals(names, Task.shipped());
        }
        String message = assertThrows(InputException.class, () -> Task.open("pika", folder)).getMessage();
        assertTrue(message.contains("there is no task pika") && message.contains("piqa"), message);
        String missing = assertThrows(InputException.class, () -> Task.open("piqa", folder)).getMessage();
        assertTrue(missing.contains("valid.jsonl: no such file"), missing);
    }

    @Test
    void arcAsItsAuthorsAndAsTheHubPublishIt() throws IOException {
        String authors = "{\"id\": \"a\", \"question\": {\"stem\": \"What is wet?\", \"choices\": [{\"text\": \"rain\", \"label\": \"A\"},"
                + " {\"text\": \"sand\", \"label\": \"B\"}, {\"text\": \"it's fire\", \"label\": \"C\"}]}, \"answerKey\": \"C\"}";
        String hub = "{\"id\": \"b\", \"question\": \"What is dry?\", \"choices\": {\"text\": [\"sand\", \"rain\"], \"label\": [\"1\", \"2\"]}, \"answerKey\": \"2\"}";
        for (String name : List.of("arc_easy", "arc_challenge")) {
            Task task = task(name, "arc/" + (name.equals("arc_easy") ? "ARC-Easy-Test.jsonl" : "ARC-Challenge-Test.jsonl"), authors, hub);
            assertPrompts(task.documents().get(0), List.of(2), "Question: What is wet?\nAnswer:", " rain", " sand", " it's fire");
            assertPrompts(task.documents().get(1), List.of(1), "Question: What is dry?\nAnswer:", " sand", " rain");
            assertEquals(List.of(MetricKind.ACC, MetricKind.ACC_NORM), task.metrics());
        }
    }

    @Test
    void blimpOverAllFilesOfItsFolder() throws IOException {
        write("blimp/b.jsonl", "{\"sentence_good\": \"They \\\"go\\\".\", \"sentence_bad\": \"They goes.\", \"UID\": \"b\"}");
        Task task = task("blimp", "blimp/a.jsonl", "{\"sentence_good\": \"He goes.\", \"sentence_bad\": \"He go.\", \"UID\": \"a\"}");
        assertPrompts(task.documents().get(0), List.of(0), "", " He goes.", " He go.");
        assertPrompts(task.documents().get(1), List.of(0), "", " They \"go\".", " They goes.");
    }

    @Test
    void boolqAsItsAuthorsAndAsSuperGluePublishIt() throws IOException {
        Task task = task("boolq", "boolq/dev.jsonl", "{\"question\": \"is it\", \"title\": \"t\", \"answer\": true, \"passage\": \"It is.\"}",
                "{\"question\": \"was it\", \"passage\": \"It was not.\", \"idx\": 1, \"label\": 0}");
        assertPrompts(task.documents().get(0), List.of(1), "It is.\nQuestion: is it?\nAnswer:", " no", " yes");
        assertPrompts(task.documents().get(1), List.of(0), "It was not.\nQuestion: was it?\nAnswer:", " no", " yes");
        String message = assertThrows(InputException.class, () -> task("boolq", "boolq/dev.jsonl", "{\"question\": \"is it\", \"passage\": \"It is.\"}"))
                .getMessage();
        assertTrue(message.contains("dev.jsonl: line 1: doc_to_target: ") && message.contains("its fields are question, passage"), message);
    }

    @Test
    void hellaswagIsCleanedOfBrackets() throws IOException {
        Task task = task("hellaswag", "hellaswag/hellaswag_val.jsonl",
                "{\"ind\": 1, \"activity_label\": \"How to sit\", \"ctx_a\": \"[header] How to sit [title] Find a chair.\", \"ctx_b\": \"THEN you\","
                        + " \"endings\": [\"sit [step] down  now.\", \" stand\", \"a [b [c] d] e [f\", \"lie [substeps]\"], \"label\": 3}",
                "{\"ind\": 2, \"activity_label\": \"Rest\", \"ctx_a\": \"A man\", \"ctx_b\": \"sits [step]\", \"endings\": [\"sleeps.\", \"wakes.\", \"x\", \"y\"], \"label\": \"1\"}");
        // What Python gives for strip, replace, re.sub(r"\[.*?\]", "", …), replace.
        assertPrompts(task.documents().get(0), List.of(3), "How to sit: How to sit. Find a chair. Then you", " sit down now.", " stand", " a d] e [f", " lie ");
        assertPrompts(task.documents().get(1), List.of(1), "Rest: A man Sits ", " sleeps.", " wakes.", " x", " y");
        // The space at the context's end is scored.
        assertEquals(2 + "sleeps.".length(), task.requests(new ByteTokenizer(), 1000).get(4).continuation().length);
    }

    @Test
    void lambadaScoresTheLastWord() throws IOException {
        Task task = task("lambada_openai", "lambada/lambada_test.jsonl", "{\"text\": \"He said:\\n\\n\\\"Go  home, Tom\"}");
        assertEquals(List.of(new Prompt("He said:\n\n\"Go  home,", " Tom")), task.documents().get(0).prompts());
        assertEquals(OutputType.LOGLIKELIHOOD, task.outputType());
    }

    @Test
    void winograndeScoresWhatFollowsTheBlank() throws IOException {
        Task task = task("winogrande", "winogrande/dev.jsonl", "{\"qID\": \"x\", \"sentence\": \"Ann thanked Bea since _ had been_helped.\", \"option1\": \"Ann\","
                + " \"option2\": \"Bea\", \"answer\": \"1\"}");
        TaskDocument document = task.documents().get(0);
        assertEquals(List.of(0), document.gold());
        assertEquals(List.of(new Prompt("Ann thanked Bea since Ann", " had been_helped."), new Prompt("Ann thanked Bea since Bea", " had been_helped.")),
                document.prompts());
        String message = assertThrows(InputException.class, () -> task("winogrande", "winogrande/dev.jsonl",
                "{\"sentence\": \"a _ b\", \"option1\": \"x\", \"option2\": \"y\", \"answer\": \"\"}")).getMessage();
        assertTrue(message.contains("line 1: doc_to_text: ") && message.contains("no such element"), message);
    }

    @Test
    void piqaHasItsLabelsInAFileOfTheirOwn() throws IOException {
        write("piqa/valid-labels.lst", "1", "0");
        Task task = task("piqa", "piqa/valid.jsonl", "{\"goal\": \"open it\", \"sol1\": \"push \", \"sol2\": \"pull\"}", "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\"}");
        assertPrompts(task.documents().get(0), List.of(1), "Question: open it\nAnswer:", " push ", " pull");
        assertEquals(List.of(0), task.documents().get(1).gold());
        write("piqa/valid-labels.lst", "1");
        String message = assertThrows(InputException.class, () -> Task.open("piqa", folder)).getMessage();
        assertTrue(message.contains("has 1 labels for 2 documents"), message);
        write("piqa/valid-labels.lst", "1", "2");
        String outside = assertThrows(InputException.class, () -> Task.open("piqa", folder)).getMessage();
        assertTrue(outside.contains("line 2: doc_to_target: the right choice is 2; expected a number from 0 to 1"), outside);
    }

    @Test
    void sciqPutsTheSupportInFront() throws IOException {
        Task task = task("sciq", "sciq/test.jsonl", "{\"question\": \"Q?\", \"distractor3\": \"c\", \"distractor1\": \"a\", \"distractor2\": \"b\","
                + " \"correct_answer\": \"d\", \"support\": \"  Known.\"}");
        assertPrompts(task.documents().get(0), List.of(3), "Known.\nQuestion: Q?\nAnswer:", " a", " b", " c", " d");
    }

    @Test
    void mmluWithNumbersAndLetters() throws IOException {
        write("mmlu/b.jsonl", "{\"question\": \"Q?\", \"subject\": \"law\", \"choices\": [\"a\", \"b\", \"c\", \"d\"], \"answer\": \"D\"}");
        Task task = task("mmlu", "mmlu/a.jsonl", "{\"question\": \" Why? \", \"subject\": \"high_school_physics\", \"choices\": [\"w\", \"x\", \"y\", \"z\"], \"answer\": 2}");
        assertPrompts(task.documents().get(0), List.of(2), "The following are multiple choice questions (with answers) about high school physics.\n\n"
                + "Why?\nA. w\nB. x\nC. y\nD. z\nAnswer:", " A", " B", " C", " D");
        assertEquals(List.of(3), task.documents().get(1).gold());
    }

    @Test
    void triviaqaTakesAnyAlias() throws IOException {
        Task task = task("triviaqa", "triviaqa/validation.jsonl", "{\"question\": \"Who?\", \"answer\": {\"aliases\": [\"Mr. O'Hara\", \"\\\"Bob\\\"\"], \"value\": \"x\"}}");
        assertEquals("Question: Who??\nAnswer:", task.documents().get(0).prompts().get(0).context());
        assertEquals(List.of("Mr. O'Hara", "\"Bob\""), task.documents().get(0).answers());
        List<Request> requests = task.requests(new ByteTokenizer(), 1000);
        assertEquals(1, task.score(requests, List.of(new Answer.Generated(" bob\nQuestion: x"))).metric("exact_match").value());
        assertEquals(0, task.score(requests, List.of(new Answer.Generated(" bobby"))).metric("exact_match").value());
        String message = assertThrows(InputException.class, () -> task.requests(new ByteTokenizer(), 256)).getMessage();
        assertTrue(message.contains("max_gen_toks"), message);
    }

    @Test
    void gsm8kHasExamplesInFrontAndAFilter() throws IOException {
        String[] train = Stream.of(1, 2, 3, 4, 5, 6).map(i -> "{\"question\": \"q" + i + "\", \"answer\": \"so\\n#### " + i + "\"}").toArray(String[]::new);
        write("gsm8k/train.jsonl", train);
        Task task = task("gsm8k", "gsm8k/test.jsonl", "{\"question\": \"How many?\", \"answer\": \"A lot <<1+1=2>>.\\n#### 1,042\"}");
        StringBuilder context = new StringBuilder();
        for (int i = 1; i <= 5; i++) {
            context.append("Question: q").append(i).append("\nAnswer: so\n#### ").append(i).append("\n\n");
        }
        assertEquals(context + "Question: How many?\nAnswer:", task.documents().get(0).prompts().get(0).context());
        List<Request> requests = task.requests(new ByteTokenizer(), 1000);
        assertEquals(1, task.score(requests, List.of(new Answer.Generated("Well.\n#### 1042"))).metric("exact_match").value());
        assertEquals(1, task.score(requests, List.of(new Answer.Generated("x #### 1,042. Question: #### 3"))).metric("exact_match").value());
        assertEquals(0, task.score(requests, List.of(new Answer.Generated("1042"))).metric("exact_match").value());
    }

    /** The example in the package's documentation. */
    @Test
    void aTaskOfOnesOwnIsOneFile() throws IOException {
        write("capitals/test.jsonl", "{\"country\": \"Peru\", \"cities\": [\"Cusco\", \"Lima\"], \"right\": 1}");
        write("capitals.yaml", "task: capitals", "output_type: multiple_choice       # or loglikelihood, loglikelihood_rolling, generate_until",
                "data: capitals/test.jsonl", "doc_to_text: \"Question: What is the capital of {{ country }}?\\nAnswer:\"",
                "doc_to_choice: cities              # a field's name, a list, or Jinja that gives a list", "doc_to_target: \"{{ right }}\"",
                "metric_list: [acc, acc_norm]");
        Task task = Task.open(folder.resolve("capitals.yaml").toString(), folder);
        assertPrompts(task.documents().get(0), List.of(1), "Question: What is the capital of Peru?\nAnswer:", " Cusco", " Lima");
    }

    @Test
    void storiesNeedNoData() {
        for (String name : List.of("stories_agreement", "stories_cloze", "stories_questions")) {
            Task task = Task.open(name, folder.resolve("none"), List.of("stories.documents=20"));
            assertEquals(20, task.documents().size());
            int choices = name.equals("stories_agreement") ? 2 : 4;
            assertEquals(20 * choices, task.requests(new ByteTokenizer(), 100).size());
            TaskDocument first = task.documents().get(0);
            assertTrue(first.prompts().get(0).continuation().startsWith(" ") && first.prompts().get(0).context().endsWith(first.prompts().get(1).context()));
        }
    }
}
