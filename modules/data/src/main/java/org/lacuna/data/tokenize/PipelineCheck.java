package org.lacuna.data.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.function.Consumer;
import org.lacuna.run.InputException;

/**
 * Holds the stages of a {@code tokenizer.json} around the model to what Hugging Face's library survives: it ends the process where its
 * assumptions about a file do not hold. Whatever it reports as an error itself is left to it.
 */
final class PipelineCheck {
    /** Steps back of one search after which Oniguruma gives up, less some. */
    private static final int MOST_STEPS = 8_000_000;

    private static final int MOST_CHARACTERS = 8_000_000;
    private static final int MOST_GROWN_CHARACTERS = 64_000_000;
    private static final int LEAST_CHARACTERS = 10_000;
    private static final int LONGEST_CONTENT = 100;
    private static final int MOST_STAGES = 64;

    private final String file;
    private int stages;
    private int steps;
    private boolean bytesSpelled;
    private long growth = 1;

    PipelineCheck(String file) {
        this.file = file;
    }

    /**
     * Checks the stages.
     *
     * @param root {@code tokenizer.json} without its model
     * @return the most characters that can safely be encoded at once
     */
    int check(JsonNode root) {
        each(root.path("normalizer"), "normalizer", "normalizers", this::normalizer);
        each(root.path("pre_tokenizer"), "pre_tokenizer", "pretokenizers", this::preTokenizer);
        each(root.path("post_processor"), "post_processor", "processors", this::postProcessor);
        each(root.path("decoder"), "decoder", "decoders", this::decoder);
        for (JsonNode token : root.path("added_tokens")) {
            // White space beside such a token is looked for by an expression too.
            steps = token.path("lstrip").asBoolean() || token.path("rstrip").asBoolean() ? Math.max(steps, 1) : steps;
        }
        long most = Math.min(MOST_CHARACTERS, (steps == 0 ? MOST_GROWN_CHARACTERS : MOST_STEPS / steps) / growth);
        if (most < LEAST_CHARACTERS) {
            throw refused("its stages", "together make too much of a text");
        }
        return (int) most;
    }

    /** A stage, or those of a sequence one after the other. */
    private void each(JsonNode stage, String where, String members, Consumer<JsonNode> check) {
        if (stage.isMissingNode() || stage.isNull()) {
            return;
        }
        if (++stages > MOST_STAGES) {
            throw refused(where, "has too many stages");
        }
        if (!stage.path("type").isTextual()) {
            throw refused(where, "has no type");
        }
        if (stage.path("type").asText().equals("Sequence")) {
            stage.path(members).forEach(member -> each(member, where, members, check));
        } else {
            check.accept(stage);
        }
    }

    private void normalizer(JsonNode stage) {
        switch (stage.path("type").asText()) {
            case "Strip", "StripAccents", "Nmt" -> { }
            case "Lowercase" -> grow(2);
            case "NFC" -> grow(3);
            case "NFD", "BertNormalizer", "ByteLevel" -> grow(4);
            case "NFKC", "NFKD" -> grow(18);
            case "Prepend" -> {
                if (content("normalizer", stage.path("prepend")) == 0) {
                    throw refused("normalizer", "puts nothing in front (\"prepend\"); leave it out");
                }
            }
            case "Replace" -> replace("normalizer", stage);
            case "Precompiled" -> grow(characterMap(stage));
            default -> throw unknown("normalizer", stage);
        }
    }

    private void preTokenizer(JsonNode stage) {
        switch (stage.path("type").asText()) {
            case "ByteLevel" -> {
                searchSpelled();
                steps = Math.max(steps, 1);
                bytesSpelled = true;
            }
            case "BertPreTokenizer", "CharDelimiterSplit", "Metaspace", "Whitespace", "WhitespaceSplit", "Punctuation", "Digits",
                    "UnicodeScripts" -> { }
            case "Split" -> {
                searchSpelled();
                pattern("pre_tokenizer", stage.path("pattern"));
            }
            default -> throw unknown("pre_tokenizer", stage);
        }
    }

    /** Behind a stage that spells each byte as a character a search has more of them to go through. */
    private void searchSpelled() {
        if (bytesSpelled) {
            bytesSpelled = false;
            grow(4);
        }
    }

    private void postProcessor(JsonNode stage) {
        switch (stage.path("type").asText()) {
            case "ByteLevel", "BertProcessing", "RobertaProcessing" -> { }
            case "TemplateProcessing" -> {
                template(stage, "single", List.of("A"));
                template(stage, "pair", List.of("A", "B"));
            }
            default -> throw unknown("post_processor", stage);
        }
    }

    private void decoder(JsonNode stage) {
        switch (stage.path("type").asText()) {
            case "ByteLevel", "WordPiece", "Metaspace", "CTC", "Fuse", "ByteFallback", "BPEDecoder" -> { }
            case "Replace" -> {
                // A text that is decoded has no bound.
                int before = steps;
                steps = 0;
                replace("decoder", stage);
                if (steps > 0) {
                    throw refused("decoder", "has a regular expression whose steps grow with the text");
                }
                steps = before;
            }
            case "Strip" -> {
                if (stage.path("stop").asLong() != 0) {
                    throw refused("decoder", "strips the ends of tokens (\"stop\"), which can't be done to short ones");
                }
            }
            default -> throw unknown("decoder", stage);
        }
    }

    /** What a template names must be there. */
    private void template(JsonNode stage, String name, List<String> sequences) {
        for (JsonNode piece : stage.path(name)) {
            JsonNode special = piece.path("SpecialToken").path("id");
            JsonNode sequence = piece.path("Sequence").path("id");
            if (!special.isMissingNode() && !stage.path("special_tokens").path(special.asText()).isObject()) {
                throw refused("post_processor", "names " + special + " in \"" + name + "\", which is not in its special_tokens");
            }
            if (!sequence.isMissingNode() && !sequences.contains(sequence.asText())) {
                throw refused("post_processor", "names the sequence " + sequence + " in \"" + name + "\", where there is none");
            }
        }
    }

    private void replace(String where, JsonNode stage) {
        if (pattern(where, stage.path("pattern"))) {
            throw refused(where, "replaces where there is nothing");
        }
        int length = content(where, stage.path("content"));
        int replaced = Math.max(1, stage.path("pattern").path("String").asText().length());
        grow((length + replaced - 1) / replaced);
    }

    private int content(String where, JsonNode text) {
        if (text.asText().length() > LONGEST_CONTENT) {
            throw refused(where, "puts in more than " + LONGEST_CONTENT + " characters at a time");
        }
        return text.asText().length();
    }

    private int characterMap(JsonNode stage) {
        try {
            return CharacterMap.longestReplacement(stage.path("precompiled_charsmap").asText());
        } catch (IllegalArgumentException e) {
            throw refused("normalizer", "has a precompiled_charsmap that " + e.getMessage());
        }
    }

    /** Whether the pattern can match nothing at all. */
    private boolean pattern(String where, JsonNode pattern) {
        if (!pattern.path("Regex").isTextual()) {
            return pattern.path("String").asText().isEmpty();
        }
        try {
            RegexCost cost = RegexCost.of(pattern.path("Regex").asText());
            steps = Math.max(steps, cost.perCharacter());
            return cost.canBeEmpty();
        } catch (IllegalArgumentException e) {
            throw refused(where, "has a regular expression that " + e.getMessage());
        }
    }

    private void grow(int factor) {
        growth = Math.min(growth * Math.max(1, factor), MOST_GROWN_CHARACTERS);
    }

    private InputException unknown(String where, JsonNode stage) {
        return refused(where, "is of a type that Lacuna does not know: " + stage.path("type"));
    }

    private InputException refused(String where, String why) {
        return new InputException(file + ": " + where + " " + why);
    }
}
