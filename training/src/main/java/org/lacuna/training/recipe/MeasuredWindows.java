package org.lacuna.training.recipe;

import java.util.Map;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.sample.Windows;
import org.lacuna.run.InputException;

/** The windows that several models will be measured on once they are trained. */
public final class MeasuredWindows {
    private MeasuredWindows() {}

    /**
     * Finds out before anything is trained whether they fit the models and the data.
     *
     * @param recipes of the models, all on the same data, by what messages call them; at least one
     * @param windows so many of the validation part
     * @param length  tokens in each
     * @param key     that says how many, for messages
     * @return the data
     * @throws InputException if a model reads fewer tokens, or the validation part has not as many
     */
    public static Corpus check(Map<String, TrainRecipe> recipes, int windows, int length, String key) {
        recipes.forEach((name, recipe) -> recipe.model().maxPositions().filter(positions -> length > positions).ifPresent(positions -> {
            throw new InputException(key + ": " + length + " tokens are more than model.maxPositions = " + positions + " of " + name);
        }));
        Corpus corpus = Corpora.open(recipes.values().iterator().next().data());
        Windows.first(corpus.validation(), windows, length);
        return corpus;
    }
}
