package org.lacuna.data;

import java.nio.file.Path;
import java.util.Optional;
import org.lacuna.data.sample.SamplerKind;
import org.lacuna.run.recipe.Key;

/**
 * The part of a recipe that says what a model learns from (keys under {@code data}). The source follows from which path is
 * given: {@code text}, {@code ids}, or neither for the embedded stories.
 *
 * @param text               UTF-8 file or folder
 * @param ids                file of token ids
 * @param vocabularySize     with {@code ids}: how many ids there are; otherwise 0
 * @param tokens             stories: training tokens to generate
 * @param seed               stories: which ones
 * @param validationFraction share of the corpus that is kept for validation
 * @param sampler            how training windows are drawn
 */
public record DataRecipe(
        @Key(def = "null", doc = "UTF-8 text to learn from: a file, or a folder of files") Optional<Path> text,
        @Key(def = "null", doc = "token ids to learn from: a file of little-endian 32-bit integers") Optional<Path> ids,
        @Key(def = "0", min = 0, max = 1 << 20, doc = "number of different ids, with data.ids only") int vocabularySize,
        @Key(def = "2000000", min = 1, max = 1_000_000_000, doc = "training tokens to generate, without data.text and data.ids")
        long tokens,
        @Key(def = "1", doc = "seed of the generated stories") long seed,
        @Key(def = "0.1", min = 0.001, max = 0.5, doc = "share of the corpus kept for validation") double validationFraction,
        @Key(def = "windows", doc = "windows: fixed, shuffled each epoch; crops: random offsets") SamplerKind sampler) {

    /** Checks what one key can't know. */
    public DataRecipe {
        if (text.isPresent() && ids.isPresent()) {
            throw new IllegalArgumentException("ids: data.text is given too; expected one of them");
        }
        if (ids.isPresent() && vocabularySize == 0) {
            throw new IllegalArgumentException("vocabularySize: required with data.ids; expected the number of different ids");
        }
        if (ids.isEmpty() && vocabularySize != 0) {
            throw new IllegalArgumentException("vocabularySize: only for data.ids; text and stories are bytes");
        }
    }
}
