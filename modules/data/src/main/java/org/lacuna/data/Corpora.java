package org.lacuna.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.lacuna.data.cache.BuildProgress;
import org.lacuna.data.cache.ConsoleProgress;
import org.lacuna.data.cache.TokenCache;
import org.lacuna.data.cache.TokenizedText;
import org.lacuna.data.instruct.InstructionCorpus;
import org.lacuna.data.story.StoryCorpus;
import org.lacuna.data.text.IdCorpus;
import org.lacuna.data.text.Sha256;
import org.lacuna.data.text.Split;
import org.lacuna.data.text.TextCorpus;
import org.lacuna.data.text.TextSource;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.run.InputException;

/** Opens the corpus that a recipe names. */
public final class Corpora {

    private Corpora() {
    }

    /**
     * Reads or generates a corpus. What takes time is told on standard error.
     *
     * @param recipe the {@code data} part of a recipe
     * @return its corpus
     * @throws InputException when what it names can't be used
     * @throws org.lacuna.run.RunException when the file system refuses to keep a text's tokens
     */
    public static Corpus open(DataRecipe recipe) {
        return open(recipe, new ConsoleProgress());
    }

    /**
     * The same, told to another.
     *
     * @param recipe   the {@code data} part of a recipe
     * @param progress told what takes time
     * @return its corpus
     */
    public static Corpus open(DataRecipe recipe, BuildProgress progress) {
        if (recipe.instructions().isPresent()) {
            Tokenizer tokenizer = tokenizer(recipe);
            return named("data.instructions", () -> InstructionCorpus.open(recipe.instructions().get(), tokenizer, recipe.validationFraction()));
        }
        if (recipe.text().isPresent()) {
            return text(recipe, progress);
        }
        if (recipe.ids().isPresent()) {
            return named("data.ids", () -> IdCorpus.open(recipe.ids().get(), recipe.vocabularySize(), recipe.validationFraction()));
        }
        return StoryCorpus.generate(recipe.seed(), recipe.tokens(), recipe.validationFraction());
    }

    private static Optional<Path> tokenizerFile(DataRecipe recipe) {
        return recipe.tokenizer().map(path -> Files.isDirectory(path) ? path.resolve("tokenizer.json") : path);
    }

    private static Tokenizer tokenizer(DataRecipe recipe) {
        return tokenizerFile(recipe).map(file -> named("data.tokenizer", () -> Tokenizers.load(file))).orElseGet(ByteTokenizer::new);
    }

    /** Plain text as bytes is held in memory; all else goes through the cache of tokens. */
    private static Corpus text(DataRecipe recipe, BuildProgress progress) {
        Optional<Path> file = tokenizerFile(recipe);
        Tokenizer tokenizer = tokenizer(recipe);
        TextSource source = named("data.text", () -> TextSource.of(recipe.text().get()));
        Split split = recipe.split().orElse(source.hasFields() ? Split.HASH : Split.POSITION);
        if (tokenizer instanceof ByteTokenizer && source.isPlain() && split == Split.POSITION) {
            return named("data.text", () -> TextCorpus.open(source.path(), recipe.validationFraction()));
        }
        if (source.isOneText() && split == Split.HASH) {
            throw new InputException("data.split: hash divides documents, and " + source.path() + " is one text; take position");
        }
        if (!source.isOneText() && tokenizer.endOfText().isEmpty()) {
            throw new InputException("data.tokenizer: " + file.orElseThrow() + ": names no token that ends a text, and each document is to be followed by one;"
                    + " name it as eos_token in a tokenizer_config.json beside it");
        }
        Path cache = recipe.cache().orElseGet(() -> TokenCache.defaultFolder(System.getenv(), Path.of(System.getProperty("user.home"))));
        String hash = tokenizer instanceof ByteTokenizer ? "bytes" : named("data.tokenizer", () -> Sha256.file(file.get()));
        TokenizedText text = new TokenizedText(source, recipe.field(), tokenizer, hash, split, recipe.validationFraction());
        return named("data.text", () -> new TokenCache(cache, progress).open(text));
    }

    /** Says by which key the recipe named what can't be used. */
    private static <T> T named(String key, Supplier<T> opening) {
        try {
            return opening.get();
        } catch (InputException e) {
            throw e.map(problem -> key + ": " + problem);
        }
    }
}
