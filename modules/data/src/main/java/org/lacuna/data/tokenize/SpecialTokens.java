package org.lacuna.data.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import org.lacuna.run.folder.Json;

/** Finds which tokens are special in the files beside a {@code tokenizer.json}; the order is {@link Tokenizer}'s. */
public final class SpecialTokens {
    /** Files that spell special tokens. */
    private static final List<String> SPELLING_FILES = List.of("tokenizer_config.json", "special_tokens_map.json");

    /** The largest such file that is read, bytes; a chat template and thousands of added tokens take a tenth. */
    static final long LARGEST = 16L << 20;

    private static final List<String> ID_FILES = List.of("config.json", "generation_config.json");

    /** What a special token is for. */
    enum Kind {
        BEGIN("bos_token", "<s>", "<bos>", "<|begin_of_text|>"),
        END("eos_token", "<|endoftext|>", "</s>", "<eos>", "<|end_of_text|>"),
        PADDING("pad_token", "<pad>", "[PAD]", "<|pad|>"),
        UNKNOWN("unk_token", "<unk>", "[UNK]");

        private final String key;
        private final List<String> wellKnown;

        Kind(String key, String... wellKnown) {
            this.key = key;
            this.wellKnown = List.of(wellKnown);
        }
    }

    private final List<JsonNode> spelling = new ArrayList<>();
    private final List<JsonNode> ids = new ArrayList<>();

    /**
     * Reads what is there of the files.
     *
     * @param folder where tokenizer.json lies
     * @throws org.lacuna.run.InputException if one is no JSON or too large
     */
    SpecialTokens(Path folder) {
        SPELLING_FILES.forEach(name -> read(folder.resolve(name), spelling));
        ID_FILES.forEach(name -> read(folder.resolve(name), ids));
    }

    /**
     * Which of some tokens are known by their spellings.
     *
     * @param tokens spellings
     * @return what {@code tokenizer_config.json} says of them: keys as {@code eos_token}, spellings
     */
    public static Map<String, String> wellKnown(List<String> tokens) {
        Map<String, String> known = new LinkedHashMap<>();
        for (Kind kind : Kind.values()) {
            kind.wellKnown.stream().filter(tokens::contains).findFirst().ifPresent(token -> known.put(kind.key, token));
        }
        return known;
    }

    private static void read(Path file, List<JsonNode> into) {
        if (Files.isRegularFile(file)) {
            into.add(Json.parse(file.toString(), TokenizerFile.text(file, LARGEST)));
        }
    }

    /** All spellings that the files name. */
    Set<String> spellings() {
        Set<String> all = new HashSet<>();
        for (Kind kind : Kind.values()) {
            spelling.forEach(file -> all.add(spelled(file, kind)));
        }
        all.remove("");
        return all;
    }

    /**
     * The token of a kind.
     *
     * @param any            the id of a spelling, null if the vocabulary has it not
     * @param added          the same for added tokens only
     * @param model          what the model itself names for this kind
     * @param vocabularySize ids are below
     */
    OptionalInt find(Kind kind, Function<String, Integer> any, Function<String, Integer> added, OptionalInt model, int vocabularySize) {
        for (JsonNode file : spelling) {
            Integer id = any.apply(spelled(file, kind));
            if (id != null) {
                return OptionalInt.of(id);
            }
        }
        for (JsonNode file : ids) {
            JsonNode id = file.path(kind.key + "_id");
            JsonNode one = id.isArray() ? id.path(0) : id;
            if (one.isInt() && one.asInt() >= 0 && one.asInt() < vocabularySize) {
                return OptionalInt.of(one.asInt());
            }
        }
        if (model.isPresent()) {
            return model;
        }
        for (String known : kind.wellKnown) {
            Integer id = added.apply(known);
            if (id != null) {
                return OptionalInt.of(id);
            }
        }
        return OptionalInt.empty();
    }

    /** A token is named by its spelling or by an object that holds it. */
    private static String spelled(JsonNode file, Kind kind) {
        JsonNode token = file.path(kind.key);
        return token.isObject() ? token.path("content").asText("") : token.isTextual() ? token.asText() : "";
    }
}
