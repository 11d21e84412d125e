package org.lacuna.data;

import java.util.function.Supplier;
import org.lacuna.data.story.StoryCorpus;
import org.lacuna.data.text.IdCorpus;
import org.lacuna.data.text.TextCorpus;
import org.lacuna.run.InputException;

/** Opens the corpus that a recipe names. */
public final class Corpora {

    private Corpora() {
    }

    /**
     * Reads or generates a corpus.
     *
     * @param recipe the {@code data} part of a recipe
     * @return its corpus
     * @throws InputException when what it names can't be used
     */
    public static Corpus open(DataRecipe recipe) {
        if (recipe.text().isPresent()) {
            return named("data.text", () -> TextCorpus.open(recipe.text().get(), recipe.validationFraction()));
        }
        if (recipe.ids().isPresent()) {
            return named("data.ids", () -> IdCorpus.open(recipe.ids().get(), recipe.vocabularySize(), recipe.validationFraction()));
        }
        return StoryCorpus.generate(recipe.seed(), recipe.tokens(), recipe.validationFraction());
    }

    /** Says by which key the recipe named what can't be used. */
    private static Corpus named(String key, Supplier<Corpus> corpus) {
        try {
            return corpus.get();
        } catch (InputException e) {
            throw e.map(problem -> key + ": " + problem);
        }
    }
}
