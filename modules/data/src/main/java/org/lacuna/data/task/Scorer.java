package org.lacuna.data.task;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** A document's values of metrics, from a model's answers to its requests. */
final class Scorer {
    private final TaskFile file;

    Scorer(TaskFile file) {
        this.file = file;
    }

    double value(MetricKind kind, TaskDocument document, List<Answer> answers) {
        switch (file.type()) {
            case MULTIPLE_CHOICE -> {
                require(answers.size() == document.choices().size(), document, answers);
                return choice(kind, document, answers);
            }
            case GENERATE_UNTIL -> {
                require(answers.size() == 1 && answers.get(0) instanceof Answer.Generated, document, answers);
                return generated(document, (Answer.Generated) answers.get(0));
            }
            case LOGLIKELIHOOD -> {
                require(answers.size() == 1, document, answers);
                Answer.Scored answer = scored(document, answers.get(0));
                return kind == MetricKind.ACC ? answer.greedy() ? 1 : 0 : answer.logLikelihood();
            }
            default -> {
                require(!answers.isEmpty(), document, answers);
                return answers.stream().mapToDouble(answer -> scored(document, answer).logLikelihood()).reduce(0, Double::sum);
            }
        }
    }

    /** 1; or the words or UTF-8 bytes of the text. */
    static double weight(MetricKind kind, TaskDocument document) {
        return switch (kind) {
            case WORD_PERPLEXITY -> Space.words(document.prompts().get(0).continuation());
            case BYTE_PERPLEXITY, BITS_PER_BYTE -> bytes(document.prompts().get(0).continuation());
            default -> 1;
        };
    }

    private static double choice(MetricKind kind, TaskDocument document, List<Answer> answers) {
        if (kind == MetricKind.EXACT_MATCH) {
            return document.gold().stream().anyMatch(gold -> scored(document, answers.get(gold)).greedy()) ? 1 : 0;
        }
        ToDoubleFunction<String> length = kind == MetricKind.ACC_NORM ? choice -> choice.codePointCount(0, choice.length())
                : kind == MetricKind.ACC_BYTES ? Scorer::bytes : choice -> 1;
        int best = 0;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < answers.size(); i++) {
            double likelihood = scored(document, answers.get(i)).logLikelihood() / length.applyAsDouble(document.choices().get(i));
            // Of equals the first.
            if (likelihood > most) {
                best = i;
                most = likelihood;
            }
        }
        return document.gold().contains(best) ? 1 : 0;
    }

    private double generated(TaskDocument document, Answer.Generated answer) {
        String text = file.generation_kwargs().orElseThrow().cut(answer.text());
        String filtered = file.filter().map(filter -> filter.apply(text)).orElse(text);
        return file.exact_match().orElse(new ExactMatch(List.of(), false, false)).same(filtered, document.answers()) ? 1 : 0;
    }

    private static double bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static Answer.Scored scored(TaskDocument document, Answer answer) {
        if (answer instanceof Answer.Scored scored) {
            return scored;
        }
        throw new IllegalArgumentException(document.where() + ": a log-likelihood was asked for, and a text answered");
    }

    private static void require(boolean right, TaskDocument document, List<Answer> answers) {
        if (!right) {
            throw new IllegalArgumentException(document.where() + ": " + answers.size() + " answers do not fit what was asked");
        }
    }
}
