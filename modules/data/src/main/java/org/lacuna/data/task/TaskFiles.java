package org.lacuna.data.task;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.TextFile;
import org.lacuna.run.recipe.Recipes;

/** Finds and reads task files: those that come with Lacuna by their names, others by their paths. */
final class TaskFiles {
    /** Those that come with Lacuna. */
    static final List<String> SHIPPED = List.of("arc_challenge", "arc_easy", "blimp", "boolq", "gsm8k", "hellaswag", "lambada_openai", "mmlu", "piqa", "sciq",
            "stories_agreement", "stories_cloze", "stories_questions", "triviaqa", "winogrande");

    private static final long LARGEST = 1 << 20;
    /** A value that YAML is told to make by code: {@code key: !function module.name}. */
    private static final Pattern TAG = Pattern.compile("(?m)^[^#\\n\"']*[:?,{\\[-][ \\t]*(!!?[A-Za-z]\\S*)");
    private static final String DATA = "Lacuna downloads no data; write data: FILE.jsonl, a document in each line, and fewshot_data: FILE.jsonl for examples";
    private static final String CODE = "Lacuna runs no Python; say it in Jinja in doc_to_text, doc_to_target and doc_to_choice";
    private static final String DECONTAMINATION = "Lacuna does not look for a task's documents in training data; remove it";
    private static final String GREEDY = "Lacuna generates greedily; remove it";
    private static final String GROUP = "a file is one task; write subtasks: {weight_by_size: …} where each file of data is one of a group, else name the tasks in --tasks";
    private static final String NO_USE = "Lacuna has no use for it; remove it";
    /** What to do about keys of lm-evaluation-harness that there are not. */
    private static final Map<String, String> OTHERS = Map.ofEntries(Map.entry("should_decontaminate", DECONTAMINATION),
            Map.entry("doc_to_decontamination_query", DECONTAMINATION), Map.entry("dataset_path", DATA), Map.entry("dataset_name", DATA),
            Map.entry("dataset_kwargs", DATA), Map.entry("training_split", DATA), Map.entry("validation_split", DATA), Map.entry("test_split", DATA),
            Map.entry("fewshot_split", DATA), Map.entry("fewshot_config", "the first documents of fewshot_data are the examples; remove it"),
            Map.entry("custom_dataset", CODE), Map.entry("process_docs", CODE), Map.entry("process_results", CODE),
            Map.entry("filter_list", "expected filter: {regex: …, group_select: …, strip: …}"), Map.entry("include", "one file is one task; write it out"),
            Map.entry("generation_kwargs.do_sample", GREEDY), Map.entry("generation_kwargs.temperature", GREEDY), Map.entry("generation_kwargs.top_p", GREEDY),
            Map.entry("generation_kwargs.top_k", GREEDY), Map.entry("generation_kwargs.num_beams", GREEDY), Map.entry("repeats", GREEDY),
            Map.entry("unsafe_code", CODE), Map.entry("class", CODE), Map.entry("group", GROUP), Map.entry("group_alias", GROUP),
            Map.entry("aggregate_metric_list", GROUP), Map.entry("tag", NO_USE), Map.entry("task_alias", NO_USE),
            Map.entry("use_prompt", NO_USE), Map.entry("gen_prefix", "write it at the end of doc_to_text"),
            Map.entry("doc_to_image", "models here read text only"), Map.entry("doc_to_audio", "models here read text only"));
    private static final String SET = "--set ";
    private static final Pattern UNKNOWN = Pattern.compile("(?s)(.*: )(\\S+): unknown key.*");

    private TaskFiles() {
    }

    /**
     * Reads a task file.
     *
     * @param nameOrFile a shipped task's name, or the path of a file, which ends in .yaml or .yml
     * @param sets       overrides of its keys
     * @throws InputException if there is none or it is wrong
     */
    static TaskFile read(String nameOrFile, List<String> sets) {
        boolean path = isFile(nameOrFile);
        if (!path && !SHIPPED.contains(nameOrFile)) {
            throw new InputException("there is no task " + nameOrFile + "; expected one of " + String.join(", ", SHIPPED) + ", or the path of a file .yaml");
        }
        String where = path ? nameOrFile : "task " + nameOrFile;
        return parse(where, path ? text(Path.of(nameOrFile)) : shipped(nameOrFile), sets);
    }

    private static boolean isFile(String nameOrFile) {
        return nameOrFile.endsWith(".yaml") || nameOrFile.endsWith(".yml");
    }

    /** Where the files that a task names are looked for, in this order: one's own task file's folder, then the one for task data. */
    static List<Path> folders(String nameOrFile, Path dataFolder) {
        return isFile(nameOrFile) ? List.of(Path.of(nameOrFile).toAbsolutePath().getParent(), dataFolder) : List.of(dataFolder);
    }

    private static TaskFile parse(String where, String yaml, List<String> sets) {
        Matcher tag = TAG.matcher(yaml);
        if (tag.find()) {
            long line = yaml.substring(0, tag.start(1)).chars().filter(c -> c == '\n').count() + 1;
            throw new InputException(where + ":" + line + ": " + tag.group(1) + " asks for code; " + CODE);
        }
        try {
            return Recipes.parse(where, yaml, sets, TaskFile.class);
        } catch (InputException e) {
            throw e.map(TaskFiles::explained);
        }
    }

    /** A task's keys are not a recipe's, and their overrides have an option of their own. */
    private static String explained(String problem) {
        String told = problem.startsWith(SET) ? "--task-set " + problem.substring(SET.length()).replace("train.lr=3e-4", "num_fewshot=2") : problem;
        Matcher unknown = UNKNOWN.matcher(told);
        if (unknown.matches() && OTHERS.containsKey(unknown.group(2))) {
            return unknown.group(1) + unknown.group(2) + ": a key of lm-evaluation-harness that is not supported: " + OTHERS.get(unknown.group(2));
        }
        return told.contains("metric_list") && told.contains("found a mapping") ? told + " (names alone: [acc, acc_norm]; what exact_match passes over in exact_match: {ignore_case: true})" : told;
    }

    private static String text(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file; expected a task file");
        }
        try {
            if (Files.size(file) > LARGEST) {
                throw new InputException(file + ": has " + Files.size(file) + " bytes; a task file has at most " + LARGEST);
            }
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + e.getMessage(), e);
        }
        return TextFile.read(file);
    }

    private static String shipped(String name) {
        try (InputStream in = TaskFiles.class.getResourceAsStream(name + ".yaml")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the task " + name + " can't be read", e);
        }
    }
}
