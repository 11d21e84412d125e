package org.lacuna.eval.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.lacuna.data.task.OutputType;
import org.lacuna.data.task.Task;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.task.TaskSettings;
import org.lacuna.run.InputException;
import picocli.CommandLine.Option;

/** Which tasks a model is evaluated on. */
final class TaskOptions {
    @Option(names = "--tasks", split = ",", paramLabel = "TASK", description = "Measure accuracy on tasks instead of loss on text: arc_easy, arc_challenge, blimp, boolq, "
            + "gsm8k, hellaswag, lambada_openai, mmlu, piqa, sciq, triviaqa, winogrande as lm-evaluation-harness has them; the embedded corpus' own "
                    + "stories_agreement, stories_cloze, stories_questions; or task files (.yaml).")
    private List<String> tasks = new ArrayList<>();

    @Option(names = "--task-data", defaultValue = ".", paramLabel = "DIR", description = "Folder of the tasks' JSONL files, as the data sets are published; those of a "
            + "task file of your own are looked for beside it first. Default: the current one.")
    private Path data;

    @Option(names = "--task-set", paramLabel = "KEY=VALUE", description = "Changes to the task files, num_fewshot=2 or data=my/file.jsonl say. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Option(names = "--num_fewshot", paramLabel = "N", description = "Examples in front of each document, as --task-set num_fewshot=N; "
            + "a task file that names no fewshot_data needs that too.")
    private Integer fewshot;

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N documents of each task, or of each subtask where it has subtasks, as blimp and mmlu; "
            + "below 1 the share of them, 0.1 say.")
    private Double limit;

    @Option(names = "--max-length", paramLabel = "T", description = "Tokens that the model reads at once; longer contexts are cut on the left. Default: the model's positions.")
    private Integer maxLength;

    @Option(names = "--accuracy-bar", paramLabel = "X", description = "Critical sparsity of an accuracy holds while it is at least X times the dense one. Default: 0.99.")
    private Double bar;

    /** Whether tasks were named. */
    boolean named() {
        return !tasks.isEmpty();
    }

    /** Adds what is wrong with them. */
    void check(List<String> problems) {
        if (!named() && (limit != null || fewshot != null || maxLength != null || bar != null || !sets.isEmpty())) {
            problems.add((limit != null ? "--limit" : fewshot != null ? "--num_fewshot" : maxLength != null ? "--max-length" : bar != null ? "--accuracy-bar" : "--task-set") + " goes with --tasks");
        }
        if (limit != null) {
            checkLimit(problems);
        }
        if (fewshot != null) {
            WindowOptions.atLeast(problems, 0, "--num_fewshot", fewshot);
        }
        if (maxLength != null) {
            WindowOptions.atLeast(problems, 2, "--max-length", maxLength);
        }
        if (bar != null && !(bar > 0 && bar <= 1)) {
            problems.add("--accuracy-bar: must be above 0 and at most 1, not " + bar);
        }
    }

    private void checkLimit(List<String> problems) {
        boolean share = limit > 0 && limit < 1;
        boolean count = limit >= 2 && limit <= Integer.MAX_VALUE && limit == Math.rint(limit);
        if (!share && !count) {
            problems.add("--limit: must be at least 2 and whole, or above 0 and below 1 for a share of the documents, not " + limit);
        }
    }

    double accuracyBar() {
        return bar == null ? TaskSettings.PAPER_ACCURACY : bar;
    }

    /**
     * Tokens that are read at once.
     *
     * @throws InputException if the model does not read as many
     */
    int maxLength(int positions) {
        if (maxLength != null && maxLength > positions) {
            throw new InputException("--max-length: " + maxLength + " tokens are more than the " + positions + " that the model is meant for (max_position_embeddings)");
        }
        return maxLength == null ? positions : maxLength;
    }

    /**
     * Reads them.
     *
     * @param coverage that they are measured with
     * @throws InputException with all that is wrong with them
     */
    List<Task> open(TokenCoverage coverage) {
        List<String> problems = new ArrayList<>();
        List<Task> opened = new ArrayList<>();
        List<String> changes = new ArrayList<>(sets);
        if (fewshot != null) {
            changes.add("num_fewshot=" + fewshot);
        }
        for (String name : tasks) {
            try {
                Task task = Task.open(name, data, changes);
                if (task.outputType() == OutputType.GENERATE_UNTIL && coverage.kind() == TokenCoverage.Kind.LAST) {
                    problems.add("--coverage " + coverage + ": " + name
                            + " wants text to be written, and how long it gets is not known before; use all, but_first, decode or generated");
                }
                opened.add(limit == null ? task : task.first(limit));
            } catch (InputException e) {
                problems.addAll(fewshot == null ? e.problems()
                        : e.map(problem -> problem.replace("--task-set num_fewshot=" + fewshot, "--num_fewshot " + fewshot)).problems());
            }
        }
        List<String> names = opened.stream().flatMap(task -> Stream.concat(Stream.of(task.name()), task.subtasks().stream().map(Task.Subtask::name))).toList();
        if (names.stream().distinct().count() < names.size()) {
            problems.add("--tasks: a task is named twice: " + String.join(", ", tasks));
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return opened;
    }
}
