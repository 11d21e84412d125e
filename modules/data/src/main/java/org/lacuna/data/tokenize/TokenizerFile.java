package org.lacuna.data.tokenize;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

/**
 * A {@code tokenizer.json} that was read and found to be one that Hugging Face's library survives.
 *
 * @param text           the file
 * @param rest           all of it but the model
 * @param added          its added tokens by spelling: the ids that the file gives them
 * @param ids            ids of those spellings that were asked for, from the model's vocabulary
 * @param unknown        what the model itself gives for what it does not know
 * @param vocabularySize one more than the largest id in the model's vocabulary
 * @param mostCharacters the longest text that can safely be encoded at once
 */
record TokenizerFile(String text, ObjectNode rest, Map<String, Integer> added, Map<String, Integer> ids, OptionalInt unknown, int vocabularySize,
        int mostCharacters) {

    /** The largest file that is read, bytes; the largest published ones have 34 million. */
    static final long LARGEST = 128L << 20;

    private static final int MOST_IDS = 1 << 24;
    /** Characters of an added token: the library searches for all of them at once, and longer ones take it minutes. */
    public static final int MOST_ADDED = 1_000;
    private static final int MOST_VALUES = 2_000_000;

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(100).build())
            .build();
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /**
     * Reads a file.
     *
     * @param file      the file
     * @param spellings tokens whose ids are wanted
     * @return what it holds
     * @throws InputException if it can't be read, is damaged, or is refused
     */
    static TokenizerFile read(Path file, Set<String> spellings) {
        return new Reader(file, spellings).read(text(file, LARGEST));
    }

    /** A text file of a size that can be. */
    static String text(Path file, long largest) {
        try {
            long bytes = Files.size(file);
            if (bytes > largest) {
                throw new InputException(file + ": " + bytes + " bytes; at most " + largest + " are read");
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(file))).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": is not UTF-8 text, so it is no tokenizer.json or damaged", e);
        } catch (IOException e) {
            throw new InputException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    private static final class Reader {
        private final Path file;
        private final Set<String> spellings;
        private final ObjectNode rest = MAPPER.createObjectNode();
        private final ObjectNode model = MAPPER.createObjectNode();
        private final Map<String, Integer> added = new LinkedHashMap<>();
        private final Map<String, Integer> ids = new LinkedHashMap<>();
        private long largestId = -1;
        private boolean sawModel;

        Reader(Path file, Set<String> spellings) {
            this.file = file;
            this.spellings = spellings;
        }

        TokenizerFile read(String text) {
            try {
                // What the parts of the model are held to stands behind them, so they are read in a second pass.
                pass(text, true);
                checkModel();
                int most = new PipelineCheck(file.toString()).check(rest);
                readAdded();
                pass(text, false);
                if (largestId < 0 && added.isEmpty()) {
                    throw refused("has no tokens");
                }
                return new TokenizerFile(text, rest, added, ids, unknown(), (int) largestId + 1, most);
            } catch (JsonProcessingException e) {
                throw new InputException(file + ": not valid JSON, so it is damaged: " + Json.reason(e), e);
            } catch (IOException e) {
                throw new InputException(file + ": can't be read: " + e.getMessage(), e);
            }
        }

        private void pass(String text, boolean first) throws IOException {
            try (JsonParser parser = JSON.createParser(text)) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw refused("is not a JSON object; expected a tokenizer.json");
                }
                JsonParser counted = new Counted(parser, file);
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    JsonToken value = parser.nextToken();
                    if (name.equals("model")) {
                        if (value != JsonToken.START_OBJECT) {
                            throw refused("has a model that is no object");
                        }
                        sawModel = true;
                        model(parser, counted, first);
                    } else if (first) {
                        rest.set(name, MAPPER.readTree(counted));
                    } else {
                        parser.skipChildren();
                    }
                }
                if (parser.nextToken() != null) {
                    throw refused("goes on after its end");
                }
            }
            if (!sawModel) {
                throw refused("has no model; expected a tokenizer.json");
            }
        }

        private void model(JsonParser parser, JsonParser counted, boolean first) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                boolean large = name.equals("vocab") || name.equals("merges");
                if (first && !large) {
                    model.set(name, MAPPER.readTree(counted));
                } else if (!first && name.equals("vocab") && value == JsonToken.START_OBJECT) {
                    vocabulary(parser);
                } else if (!first && name.equals("vocab") && value == JsonToken.START_ARRAY) {
                    pieces(parser);
                } else if (!first && name.equals("merges") && value == JsonToken.START_ARRAY && !prefix().isEmpty()) {
                    merges(parser);
                } else {
                    parser.skipChildren();
                }
            }
        }

        private String prefix() {
            return model.path("continuing_subword_prefix").asText("");
        }

        private void checkModel() {
            if (model.path("dropout").asDouble() != 0) {
                throw refused("asks for dropout of merges, so that a text would have other tokens each time");
            }
            if (!prefix().chars().allMatch(c -> c < 0x80)) {
                throw refused("has a continuing_subword_prefix beyond ASCII");
            }
        }

        /** Token to id. */
        private void vocabulary(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String token = parser.currentName();
                if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT) {
                    throw refused("gives the token \"" + token + "\" no id");
                }
                note(token, parser.getLongValue());
            }
        }

        /** [piece, score], by id. */
        private void pieces(JsonParser parser) throws IOException {
            for (long id = 0; parser.nextToken() != JsonToken.END_ARRAY; id++) {
                if (parser.currentToken() != JsonToken.START_ARRAY || parser.nextToken() != JsonToken.VALUE_STRING) {
                    throw refused("has a vocabulary that is not of pieces and scores");
                }
                note(parser.getText(), id);
                if (parser.nextToken() == null || !parser.currentToken().isNumeric() || parser.nextToken() != JsonToken.END_ARRAY) {
                    throw refused("has a vocabulary that is not of pieces and scores");
                }
            }
        }

        /** The library takes the prefix off the second part of each merge without looking whether it is there. */
        private void merges(JsonParser parser) throws IOException {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                String second;
                if (parser.currentToken() == JsonToken.START_ARRAY) {
                    parser.nextToken();
                    if (parser.nextToken() != JsonToken.VALUE_STRING) {
                        throw refused("has a merge that is no pair");
                    }
                    second = parser.getText();
                    parser.nextToken();
                } else {
                    String pair = parser.getText();
                    second = pair.substring(pair.indexOf(' ') + 1);
                }
                if (!second.startsWith(prefix())) {
                    throw refused("has a merge with \"" + second + "\", which does not begin with its continuing_subword_prefix");
                }
            }
        }

        private void readAdded() {
            for (JsonNode token : rest.path("added_tokens")) {
                String content = token.path("content").asText();
                if (content.length() > MOST_ADDED) {
                    throw refused("has an added token of " + content.length() + " characters; expected at most " + MOST_ADDED);
                }
                checkId(content, token.path("id").isIntegralNumber() ? token.path("id").asLong() : -1);
                added.put(content, token.path("id").asInt());
            }
        }

        private void note(String token, long id) {
            checkId(token, id);
            largestId = Math.max(largestId, id);
            if (spellings.contains(token) || added.containsKey(token) || token.equals(model.path("unk_token").asText(null))) {
                ids.put(token, (int) id);
            }
        }

        private void checkId(String token, long id) {
            if (id < 0 || id >= MOST_IDS) {
                throw refused("gives the token \"" + token + "\" the id " + id + "; expected 0 to " + (MOST_IDS - 1));
            }
        }

        private OptionalInt unknown() {
            if (model.path("unk_id").isInt()) {
                return OptionalInt.of(model.path("unk_id").asInt());
            }
            Integer id = ids.get(model.path("unk_token").asText(""));
            return id == null ? OptionalInt.empty() : OptionalInt.of(id);
        }

        private InputException refused(String why) {
            return new InputException(file + ": " + why);
        }
    }

    /** Ends where a part that is held as a tree becomes too large. */
    private static final class Counted extends JsonParserDelegate {
        private final Path file;
        private int left = MOST_VALUES;

        Counted(JsonParser parser, Path file) {
            super(parser);
            this.file = file;
        }

        @Override
        public JsonToken nextToken() throws IOException {
            if (--left < 0) {
                throw new InputException(file + ": has more than " + MOST_VALUES + " values outside of the vocabulary");
            }
            return super.nextToken();
        }
    }
}
