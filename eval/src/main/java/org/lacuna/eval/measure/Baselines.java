package org.lacuna.eval.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.lacuna.data.Corpus;
import org.lacuna.data.ngram.Trigram;

/** What predicts a corpus without being a language model worth the name: yardsticks for those that are. */
public final class Baselines {
    /** The name of the trigram model's. */
    public static final String TRIGRAM = "trigram";

    /** A trigram model's counts take 20 bytes a token while they are made: 200 MB of heap for these. */
    private static final long MOST_FITTED = 10_000_000;

    private Baselines() {}

    /**
     * The trigram model of the training part, where there is one, on the windows that the models are measured on, and the generator's own loss over the
     * whole validation part, where there is a generator.
     */
    public static List<Baseline> of(Corpus corpus, int windows, int length) {
        List<Baseline> baselines = new ArrayList<>();
        long scored = (long) windows * length;
        long fitted = Math.min(corpus.train().length(), MOST_FITTED);
        if (fitted > 0) {
            Trigram trigram = Trigram.train(corpus.train(), fitted, corpus.vocabularySize());
            baselines.add(new Baseline(TRIGRAM, OptionalDouble.of(trigram.loss(corpus.validation(), scored)), OptionalDouble.empty(),
                    String.format(Locale.ROOT, "the same %,d tokens; fitted to the first %,d training tokens", scored, fitted)));
        }
        corpus.generatorLoss().ifPresent(loss -> baselines.add(new Baseline("generator", OptionalDouble.of(loss), bits(corpus.perByte(loss)),
                String.format(Locale.ROOT, "all %,d validation tokens, which it wrote", corpus.validation().length()))));
        return baselines;
    }

    private static OptionalDouble bits(OptionalDouble nats) {
        return nats.isPresent() ? OptionalDouble.of(nats.getAsDouble() / Math.log(2)) : nats;
    }
}
