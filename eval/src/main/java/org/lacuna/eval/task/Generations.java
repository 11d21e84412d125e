package org.lacuna.eval.task;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.lacuna.data.task.Answer;
import org.lacuna.data.task.Generation;
import org.lacuna.data.task.Request;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.eval.robustness.Continuations;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.sparsity.Site;

/**
 * What a model writes after the contexts of requests, greedily, as lm-evaluation-harness has Hugging Face's models do it: until a token ends a text, or one of
 * the task's texts stands in what was written (special tokens spelled out), or as many tokens as the task allows are there. The answer is all that was
 * written, special tokens left out; {@link org.lacuna.data.task.Task#score} cuts it.
 *
 * @param name       what messages call the model
 * @param findings   where pieces are looked up and kept
 * @param subject    hash of model and arithmetic
 * @param watch      asked between tokens
 * @param tokenizer  the model's
 * @param generation when a text is at its end
 */
public record Generations(String name, Model model, Device device, Workers workers, Findings findings, String subject, Watch watch,
        Tokenizer tokenizer, Generation generation) implements Answering {
    @Override
    public Scores score(List<Request> requests, Set<Site> sites, Treatment treatment, TokenCoverage coverage) {
        Set<Integer> ends = new TreeSet<>(model.config().eos());
        tokenizer.endOfText().ifPresent(ends::add);
        Continuations.Ending ending = new Continuations.Ending(generation.max_gen_toks(),
                added -> ends.contains(added[added.length - 1]) || generation.until().stream().anyMatch(text(added, tokenizer::decode)::contains),
                        generation.until() + " " + ends);
        Continuations.Found found = Continuations.of(name, model, device, workers, requests.stream().map(Request::input).toList(), ending, sites, treatment,
                coverage, findings,
                subject, watch);
        List<List<Answer>> answers = Arrays.stream(found.tokens())
                .map(point -> Arrays.stream(point).<Answer>map(added -> new Answer.Generated(text(added, tokenizer::decodeWithoutSpecial))).toList())
                .toList();
        return new Scores(answers, found.kept(), found.elements());
    }

    /** Ids that a model has beyond its tokenizer's, to fill up a size that multiplies well, are no text. */
    private String text(int[] added, Function<int[], String> decoding) {
        return decoding.apply(Arrays.stream(added).filter(id -> id < tokenizer.vocabularySize()).toArray());
    }
}
