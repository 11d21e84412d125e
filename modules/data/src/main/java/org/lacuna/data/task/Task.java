package org.lacuna.data.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.lacuna.data.task.PairEncoder.Pair;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;

/**
 * An evaluation task and its documents. What it does it does as lm-evaluation-harness 0.4.13: {@link #requests} are the same token ids, and
 * {@link #score} gives the same numbers for the same answers.
 */
public final class Task {
    /** More wrong documents than these are not told. */
    private static final int MOST_PROBLEMS = 20;
    /** Of the heap, what the documents' texts may have, in characters. */
    private static final int SHARE = 16;

    private final TaskFile file;
    private final List<TaskDocument> documents;
    /** Of each subtask, or of the one that the whole is, how many documents the data hold. */
    private final Map<String, Integer> originals;
    private final OptionalDouble limit;
    private final int leftOut;

    /**
     * A subtask.
     *
     * @param name     as lm-evaluation-harness names it
     * @param original how many documents the data hold of it
     * @param documents how many of them the task has
     */
    public record Subtask(String name, int original, int documents) { }

    private Task(TaskFile file, List<TaskDocument> documents, Map<String, Integer> originals, OptionalDouble limit, int leftOut) {
        this.file = file;
        this.documents = documents;
        this.originals = originals;
        this.limit = limit;
        this.leftOut = leftOut;
    }

    /**
     * The tasks that come with Lacuna.
     *
     * @return their names
     */
    public static List<String> shipped() {
        return TaskFiles.SHIPPED;
    }

    /**
     * Reads a task and all of its documents.
     *
     * @param nameOrFile a shipped task's name, or the path of a task file (.yaml)
     * @param dataFolder where the files of the task's documents lie that don't lie beside a task file; not looked at for tasks about stories
     * @return the task, with at least one document
     * @throws InputException with what is wrong with the task file, or with the first wrong documents, a file and line each
     */
    public static Task open(String nameOrFile, Path dataFolder) {
        return open(nameOrFile, dataFolder, List.of());
    }

    /**
     * The same with some keys of the task file overridden.
     *
     * @param nameOrFile as for {@link #open(String, Path)}
     * @param dataFolder as well
     * @param sets       {@code key=value}, the value in YAML: {@code num_fewshot=5}, {@code stories.documents=1000}
     * @return the task
     * @throws InputException as there, and with what is wrong with the overrides
     */
    public static Task open(String nameOrFile, Path dataFolder, List<String> sets) {
        TaskFile file = TaskFiles.read(nameOrFile, sets);
        List<Path> folders = TaskFiles.folders(nameOrFile, dataFolder);
        List<Source> sources = file.stories().map(Stories::documents)
                .orElseGet(() -> Sources.read(folders, file.data(), file.labels(), Integer.MAX_VALUE));
        if (file.subtasks().isPresent()) {
            checkNames(sources);
        }
        List<Source> examples = file.num_fewshot() == 0 ? List.of() : examples(file, folders);
        DocumentMaker maker = new DocumentMaker(nameOrFile, file, sources.get(0), examples);
        Problems problems = new Problems();
        List<TaskDocument> documents = new ArrayList<>();
        long characters = 0;
        for (Source source : sources) {
            Optional<TaskDocument> document = problems.collect(() -> maker.document(documents.size(), source));
            document.ifPresent(documents::add);
            characters += document.map(TaskDocument::characters).orElse(0L);
            if (characters > Runtime.getRuntime().maxMemory() / SHARE) {
                throw new InputException(source.where() + ": the texts up to here, examples in front included, take an eighth of the heap; give more by -Xmx,"
                        + " or a smaller num_fewshot");
            }
        }
        problems.report();
        Map<String, Integer> originals = new LinkedHashMap<>();
        documents.forEach(document -> originals.merge(document.subtask(), 1, Integer::sum));
        return new Task(file, List.copyOf(documents), originals, OptionalDouble.empty(), 0);
    }

    /** Subtasks are called by their files' names. */
    private static void checkNames(List<Source> sources) {
        Map<String, String> files = new HashMap<>();
        for (Source source : sources) {
            String other = files.putIfAbsent(source.fileName(), source.file());
            if (other != null && !other.equals(source.file())) {
                throw new InputException(source.file() + ": has the name of " + other + ", and subtasks are called by their files' names; rename one");
            }
        }
    }

    /** One more than are needed, if there is one: a document is no example of itself. */
    private static List<Source> examples(TaskFile file, List<Path> folders) {
        List<Source> examples = Sources.read(folders, file.fewshot_data(), Optional.empty(), file.num_fewshot() + 1);
        if (examples.size() < file.num_fewshot()) {
            throw new InputException(file.task() + ": fewshot_data holds " + examples.size() + " documents; expected num_fewshot = " + file.num_fewshot());
        }
        return examples;
    }

    /**
     * The task's first documents, as a task; of a task with subtasks each one's first.
     *
     * @param count a whole number of at least 1; or below 1 and above 0, the share of the documents, rounded up
     * @return this task, with the limit, if it has no more
     */
    public Task first(double count) {
        Map<String, Integer> taken = new HashMap<>();
        List<TaskDocument> first = new ArrayList<>();
        for (TaskDocument document : documents) {
            if (taken.merge(document.subtask(), 1, Integer::sum) <= most(count, originals.get(document.subtask()))) {
                first.add(document.at(first.size()));
            }
        }
        return new Task(file, List.copyOf(first), originals, OptionalDouble.of(count), leftOut);
    }

    private static double most(double count, int original) {
        return count < 1 ? Math.ceil(original * count) : count;
    }

    /**
     * The task without the documents whose continuation is longer than what a model reads, for which the harness stops. Those that stay have new
     * indices. Models are compared on the documents that fit all of them.
     *
     * @param tokenizer the model's
     * @param maxLength tokens that the model reads at once
     * @return this task if all fit
     * @throws InputException if none fits
     */
    public Task fitting(Tokenizer tokenizer, int maxLength) {
        PairEncoder encoder = new PairEncoder(tokenizer);
        List<TaskDocument> fitting = new ArrayList<>();
        for (TaskDocument document : documents) {
            boolean whole = outputType() == OutputType.LOGLIKELIHOOD_ROLLING || outputType() == OutputType.GENERATE_UNTIL;
            if (whole || document.prompts().stream().allMatch(prompt -> encoder.pair(prompt).continuation().length <= maxLength)) {
                fitting.add(document.at(fitting.size()));
            }
        }
        if (fitting.isEmpty()) {
            throw new InputException(name() + ": every document has a continuation of more than the " + maxLength + " tokens that the model reads at once");
        }
        return fitting.size() == documents.size() ? this
                : new Task(file, List.copyOf(fitting), originals, limit, leftOut + documents.size() - fitting.size());
    }

    /**
     * The task's name.
     *
     * @return as the task file has it
     */
    public String name() {
        return file.task();
    }

    /**
     * What is asked.
     *
     * @return the type
     */
    public OutputType outputType() {
        return file.type();
    }

    /**
     * The documents as texts.
     *
     * @return at least one
     */
    public List<TaskDocument> documents() {
        return documents;
    }

    /**
     * How many documents the data hold, whatever the limit.
     *
     * @return at least as many as the task has
     */
    public int original() {
        return originals.values().stream().mapToInt(Integer::intValue).sum();
    }

    /**
     * What {@link #first} was told.
     *
     * @return empty where all documents are taken
     */
    public OptionalDouble limit() {
        return limit;
    }

    /**
     * The subtasks, in the order of the documents.
     *
     * @return none where the task is one of its own
     */
    public List<Subtask> subtasks() {
        Map<String, Integer> counts = counts();
        return file.subtasks().isEmpty() ? List.of()
                : originals.entrySet().stream().map(subtask -> new Subtask(subtask.getKey(), subtask.getValue(), counts.getOrDefault(subtask.getKey(), 0))).toList();
    }

    private Map<String, Integer> counts() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        documents.forEach(document -> counts.merge(document.subtask(), 1, Integer::sum));
        return counts;
    }

    /**
     * All that the task file says, with what it leaves out and what overrides changed.
     *
     * @return components named by the task file's keys
     */
    public Record definition() {
        return file;
    }

    /**
     * The metrics.
     *
     * @return in the order of the task file
     */
    public List<MetricKind> metrics() {
        return file.metrics();
    }

    /**
     * How a text is generated.
     *
     * @return empty where none is
     */
    public Optional<Generation> generation() {
        return file.generation_kwargs();
    }

    /**
     * What a model is asked, document by document: a request for each choice; for each window of a whole text; else one.
     *
     * @param tokenizer the model's
     * @param maxLength tokens that the model reads at once
     * @return the requests; those whose context is cut to fit are marked
     * @throws InputException with the first documents that can't be asked: a continuation of no tokens, or of more than the model reads
     */
    public List<Request> requests(Tokenizer tokenizer, int maxLength) {
        if (maxLength < 1) {
            throw new IllegalArgumentException("maxLength " + maxLength);
        }
        int room = maxLength - generation().map(Generation::max_gen_toks).orElse(0);
        if (room < 1) {
            throw new InputException(name() + ": generates up to " + generation().get().max_gen_toks() + " tokens, and the model reads " + maxLength
                    + " at once, context and all; expected a smaller generation_kwargs.max_gen_toks, or a model that reads more");
        }
        PairEncoder encoder = new PairEncoder(tokenizer);
        Problems problems = new Problems();
        List<Request> requests = new ArrayList<>();
        for (TaskDocument document : documents) {
            problems.collect(() -> {
                try {
                    return requests(document, encoder, maxLength, room);
                } catch (InputException e) {
                    throw e.map(problem -> document.where() + ": " + problem);
                }
            }).ifPresent(requests::addAll);
        }
        problems.report();
        return List.copyOf(requests);
    }

    private List<Request> requests(TaskDocument document, PairEncoder encoder, int maxLength, int room) {
        List<Request> requests = new ArrayList<>();
        if (outputType() == OutputType.GENERATE_UNTIL) {
            return List.of(Request.generated(document.index(), encoder.context(document.prompts().get(0).context()), room));
        }
        List<Pair> pairs = outputType() == OutputType.LOGLIKELIHOOD_ROLLING ? encoder.windows(document.prompts().get(0).continuation(), maxLength)
                : document.prompts().stream().map(encoder::pair).toList();
        for (Pair pair : pairs) {
            int length = pair.continuation().length;
            if (length == 0 || length > maxLength) {
                String what = document.choices().isEmpty() ? "what is to be scored" : "choice " + (requests.size() + 1);
                throw new InputException(what + (length == 0 ? " has no tokens after its context; expected at least one"
                        : " has " + length + " tokens; the model reads " + maxLength
                        + " at once, and only contexts are cut; leave such documents out, or take a model that reads more"));
            }
            requests.add(Request.scored(document.index(), requests.size(), pair.context(), pair.continuation(), maxLength));
        }
        if (requests.isEmpty()) {
            throw new InputException("what is to be scored has no tokens");
        }
        return requests;
    }

    /**
     * Scores a model.
     *
     * @param requests what {@link #requests} gave
     * @param answers  to each of them
     * @return the metrics, with each document's values
     * @throws IllegalArgumentException if there is not an answer of the right kind to each request
     */
    public TaskResult score(List<Request> requests, List<Answer> answers) {
        if (requests.size() != answers.size()) {
            throw new IllegalArgumentException(answers.size() + " answers to " + requests.size() + " requests");
        }
        List<List<Answer>> byDocument = new ArrayList<>();
        documents.forEach(document -> byDocument.add(new ArrayList<>()));
        for (int i = 0; i < answers.size(); i++) {
            byDocument.get(requests.get(i).document()).add(answers.get(i));
        }
        Scorer scorer = new Scorer(file);
        List<Metric> metrics = new ArrayList<>();
        for (MetricKind kind : metrics()) {
            List<Double> values = new ArrayList<>();
            List<Double> weights = new ArrayList<>();
            for (TaskDocument document : documents) {
                values.add(scorer.value(kind, document, byDocument.get(document.index())));
                weights.add(Scorer.weight(kind, document));
            }
            metrics.add(file.subtasks().isPresent() && kind.higherIsBetter() ? ofSubtasks(kind, values, file.subtasks().get().weight_by_size())
                    : Metric.of(kind, values, weights));
        }
        return new TaskResult(name(), documents.size(), leftOut, requests.size(), (int) requests.stream().filter(Request::truncated).count(), metrics);
    }

    /**
     * An accuracy over subtasks, with the standard error that lm-evaluation-harness 0.4.13 gives the group's.
     *
     * <pre>
     * by size:  mean of all n documents, of k subtasks    √(Σ (n_s − 1) n_s e_s² / ((n − k) n))
     * alike:    mean of the subtasks' means               √(Σ e_s²) / k
     * </pre>
     */
    private Metric ofSubtasks(MetricKind kind, List<Double> values, boolean bySize) {
        Map<String, Integer> counts = counts();
        Map<String, List<Double>> bySubtask = new LinkedHashMap<>();
        for (int d = 0; d < values.size(); d++) {
            bySubtask.computeIfAbsent(documents.get(d).subtask(), subtask -> new ArrayList<>()).add(values.get(d));
        }
        double n = values.size();
        double k = bySubtask.size();
        double squares = 0;
        boolean told = true;
        for (List<Double> own : bySubtask.values()) {
            OptionalDouble error = kind.standardError(own);
            told &= error.isPresent();
            squares += error.orElse(0) * error.orElse(0) * (bySize ? (own.size() - 1.0) * own.size() : 1);
        }
        OptionalDouble standardError = told ? OptionalDouble.of(bySize ? Math.sqrt(squares / (n - k) / n) : Math.sqrt(squares) / k) : OptionalDouble.empty();
        List<Double> weights = documents.stream().map(document -> bySize ? 1.0 : n / (k * counts.get(document.subtask()))).toList();
        return Metric.of(kind, IntStream.range(0, values.size()).mapToObj(d -> values.get(d) * weights.get(d)).toList(), weights, standardError);
    }

    /** Collects what is wrong with documents, up to a number of them. */
    private static final class Problems {
        private final List<String> problems = new ArrayList<>();

        <T> Optional<T> collect(Supplier<T> work) {
            try {
                return Optional.of(work.get());
            } catch (InputException e) {
                problems.addAll(e.problems());
                if (problems.size() >= MOST_PROBLEMS) {
                    problems.add("more documents were not looked at");
                    report();
                }
                return Optional.empty();
            }
        }

        void report() {
            if (!problems.isEmpty()) {
                throw new InputException(problems);
            }
        }
    }
}
