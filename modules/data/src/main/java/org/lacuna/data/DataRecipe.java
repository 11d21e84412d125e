package org.lacuna.data;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.lacuna.data.sample.SamplerKind;
import org.lacuna.data.text.Split;
import org.lacuna.run.recipe.Key;

/**
 * The part of a recipe that says what a model learns from (keys under {@code data}). The source follows from which path is
 * given: {@code instructions}, {@code text}, {@code ids}, or none of them for the embedded stories.
 *
 * @param instructions       file or folder of JSON lines: prompts and completions, or conversations; only the answers are scored
 * @param text               file or folder of UTF-8 text, JSON lines (both also compressed) or Parquet
 * @param tokenizer          with {@code text} or {@code instructions}: a {@code tokenizer.json} or the folder that holds it; empty for bytes
 * @param field              with {@code text}: the field or column of JSON lines and Parquet that holds a document
 * @param split              with {@code text}: how it is cut into training and validation; empty for {@link Split#POSITION},
 *                           or {@link Split#HASH} where any file is JSON lines or Parquet
 * @param cache              with {@code text}: the folder that keeps tokens; empty for the user's cache
 * @param ids                file of token ids
 * @param vocabularySize     with {@code ids}: how many ids there are; otherwise 0
 * @param tokens             stories: training tokens to generate
 * @param seed               stories: which ones
 * @param validationFraction share of the corpus that is kept for validation; with 1 there is nothing to train on
 * @param sampler            how training windows are drawn
 */
public record DataRecipe(
        @Key(def = "null", doc = "answers to learn, a .jsonl file or a folder of them, also .gz or .zst: prompt and completion, or messages, a line")
        Optional<Path> instructions,
        @Key(def = "null", doc = "text to learn from, a file or a folder of files: UTF-8, .jsonl, both also .gz or .zst, .parquet") Optional<Path> text,
        @Key(def = "null", doc = "with data.text or data.instructions: a tokenizer.json or the folder that holds it; bytes without it") Optional<Path> tokenizer,
        @Key(def = "text", doc = "the field of .jsonl, or column of .parquet, that holds a document") String field,
        @Key(def = "null", doc = "position: the last characters are validation; hash: documents are, by a hash of their text") Optional<Split> split,
        @Key(def = "null", doc = "folder that keeps texts as tokens") Optional<Path> cache,
        @Key(def = "null", doc = "token ids to learn from: a file of little-endian 32-bit integers") Optional<Path> ids,
        @Key(def = "0", min = 0, max = 1 << 20, doc = "number of different ids, with data.ids only") int vocabularySize,
        @Key(def = "2000000", min = 1, max = 1_000_000_000, doc = "training tokens to generate, without data.text and data.ids")
        long tokens,
        @Key(def = "1", doc = "seed of the generated stories") long seed,
        @Key(def = "0.1", min = 0.001, max = 1, doc = "share of the corpus kept for validation") double validationFraction,
        @Key(def = "windows", doc = "windows: fixed, shuffled each epoch; crops: random offsets") SamplerKind sampler) {

    private static final double MOST_OF_STORIES = 0.5;

    /** Checks what one key can't know. */
    public DataRecipe {
        if (instructions.isPresent() && (text.isPresent() || ids.isPresent())) {
            throw new IllegalArgumentException("instructions: data." + (text.isPresent() ? "text" : "ids") + " is given too; expected one of them");
        }
        if (instructions.isPresent() && sampler != SamplerKind.WINDOWS) {
            throw new IllegalArgumentException("sampler: " + sampler.name().toLowerCase(Locale.ROOT) + " cuts running text; expected windows with data.instructions, one for each example");
        }
        if (text.isPresent() && ids.isPresent()) {
            throw new IllegalArgumentException("ids: data.text is given too; expected one of them");
        }
        if (ids.isPresent() && vocabularySize == 0) {
            throw new IllegalArgumentException("vocabularySize: required with data.ids; expected the number of different ids");
        }
        if (ids.isEmpty() && vocabularySize != 0) {
            throw new IllegalArgumentException("vocabularySize: only for data.ids; text has its tokenizer's, stories are bytes");
        }
        if (text.isEmpty() && instructions.isEmpty() && tokenizer.isPresent()) {
            throw new IllegalArgumentException("tokenizer: only for data.text and data.instructions; ids are tokens already, stories are bytes");
        }
        if (text.isEmpty() && split.isPresent()) {
            throw new IllegalArgumentException("split: only for data.text; ids are split by position, stories and instructions by hash");
        }
        if (validationFraction > MOST_OF_STORIES && text.isEmpty() && ids.isEmpty() && instructions.isEmpty()) {
            throw new IllegalArgumentException("validationFraction: is " + validationFraction + "; expected at most " + MOST_OF_STORIES + " of stories, which are generated for training");
        }
        if (field.isEmpty()) {
            throw new IllegalArgumentException("field: is empty; expected a name");
        }
    }

    /**
     * The recipe with another tokenizer.
     *
     * @param file a {@code tokenizer.json} or the folder that holds it
     * @return one of the same data
     */
    public DataRecipe withTokenizer(Path file) {
        return new DataRecipe(instructions, text, Optional.of(file), field, split, cache, ids, vocabularySize, tokens, seed, validationFraction, sampler);
    }

    /**
     * The recipe without what the tokens do not depend on.
     *
     * @return one without the folder that keeps tokens
     */
    public DataRecipe withoutMachine() {
        return new DataRecipe(instructions, text, tokenizer, field, split, Optional.empty(), ids, vocabularySize, tokens, seed, validationFraction, sampler);
    }
}
