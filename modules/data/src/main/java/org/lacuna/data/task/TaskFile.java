package org.lacuna.data.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/**
 * A task file. The components are named by the keys of lm-evaluation-harness; a text in Jinja sees the document's fields, and one that is a
 * field's name stands for the field.
 */
record TaskFile(
        @Key(doc = "the task's name") String task,
        @Key(doc = "what is asked of the model") String output_type,
        @Key(def = "[]", single = true, doc = "files of JSON lines in the folder of task data") List<String> data,
        @Key(doc = "each of data's files is a subtask") Optional<Subtasks> subtasks,
        @Key(doc = "a file with one label a line, which becomes the document's field label") Optional<String> labels,
        @Key(doc = "documents made from the embedded stories instead") Optional<StorySource> stories,
        @Key(def = "", doc = "what stands in front of everything, in Jinja") String description,
        @Key(def = "", doc = "the context in Jinja, or the number of the right choice where the choices are contexts") String doc_to_text,
        @Key(doc = "what is scored, the right choice's number or text, or the answers, in Jinja") String doc_to_target,
        @Key(def = "[]", single = true, doc = "the choices: a list, or one text in Jinja that gives a list") List<String> doc_to_choice,
        @Key(def = "' '", doc = "stands between context and choice") String target_delimiter,
        @Key(def = "\"\\n\\n\"", doc = "stands after each example") String fewshot_delimiter,
        @Key(def = "0", min = 0, max = 1000, doc = "examples in front of each document") int num_fewshot,
        @Key(def = "[]", single = true, doc = "files that the examples are taken from, the first ones") List<String> fewshot_data,
        @Key(def = "[]", single = true, doc = "the metrics' names") List<String> metric_list,
        @Key(doc = "how a text is generated") Optional<Generation> generation_kwargs,
        @Key(doc = "what of a generated text is the answer") Optional<AnswerFilter> filter,
        @Key(doc = "what an answer may differ in") Optional<ExactMatch> exact_match,
        @Key(def = "{}", doc = "the task file's version, and what else its author notes; results tell it") Map<String, String> metadata) {

    private static final int MOST_FILES = 1000;
    private static final int MOST_CHOICES = 100;

    /**
     * That each file of data is a task of its own, and the whole is a group of them in lm-evaluation-harness' terms: a limit counts for each, and each one's
     * metrics are told.
     */
    record Subtasks(
            @Key(min = 1, max = MOST_FILES, doc = "how many there are of them where all are there") Optional<Integer> files,
            @Key(def = "true", doc = "whether the group's accuracy is that of all documents, or the mean of the subtasks' accuracies") boolean weight_by_size,
            @Key(doc = "of each subtask, by lm-evaluation-harness' metadata") Optional<String> version) { }

    /** Where the documents come from that no file holds. */
    record StorySource(
            @Key(doc = "agreement, cloze or questions") String kind,
            @Key(def = "500", min = 1, max = 100_000, doc = "how many documents") int documents,
            @Key(def = "1", doc = "what they are drawn by") long seed) {

        static final List<String> KINDS = List.of("agreement", "cloze", "questions");

        StorySource {
            if (!KINDS.contains(kind)) {
                throw new IllegalArgumentException("kind: expected one of " + String.join(", ", KINDS) + ", found " + kind);
            }
        }
    }

    TaskFile {
        List<String> problems = new ArrayList<>();
        if (!task.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")) {
            problems.add("task: expected a name of up to 100 letters, digits, _, . and -");
        }
        if (task.equalsIgnoreCase("results")) {
            problems.add("task: " + task + " is what the file of all tasks' results is called; expected another name");
        }
        if (OutputType.named(output_type).isEmpty()) {
            problems.add("output_type: expected one of " + String.join(", ", OutputType.keys()) + ", found " + output_type);
            throw new InputException(problems);
        }
        OutputType type = OutputType.named(output_type).orElseThrow();
        sources(problems, data, labels, stories, fewshot_data, num_fewshot);
        if (subtasks.isPresent() && stories.isPresent()) {
            problems.add("subtasks: are files of data, and stories have none; remove it");
        }
        if ((type == OutputType.MULTIPLE_CHOICE) == doc_to_choice.isEmpty()) {
            problems.add("doc_to_choice: " + (doc_to_choice.isEmpty() ? "missing; multiple_choice needs the choices"
                    : "only multiple_choice has choices; remove it"));
        } else if (doc_to_choice.size() > MOST_CHOICES) {
            problems.add("doc_to_choice: has " + doc_to_choice.size() + " choices; expected at most " + MOST_CHOICES);
        } else if (doc_to_choice.contains("")) {
            problems.add("doc_to_choice: choice " + (doc_to_choice.indexOf("") + 1) + " is empty");
        }
        if (type == OutputType.LOGLIKELIHOOD_ROLLING && !(doc_to_text.isEmpty() && description.isEmpty() && num_fewshot == 0)) {
            problems.add("doc_to_target: is the whole text that loglikelihood_rolling scores, so there is no doc_to_text, description or num_fewshot");
        }
        if ((type == OutputType.GENERATE_UNTIL) != generation_kwargs.isPresent()) {
            problems.add("generation_kwargs: " + (generation_kwargs.isEmpty() ? "missing; generate_until needs until, the texts that end an answer"
                    : "only generate_until generates; remove it"));
        }
        if (type != OutputType.GENERATE_UNTIL && (filter.isPresent() || exact_match.isPresent())) {
            problems.add((filter.isPresent() ? "filter" : "exact_match") + ": only generate_until generates; remove it");
        }
        metric_list = metric_list.isEmpty() ? type.usualMetrics() : List.copyOf(metric_list);
        for (String metric : metric_list) {
            if (MetricKind.named(metric, type).isEmpty()) {
                problems.add("metric_list: " + output_type + " has no " + metric + "; expected " + String.join(", ", MetricKind.keys(type)));
            }
        }
        boolean means = metric_list.stream().flatMap(name -> MetricKind.named(name, type).stream()).allMatch(MetricKind::higherIsBetter);
        if (subtasks.isPresent() && !subtasks.get().weight_by_size && !means) {
            problems.add("subtasks: weight_by_size: false is of accuracies; perplexities are of all documents");
        }
        if (metric_list.stream().distinct().count() < metric_list.size()) {
            problems.add("metric_list: names a metric twice");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    private static void sources(List<String> problems, List<String> data, Optional<String> labels, Optional<StorySource> stories, List<String> fewshotData,
            int fewshot) {
        if (data.isEmpty() == stories.isEmpty()) {
            problems.add(data.isEmpty() ? "data: missing; expected a file of JSON lines in the folder of task data" : "stories: documents come from data already");
        }
        if (labels.isPresent() && data.size() != 1) {
            problems.add("labels: belong to one file of data");
        }
        if (stories.isPresent() && fewshot > 0) {
            problems.add("num_fewshot: stories have no examples in front");
        }
        if (fewshot > 0 && stories.isEmpty() && fewshotData.isEmpty()) {
            problems.add("fewshot_data: missing; expected the file that the num_fewshot examples are taken from, here or by --task-set fewshot_data=FILE");
        }
        files("data", data, problems);
        files("fewshot_data", fewshotData, problems);
        files("labels", labels.stream().toList(), problems);
    }

    /** Names of files lead nowhere but into the folder of task data. */
    private static void files(String key, List<String> names, List<String> problems) {
        if (names.size() > MOST_FILES) {
            problems.add(key + ": names " + names.size() + " files; expected at most " + MOST_FILES);
        }
        Predicate<String> inside = name -> name.matches("[^/\\\\:\\x00-\\x1f]+(/[^/\\\\:\\x00-\\x1f]+)*") && !List.of(name.split("/")).contains("..");
        names.stream().filter(inside.negate()).forEach(name -> problems.add(key + ": " + name
                + " does not lie in the folder of task data; expected names with / between, and no .."));
    }

    OutputType type() {
        return OutputType.named(output_type).orElseThrow();
    }

    /** The choices as a text in Jinja; empty where they are written out or there are none. */
    Optional<String> choiceTemplate() {
        return doc_to_choice.size() == 1 ? Optional.of(doc_to_choice.get(0)) : Optional.empty();
    }

    List<MetricKind> metrics() {
        return metric_list.stream().map(name -> MetricKind.named(name, type()).orElseThrow()).toList();
    }
}
