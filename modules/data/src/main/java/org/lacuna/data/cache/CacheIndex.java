package org.lacuna.data.cache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.CRC32C;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

/**
 * What a finished cache says of itself, in {@code tokens.json} beside its two files.
 *
 * @param key   hash of all that it depends on
 * @param done  what is in the files
 */
record CacheIndex(String key, Journal.Done done) {

    static final String NAME = "tokens.json";
    static final String TRAIN = "train.bin";
    static final String VALIDATION = "validation.bin";

    private static final String CHECK = "crc32c";
    private static final int LARGEST = 1 << 16;

    void write(Path folder, TokenizedText text, String sourceSha256) {
        ObjectNode json = Json.object();
        json.put("version", TokenizedText.VERSION).put("sha256", key).put("text", text.source().name()).put("text_sha256", sourceSha256)
                .put("tokenizer_sha256", text.tokenizerSha256()).put("vocabulary_size", text.tokenizer().vocabularySize())
                .put("end_of_text", text.tokenizer().endOfText().orElse(-1)).put("split", text.split().name().toLowerCase(Locale.ROOT))
                .put("validation_fraction", text.validationFraction());
        if (text.source().hasFields()) {
            json.put("field", text.field());
        }
        json.put("dtype", text.idBytes() == Short.BYTES ? "uint16" : "int32").put("id_bytes", text.idBytes()).put("chunks", done.chunks());
        put(json.putObject("train"), done.train(), text.idBytes());
        put(json.putObject("validation"), done.validation(), text.idBytes()).put("text_bytes", done.validationBytes());
        json.put(CHECK, checksum(json));
        AtomicFiles.write(folder.resolve(NAME), json.toPrettyString() + "\n");
    }

    private static long checksum(ObjectNode json) {
        CRC32C crc = new CRC32C();
        crc.update(Json.line(json).getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    private static ObjectNode put(ObjectNode json, Journal.Part part, int idBytes) {
        return json.put("tokens", part.bytes() / idBytes).put("documents", part.documents()).put("crc32c", Integer.toUnsignedLong(part.crc32c()));
    }

    /** Reads it; what is wrong with it becomes a {@link Damaged}. */
    static CacheIndex read(Path folder, TokenizedText text, String key) throws IOException {
        Path file = folder.resolve(NAME);
        if (Files.size(file) > LARGEST) {
            throw new Damaged(NAME + " has " + Files.size(file) + " bytes");
        }
        JsonNode json;
        try {
            json = Json.read(file);
        } catch (InputException e) {
            throw new Damaged(NAME + " can't be read");
        }
        JsonNode check = json instanceof ObjectNode object ? object.remove(CHECK) : null;
        if (check == null || !check.isIntegralNumber() || check.longValue() != checksum((ObjectNode) json)) {
            throw new Damaged(NAME + " has another checksum than when it was written");
        }
        if (json.path("version").asInt() != TokenizedText.VERSION || !json.path("sha256").asText().equals(key)
                || json.path("id_bytes").asInt() != text.idBytes()) {
            throw new Damaged(NAME + " is that of another text");
        }
        return new CacheIndex(key, new Journal.Done(number(json, "/chunks"), part(json, "/train", text.idBytes()),
                part(json, "/validation", text.idBytes()), number(json, "/validation/text_bytes")));
    }

    private static Journal.Part part(JsonNode json, String part, int idBytes) throws Damaged {
        return new Journal.Part(number(json, part + "/tokens") * idBytes, number(json, part + "/documents"), (int) number(json, part + "/crc32c"));
    }

    private static long number(JsonNode json, String place) throws Damaged {
        JsonNode value = json.at(place);
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0 || value.longValue() > Long.MAX_VALUE / Integer.BYTES) {
            throw new Damaged(NAME + " has no number at " + place);
        }
        return value.longValue();
    }

    /** The cache is there and is not what it should be. */
    static final class Damaged extends IOException {
        private static final long serialVersionUID = 1L;

        Damaged(String what) {
            super(what);
        }
    }
}
