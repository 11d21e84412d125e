package org.lacuna.data;

import org.lacuna.data.story.StoryCorpus;
import org.lacuna.data.text.IdCorpus;
import org.lacuna.data.text.TextCorpus;

/** Opens the corpus that a recipe names. */
public final class Corpora {

    private Corpora() {
    }

    /**
     * Reads or generates a corpus.
     *
     * @param recipe the {@code data} part of a recipe
     * @return its corpus
     * @throws org.lacuna.run.InputException when what it names can't be used
     */
    public static Corpus open(DataRecipe recipe) {
        if (recipe.text().isPresent()) {
            return TextCorpus.open(recipe.text().get(), recipe.validationFraction());
        }
        if (recipe.ids().isPresent()) {
            return IdCorpus.open(recipe.ids().get(), recipe.vocabularySize(), recipe.validationFraction());
        }
        return StoryCorpus.generate(recipe.seed(), recipe.tokens(), recipe.validationFraction());
    }
}
