package org.lacuna.data.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.jinja.Template;
import org.lacuna.data.task.TaskDocument.Prompt;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.InputException;

class TaskFileTest {
    private static final String CHOICE = "task: t\noutput_type: multiple_choice\ndata: d.jsonl\ndoc_to_text: q\ndoc_to_choice: c\ndoc_to_target: '{{ a }}'\n";
    private static final String GENERATION = "task: t\noutput_type: generate_until\ndata: d.jsonl\ndoc_to_text: '{{ q }}'\ndoc_to_target: a\n";

    @TempDir
    Path folder;

    @BeforeEach
    void aDocument() throws IOException {
        documents("{\"q\": \"Q\", \"c\": [\"x\", \"y\"], \"a\": 0}");
    }

    private void documents(String... lines) throws IOException {
        Files.write(folder.resolve("d.jsonl"), List.of(lines));
    }

    private Task open(String yaml, String... sets) throws IOException {
        return Task.open(Files.writeString(folder.resolve("t.yaml"), yaml).toString(), folder, List.of(sets));
    }

    private String refused(String yaml) {
        return assertThrows(InputException.class, () -> open(yaml)).getMessage();
    }

    @Test
    void whatIsLeftOutIsAsTheHarnessHasIt() throws IOException {
        Task task = open(CHOICE);
        assertEquals(List.of(MetricKind.ACC, MetricKind.ACC_NORM), task.metrics());
        assertEquals(List.of(new Prompt("Q", " x"), new Prompt("Q", " y")), task.documents().get(0).prompts());
        assertEquals("d.jsonl: line 1", task.documents().get(0).where().substring(folder.toString().length() + 1));
        assertEquals(256, open(GENERATION + "generation_kwargs: {until: x}").generation().orElseThrow().max_gen_toks());
        assertEquals(List.of("x"), open(GENERATION + "generation_kwargs: {until: x}").generation().orElseThrow().until());
        assertEquals("Q-x", open(CHOICE, "target_delimiter='-'").documents().get(0).prompts().stream().map(p -> p.context() + p.continuation()).toList().get(0));
    }

    /** Of two files of one name the one beside the task file counts; what is not there is looked for in the folder of task data. */
    @Test
    void dataAreLookedForBesideTheTaskFileFirst() throws IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.writeString(other.resolve("d.jsonl"), "{\"q\": \"other\", \"c\": [\"x\", \"y\"], \"a\": 0}");
        Files.writeString(other.resolve("e.jsonl"), "{\"q\": \"only there\", \"c\": [\"x\", \"y\"], \"a\": 0}");
        String file = Files.writeString(folder.resolve("t.yaml"), CHOICE).toString();
        assertEquals("Q", Task.open(file, other).documents().get(0).prompts().get(0).context());
        assertEquals("only there", Task.open(file, other, List.of("data=e.jsonl")).documents().get(0).prompts().get(0).context());
        assertEquals("Q", Task.open(file, other, List.of("data='*.jsonl'")).documents().get(0).prompts().get(0).context());
        String message = assertThrows(InputException.class, () -> Task.open(file, other, List.of("data=f.jsonl"))).getMessage();
        assertTrue(message.contains(other.resolve("f.jsonl") + ": no such file, nor is there one beside the task file"), message);
    }

    /** Three documents in one file, five in another: two of each, or two fifths, which are rounded up, make 2 and 2. */
    @Test
    void aLimitCountsForEachSubtask() throws IOException {
        String line = "{\"q\": \"Q\", \"c\": [\"x\", \"y\"], \"a\": 0}";
        Path parts = Files.createDirectories(folder.resolve("parts"));
        Files.write(parts.resolve("b 1.jsonl"), Collections.nCopies(5, line));
        Files.write(parts.resolve("a.jsonl"), Collections.nCopies(3, line));
        String yaml = CHOICE.replace("d.jsonl", "parts/*.jsonl");
        Task whole = open(yaml + "subtasks: {files: 4}\n");
        assertEquals(List.of(new Task.Subtask("t_a", 3, 3), new Task.Subtask("t_b_1", 5, 5)), whole.subtasks());
        for (double limit : new double[] {2, 0.4}) {
            Task first = whole.first(limit);
            assertEquals(List.of(new Task.Subtask("t_a", 3, 2), new Task.Subtask("t_b_1", 5, 2)), first.subtasks());
            assertEquals(8, first.original());
            assertEquals(limit, first.limit().getAsDouble());
            assertEquals(List.of("0 a.jsonl: line 1", "1 a.jsonl: line 2", "2 b 1.jsonl: line 1", "3 b 1.jsonl: line 2"), first.documents().stream()
                    .map(document -> document.index() + " " + Path.of(document.where()).getFileName()).toList());
        }
        Task one = open(yaml).first(2);
        assertEquals(List.of(), one.subtasks());
        assertEquals(2, one.documents().size(), "files that are no subtasks are one whole");
        assertEquals(OptionalDouble.empty(), whole.limit());

        Files.write(Files.createDirectories(folder.resolve("more")).resolve("a.jsonl"), List.of(line));
        String twice = refused(yaml.replace("data: parts/*.jsonl", "data: [parts/a.jsonl, more/a.jsonl]") + "subtasks: {}\n");
        assertTrue(twice.contains("subtasks are called by their files' names; rename one"), twice);
        for (String again : List.of("[parts/a.jsonl, parts/b 1.jsonl, parts/a.jsonl]", "[parts/b*.jsonl, parts/*.jsonl]")) {
            assertTrue(refused(yaml.replace("data: parts/*.jsonl", "data: " + again)).contains("is named twice, by parts/"), again);
        }
        assertTrue(refused(CHOICE.replace("task: t", "task: results")).contains("task: results is what the file of all tasks' results is called"));
        assertTrue(refused(CHOICE.replace("data: d.jsonl", "stories: {kind: cloze}") + "subtasks: {}\n").contains("subtasks: are files of data"));
        assertTrue(refused("task: t\noutput_type: loglikelihood\ndata: d.jsonl\ndoc_to_text: q\ndoc_to_target: q\nsubtasks: {weight_by_size: false}\n")
                .contains("weight_by_size: false is of accuracies"));
    }

    /** As a regular expression a dozen stars would take hours. */
    @Test
    void starsUponStarsInDataTakeNoTime() throws IOException {
        Files.writeString(folder.resolve("a".repeat(200) + ".jsonl"), "{\"q\": \"Q\", \"c\": [\"x\", \"y\"], \"a\": 0}");
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> assertTrue(refused(CHOICE.replace("d.jsonl", "'" + "*a".repeat(30) + "*b.jsonl'")).contains("no such file")));
    }

    @Test
    void anOverrideIsNamedByItsOption() {
        for (String[] wrong : new String[][] {{"num_fewshot=x", "--task-set num_fewshot=x: "},
            {"num_fewshot", "--task-set num_fewshot: expected path.to.key=value, for example num_fewshot=2"}, {"num_fewshots=1", "--task-set num_fewshots=1: unknown key"}}) {
            String message = assertThrows(InputException.class, () -> open(CHOICE, wrong[0])).getMessage();
            assertTrue(message.startsWith(wrong[1]), message);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            should_decontaminate: true    | :7: should_decontaminate: a key of lm-evaluation-harness that is not supported: Lacuna does not look for
            dataset_path: a/b             | :7: dataset_path: a key of lm-evaluation-harness that is not supported: Lacuna downloads no data
            test_split: test              | test_split: a key of lm-evaluation-harness that is not supported
            process_docs: '!function x.y' | process_docs: a key of lm-evaluation-harness that is not supported: Lacuna runs no Python
            aggregate_metric_list: []     | :7: aggregate_metric_list: a key of lm-evaluation-harness that is not supported: a file is one task; write subtasks:
            unsafe_code: true             | unsafe_code: a key of lm-evaluation-harness that is not supported: Lacuna runs no Python
            metadata: {by: [a, b]}        | :7: metadata.by: expected a text
            doc_to_txt: q                 | :7: doc_to_txt: unknown key
            description: !function u.d    | :7: !function asks for code
            metric_list: [!x acc]         | :7: !x asks for code
            description: !!python/a b     | :7: !!python/a asks for code
            num_fewshot: 2                | num_fewshot examples are taken from
            num_fewshot: -1               | num_fewshot: expected a whole number
            metric_list: [acc, f1]        | :7: metric_list: multiple_choice has no f1; expected acc, acc_norm, acc_bytes, exact_match
            metric_list: [{metric: acc}]  | (names alone: [acc, acc_norm]; what exact_match passes over in exact_match: {ignore_case: true})
            metric_list: [acc, acc]       | names a metric twice
            labels: ../l                  | labels: ../l does not lie in the folder
            labels: /etc/passwd           | does not lie in the folder of task data
            fewshot_data: a/../../b       | does not lie in the folder of task data
            stories: {kind: cloze}        | stories: documents come from data already
            generation_kwargs: {until: x} | only generate_until generates
            filter: {strip: true}         | only generate_until generates
            doc_to_text: again            | given twice
            """)
    void aWrongKeyIsToldWithItsLine(String line, String problem) {
        String message = refused(CHOICE + line + "\n");
        assertTrue(message.contains("t.yaml") && message.replace("\n", " ").contains(problem), message);
    }

    @Test
    void aWrongFileIsRefused() throws IOException {
        assertTrue(refused("[").contains("not valid YAML"));
        assertTrue(refused("").contains("is empty"));
        assertTrue(refused("task: t").contains("output_type: missing"));
        assertTrue(refused("task: a/b\noutput_type: multiple_choices\ndoc_to_target: x").contains("expected one of loglikelihood, multiple_choice"));
        assertTrue(refused("task: t\noutput_type: multiple_choice\ndoc_to_target: x").contains("2 problems"));
        assertTrue(refused(GENERATION).contains("generate_until needs until"));
        assertTrue(refused(GENERATION + "generation_kwargs: {until: x, do_sample: false}").contains("Lacuna generates greedily"));
        assertTrue(refused(GENERATION + "generation_kwargs: {until: ''}").contains("until: expected"));
        assertTrue(refused(GENERATION + "generation_kwargs: {until: x}\nfilter: {regex: '('}").contains("filter.regex: not a regular expression"));
        assertTrue(refused(GENERATION + "generation_kwargs: {until: x}\nexact_match: {regexes_to_ignore: '['}").contains("not a regular expression"));
        assertTrue(refused(GENERATION + "generation_kwargs: {until: x}\nfilter: {regex: '(?:(?:){2000000}){9}'}").contains("filter.regex: the counts of repetitions multiply to 1.8E7"));
        assertTrue(refused("task: t\noutput_type: loglikelihood_rolling\ndata: d.jsonl\ndoc_to_text: x\ndoc_to_target: q").contains("is the whole text"));
        assertTrue(refused(CHOICE.replace("doc_to_text: q", "doc_to_text: '{{ q'")).contains("doc_to_text: can't be read"));
        String none = assertThrows(InputException.class, () -> Task.open(folder.resolve("no.yaml").toString(), folder)).getMessage();
        assertTrue(none.contains("no such file"), none);
        Path large = Files.writeString(folder.resolve("large.yaml"), "#".repeat((1 << 20) + 1));
        assertTrue(assertThrows(InputException.class, () -> Task.open(large.toString(), folder)).getMessage().contains("at most 1048576"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"q": "Q", "c": ["x", "y"]}             | line 2: doc_to_target: line 1: 'a' is undefined; its fields are q, c
            {"q": "Q", "c": ["x", "y"], "a": 2}     | line 2: doc_to_target: the right choice is 2; expected a number from 0 to 1
            {"q": "Q", "c": ["x", "y"], "a": -1}    | the right choice is "-1"
            {"q": "Q", "c": ["x", "y"], "a": ""}    | the right choice is ""
            {"q": "Q", "c": ["x", "y"], "a": null}  | the right choice is "None"
            {"q": "Q", "c": ["x", "y"], "a": []}    | names no right choice
            {"q": "Q", "c": ["x", "y"], "a": [0, 5]} | the right choice is 5
            {"q": "Q", "c": ["x", ""], "a": 0}      | doc_to_choice: choice 2 is empty
            {"q": "Q", "c": ["x", 3], "a": 0}       | choice 2 is a number, not a text
            {"q": "Q", "c": ["x"], "a": 0}          | gives 1 choices; expected 2 to 100
            {"q": "Q", "c": "x", "a": 0}            | doc_to_choice: gives no list of texts but "x"
            {"q": "Q", "a": 0}                      | doc_to_choice: gives no list of texts but "c"
            {"q": ["Q"], "c": ["x", "y"], "a": 0}   | doc_to_text: is a list, not a text
            {"q": "Q", "c": ["x", "y"], "a": 0      | line 2: not valid JSON
            {"q": "Q", "q": "R"}                    | line 2: not valid JSON
            ["Q"]                                   | line 2: is no JSON object
            {"q": "\\ud800", "c": ["x", "y"], "a": 0} | half of a surrogate pair
            """)
    void aWrongDocumentIsToldWithItsFileAndLine(String line, String problem) throws IOException {
        documents("{\"q\": \"Q\", \"c\": [\"x\", \"y\"], \"a\": 0}", line);
        String message = refused(CHOICE);
        assertTrue(message.contains("d.jsonl: line 2: ") && message.contains(problem), message);
    }

    @Test
    void severalWrongDocumentsAreToldAtOnce() throws IOException {
        documents("{\"q\": \"Q\", \"c\": [\"x\", \"y\"], \"a\": 0}", "{}", "{\"q\": \"Q\", \"c\": [\"x\", \"y\"], \"a\": 9}");
        InputException refused = assertThrows(InputException.class, () -> open(CHOICE));
        assertEquals(2, refused.problems().size());
        String[] many = new String[100];
        Arrays.fill(many, "{\"q\": \"Q\", \"c\": [\"x\", \"y\"]}");
        documents(many);
        InputException all = assertThrows(InputException.class, () -> open(CHOICE));
        assertEquals(21, all.problems().size());
        assertEquals("more documents were not looked at", all.problems().get(20));
    }

    @Test
    void filesWithoutDocumentsAreRefused() throws IOException {
        documents("", "  ");
        assertTrue(refused(CHOICE).contains("holds no documents"));
        assertTrue(refused(CHOICE.replace("d.jsonl", "t.yaml")).contains("its name is not that of JSON lines"));
        assertTrue(refused(CHOICE.replace("d.jsonl", "none/*.jsonl")).contains("no such file"));
        assertTrue(refused(CHOICE.replace("d.jsonl", "x[*.jsonl")).contains("no such file"));
    }

    @Test
    void whatHasNoTokensOrTooManyIsRefusedOrLeftOut() throws IOException {
        documents("{\"q\": \"Q\", \"c\": [\"x\", \"yyyyyyyyyyyy\"], \"a\": 0}", "{\"q\": \"Q\", \"c\": [\"x\", \"y\"], \"a\": 1}");
        Task task = open(CHOICE);
        Tokenizer bytes = new ByteTokenizer();
        String message = assertThrows(InputException.class, () -> task.requests(bytes, 8)).getMessage();
        assertTrue(message.contains("d.jsonl: line 1: choice 2 has 13 tokens; the model reads 8 at once"), message);
        Task fitting = task.fitting(bytes, 8);
        assertEquals(1, fitting.documents().size());
        assertEquals(0, fitting.documents().get(0).index());
        List<Request> requests = fitting.requests(bytes, 8);
        TaskResult result = fitting.score(requests, List.of(new Answer.Scored(-2, false), new Answer.Scored(-1, false)));
        assertEquals(1, result.leftOut());
        assertEquals(1, result.metric("acc").value());
        assertTrue(assertThrows(InputException.class, () -> task.fitting(bytes, 1)).getMessage().contains("every document"));
        // A continuation that the tokenizer melts into the context has no tokens of its own.
        Tokenizer merging = Tokenizers.load(Fixtures.unpack("gpt2-style-512", folder).resolve("tokenizer.json"));
        int[] joined = merging.encode("the");
        if (joined.length == 1) {
            documents("{\"q\": \"th\", \"c\": [\"e\", \"y\"], \"a\": 1}");
            String melted = assertThrows(InputException.class, () -> open(CHOICE, "target_delimiter=''").requests(merging, 8)).getMessage();
            assertTrue(melted.contains("line 1: choice 1 has no tokens after its context"), melted);
        }
    }

    @Test
    void examplesStandInFrontAndNoDocumentIsItsOwn() throws IOException {
        documents("{\"q\": \"1\", \"c\": [\"x\", \"y\"], \"a\": 0}", "{\"q\": \"2?\", \"c\": [\"x\", \"y\"], \"a\": 1}", "{\"q\": \"3?\", \"c\": [\"x\", \"y\"], \"a\": 1}");
        String yaml = CHOICE.replace("doc_to_text: q", "doc_to_text: 'Q {{ q }}'");
        Task task = open(yaml, "num_fewshot=2", "fewshot_data=d.jsonl", "description='D: '");
        assertEquals("D: Q 2? y\n\nQ 3? y\n\nQ 1", task.documents().get(0).prompts().get(0).context());
        assertEquals("D: Q 1 x\n\nQ 2? y\n\nQ 3?", task.documents().get(2).prompts().get(0).context());
        assertTrue(assertThrows(InputException.class, () -> open(yaml, "num_fewshot=4", "fewshot_data=d.jsonl")).getMessage().contains("holds 3 documents"));
    }

    @Test
    void aLineFeedAtATemplatesEndStays() throws IOException {
        assertEquals("Q\n", open(CHOICE.replace("doc_to_text: q", "doc_to_text: \"{{ q }}\\n\"")).documents().get(0).prompts().get(0).context());
    }

    @ParameterizedTest
    @ValueSource(strings = {"['a', \"it's\", 'b\\\\c\\n\\x07\\u00e9', 3, -4]", "('a', \"it's\", 'b\\\\c\\n\\x07é', 3, -4,)"})
    void aPrintedListIsRead(String text) {
        assertEquals(List.of("a", "it's", "b\\c\n\u0007é", 3L, -4L), Literal.list(text).orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[", "['a'", "['a]", "[a]", "['a' 'b']", "['a'] x", "[1.5]", "['\\q']", "[,]", "['a',,]", "a", "['\\x1']", "[99999999999999999999]"})
    void whatIsNoListIsNone(String text) {
        assertTrue(Literal.list(text).isEmpty());
    }

    /** Every character comes through a list that a template prints. */
    @Test
    void whatATemplatePrintsIsReadAsItWas() {
        StringBuilder all = new StringBuilder();
        for (int c = 0; c <= 0x1FFFF; c++) {
            if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
                all.appendCodePoint(c);
            }
        }
        List<Object> list = List.of(all.toString(), "'", "\"", "\\n", "", 12L);
        assertEquals(list, Literal.list(Template.parse("{{ l }}").render(Map.of("l", list))).orElseThrow());
    }

    @Test
    void anEmptyListIsOne() {
        assertEquals(List.of(), Literal.list("[]").orElseThrow());
        assertEquals(List.of(), Literal.list("[ ]").orElseThrow());
    }
}
