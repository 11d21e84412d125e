package org.lacuna.data.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

/**
 * Files that belong to a tokenizer and go where it goes.
 *
 * @param folder where they were
 * @param files  their texts by their names
 */
record BesideFiles(Path folder, Map<String, String> files) {
    private static final String TEMPLATE = "chat_template.jinja";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String TEMPLATE_JSON = "chat_template.json";
    private static final List<String> NAMES = List.of(CONFIG, "special_tokens_map.json", TEMPLATE, TEMPLATE_JSON);
    private static final String KEY = "chat_template";

    /** A tokenizer that is not from a file has none. */
    static final BesideFiles NONE = new BesideFiles(Path.of(""), Map.of());

    /** Reads those that are there. */
    static BesideFiles of(Path tokenizerJson) {
        Path folder = tokenizerJson.toAbsolutePath().getParent();
        Map<String, String> files = new LinkedHashMap<>();
        for (String name : NAMES) {
            if (Files.isRegularFile(folder.resolve(name))) {
                files.put(name, TokenizerFile.text(folder.resolve(name), SpecialTokens.LARGEST));
            }
        }
        return new BesideFiles(folder, files);
    }

    /** Writes them beside another {@code tokenizer.json}. */
    void save(Path tokenizerJson) {
        files.forEach((name, text) -> AtomicFiles.write(tokenizerJson.resolveSibling(name), output -> output.write(text.getBytes(StandardCharsets.UTF_8))));
    }

    /** The first that there is, in the order in which Hugging Face's library looks. */
    Optional<ChatTemplateText> chatTemplate() {
        if (files.containsKey(TEMPLATE)) {
            return Optional.of(new ChatTemplateText(folder.resolve(TEMPLATE).toString(), files.get(TEMPLATE)));
        }
        return in(CONFIG).or(() -> in(TEMPLATE_JSON));
    }

    private Optional<ChatTemplateText> in(String name) {
        if (!files.containsKey(name)) {
            return Optional.empty();
        }
        String where = folder.resolve(name) + ": " + KEY;
        JsonNode value = Json.parse(folder.resolve(name).toString(), files.get(name)).path(KEY);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (value.isArray()) {
            for (JsonNode named : value) {
                if (named.path("name").asText().equals("default") && named.path("template").isTextual()) {
                    return Optional.of(new ChatTemplateText(where, named.path("template").asText()));
                }
            }
            throw new InputException(where + ": none of its " + value.size() + " templates is named default; expected one that is");
        }
        if (!value.isTextual()) {
            throw new InputException(where + ": is neither a template nor a list of named ones");
        }
        return Optional.of(new ChatTemplateText(where, value.asText()));
    }
}
