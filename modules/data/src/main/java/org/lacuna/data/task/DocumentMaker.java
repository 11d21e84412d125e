package org.lacuna.data.task;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.lacuna.data.task.TaskDocument.Prompt;

/** Makes of a task's documents the texts that a model is asked, as lm-evaluation-harness 0.4.13 puts them together. */
final class DocumentMaker {
    private static final int MOST_CHOICES = 100;
    private static final int MOST_ANSWERS = 10_000;
    private static final int SHOWN = 60;

    private final TaskFile file;
    private final Fields description;
    private final Fields text;
    private final Fields target;
    private final Optional<Fields> choices;
    private final List<Example> examples;
    /** Whether the choices are contexts, and what follows is scored: doc_to_text is then the number of the right one. Told by the first document. */
    private final boolean choicesAreContexts;

    /** A document with its answer, as a text, and where it stands. */
    private record Example(String where, String text) { }

    /**
     * Reads the task file's templates.
     *
     * @param where    what a message calls the task file
     * @param first    the first document
     * @param examples num_fewshot of them, and one more where there is one
     */
    DocumentMaker(String where, TaskFile file, Source first, List<Source> examples) {
        this.file = file;
        description = new Fields("description", file.description(), where);
        text = new Fields("doc_to_text", file.doc_to_text(), where);
        target = new Fields("doc_to_target", file.doc_to_target(), where);
        choices = file.choiceTemplate().map(template -> new Fields("doc_to_choice", template, where));
        choicesAreContexts = file.type() == OutputType.MULTIPLE_CHOICE && text.number(first).isPresent();
        this.examples = examples.stream().map(this::example).toList();
    }

    TaskDocument document(int index, Source source) {
        return switch (file.type()) {
            case LOGLIKELIHOOD -> document(index, source, List.of(new Prompt(context(source, text.text(source)), nonEmpty(source, target.text(source)))));
            case LOGLIKELIHOOD_ROLLING -> document(index, source, List.of(new Prompt("", nonEmpty(source, target.text(source)))));
            case MULTIPLE_CHOICE -> choice(index, source);
            case GENERATE_UNTIL -> new TaskDocument(index, source.where(), subtask(source), List.of(new Prompt(context(source, text.text(source)), "")), List.of(), List.of(),
                    answers(source));
        };
    }

    private TaskDocument document(int index, Source source, List<Prompt> prompts) {
        return new TaskDocument(index, source.where(), subtask(source), prompts, List.of(), List.of(), List.of());
    }

    /** Named as lm-evaluation-harness names those of a group: by the task and what is particular. */
    private String subtask(Source source) {
        return file.subtasks().isPresent() ? file.task() + "_" + source.fileName() : "";
    }

    private String nonEmpty(Source source, String scored) {
        if (scored.isEmpty()) {
            throw target.refused(source, "is empty, so nothing is scored");
        }
        return scored;
    }

    private TaskDocument choice(int index, Source source) {
        List<String> all = choices(source);
        List<Prompt> prompts = new ArrayList<>();
        if (choicesAreContexts) {
            String scored = file.target_delimiter() + nonEmpty(source, target.text(source));
            all.forEach(choice -> prompts.add(new Prompt(context(source, choice), scored)));
        } else {
            String context = context(source, text.text(source));
            all.forEach(choice -> prompts.add(new Prompt(context, file.target_delimiter() + choice)));
        }
        return new TaskDocument(index, source.where(), subtask(source), prompts, all, gold(source, all), List.of());
    }

    private List<String> choices(Source source) {
        if (choices.isEmpty()) {
            return file.doc_to_choice();
        }
        Fields template = choices.get();
        List<Object> found = template.list(source).orElseThrow(() -> template.refused(source, "gives no list of texts but " + shown(template.of(source))));
        if (found.size() < 2 || found.size() > MOST_CHOICES) {
            throw template.refused(source, "gives " + found.size() + " choices; expected 2 to " + MOST_CHOICES);
        }
        for (Object choice : found) {
            if (!(choice instanceof String text) || text.isEmpty()) {
                throw template.refused(source, "choice " + (found.indexOf(choice) + 1) + " is " + ("".equals(choice) ? "empty" : Fields.kind(choice)
                        + ", not a text"));
            }
        }
        return found.stream().map(String.class::cast).toList();
    }

    private static String shown(Object value) {
        if (value instanceof String text) {
            return "\"" + (text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text) + "\"";
        }
        return value instanceof Long number ? number.toString() : Fields.kind(value);
    }

    private List<Integer> gold(Source source, List<String> all) {
        Fields teller = choicesAreContexts ? text : target;
        Optional<Integer> number = teller.number(source);
        List<?> golds = number.isPresent() ? List.of((long) number.get()) : teller.list(source).orElseGet(() -> Collections.singletonList(teller.of(source)));
        List<Integer> indices = golds.stream().map(gold -> index(gold, all)).toList();
        if (indices.isEmpty()) {
            throw teller.refused(source, "names no right choice");
        }
        if (indices.contains(-1)) {
            throw teller.refused(source, "the right choice is " + shown(golds.get(indices.indexOf(-1))) + "; expected a number from 0 to " + (all.size() - 1)
                    + " or the text of a choice");
        }
        return indices;
    }

    /** −1 where it is none. */
    private static int index(Object gold, List<String> all) {
        if (gold instanceof Long number) {
            return number >= 0 && number < all.size() ? number.intValue() : -1;
        }
        return gold instanceof String text ? all.indexOf(text) : -1;
    }

    private List<String> answers(Source source) {
        List<Object> found = target.list(source).orElseGet(() -> List.of(target.text(source)));
        if (found.isEmpty() || found.size() > MOST_ANSWERS || found.stream().anyMatch(answer -> !(answer instanceof String || answer instanceof Long))) {
            throw target.refused(source, found.isEmpty() ? "gives no answer" : "gives " + found.size() + " answers; expected 1 to " + MOST_ANSWERS + " texts");
        }
        return found.stream().map(Object::toString).toList();
    }

    private String context(Source source, String question) {
        StringBuilder context = new StringBuilder(description.text(source));
        examples.stream().filter(example -> !example.where.equals(source.where())).limit(file.num_fewshot()).forEach(example -> context.append(example.text));
        return context.append(question).toString();
    }

    private Example example(Source source) {
        String question;
        String answer;
        if (file.type() == OutputType.MULTIPLE_CHOICE) {
            List<String> all = choices(source);
            String right = all.get(gold(source, all).get(0));
            question = choicesAreContexts ? right : text.text(source);
            answer = choicesAreContexts ? target.text(source) : right;
        } else {
            question = text.text(source);
            answer = file.type() == OutputType.GENERATE_UNTIL ? answers(source).get(0) : target.text(source);
        }
        return new Example(source.where(), question + file.target_delimiter() + answer + file.fewshot_delimiter());
    }
}
