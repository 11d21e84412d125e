package org.lacuna.zoo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.zoo.Models;
import org.lacuna.zoo.archive.Archive;
import org.lacuna.zoo.checksum.Checksums;
import org.yaml.snakeyaml.Yaml;

class PublishedTest {
    @TempDir
    private static Path shared;

    private static ModelSource source;
    private static RobustnessResult measured;
    private static Path published;

    @TempDir
    private Path temp;

    @BeforeAll
    static void publish() throws IOException {
        source = Models.source(shared);
        measured = Models.measured(source, shared);
        published = shared.resolve("published");
        Published.write(published, "tiny", source, measured, Models.FACTS, false);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.filter(Files::isRegularFile).map(folder::relativize).sorted().toList();
        }
    }

    private Path copy(String name) throws IOException {
        Path copy = temp.resolve(name);
        for (Path file : files(published)) {
            Files.createDirectories(copy.resolve(file).getParent());
            Files.copy(published.resolve(file), copy.resolve(file));
        }
        return copy;
    }

    @Test
    void aPublishedModelIsComplete() throws IOException {
        Published.verify(published);
        assertEquals(Stream.of("README.md", "SHA256SUMS", "config.json", "generation_config.json", "images/robustness.svg", "lacuna.json", "model.safetensors", "selftest.json").map(Path::of).toList(),
                files(published).stream().filter(file -> !file.toString().startsWith("tokenizer")).toList());
        JsonNode manifest = Published.manifest(published);
        assertEquals("Apache-2.0", manifest.get("license").asText());
        assertEquals(measured.dense().loss(), manifest.at("/results/loss").asDouble());
        assertEquals(3, manifest.at("/results/sites/0/curve").size());
        // No folder of this machine's is told.
        assertFalse(Files.readString(published.resolve("lacuna.json")).contains(shared.toString()));
        assertFalse(Files.readString(published.resolve("README.md")).contains(shared.toString()));
    }

    /** What a stranger may have put into a model whose sums fit. */
    @Test
    void strangersFilesAreRefusedForWhatTheyAre() throws IOException {
        Map<String, Map<String, String>> files = Map.of(
                "selftest.json", Map.of("{\"ids\": {\"a\": 1, \"b\": 2, \"c\": 3}, \"logits\": [], \"perplexity\": 1}", "expected", "{\"ids\": [1, 2, 3], \"logits\": {\"a\": 1}}", "expected", "[]", "expected"),
                "generation_config.json", Map.of("[]", "expected a JSON object", "{", "generation_config.json"),
                "tokenizer.json", Map.of("{}", "tokenizer.json", "rubbish", "tokenizer.json"),
                "lacuna.json", Map.of("{\"version\": \"1\"}", "version", "{\"version\": 1.9}", "version", "{\"version\": 4294967297}", "version", "{}", "version is missing", "[]", "expected a JSON object"));
        int number = 0;
        for (Map.Entry<String, Map<String, String>> file : files.entrySet()) {
            for (Map.Entry<String, String> content : file.getValue().entrySet()) {
                Path folder = copy("stranger" + number++);
                Files.writeString(folder.resolve(file.getKey()), content.getKey());
                Checksums.write(folder);
                InputException e = assertThrows(InputException.class, () -> Published.verify(folder), content.getKey());
                assertTrue(e.getMessage().contains(file.getKey()) && e.getMessage().contains(content.getValue()), e.getMessage());
            }
        }
    }

    @Test
    void aSelfTestCannotBeSwitchedOffByItsOwnNumbers() throws IOException {
        Path folder = copy("infinite");
        ObjectNode test = (ObjectNode) Json.read(folder.resolve("selftest.json"));
        String text = test.toString();
        double first = test.at("/logits/0/logit").asDouble();
        for (String logit : List.of("1e400", "1e30")) {
            Files.writeString(folder.resolve("selftest.json"), text.replace("\"logit\":" + test.at("/logits/0/logit"), "\"logit\":" + logit).replace("\"perplexity\":", "\"perplexity\":5"));
            Checksums.write(folder);
            InputException e = assertThrows(InputException.class, () -> Published.verify(folder), logit + " in place of " + first);
            assertTrue(e.getMessage().contains("selftest.json"), e.getMessage());
        }
    }

    @Test
    void aCardIsShownAsATerminalCanTakeIt() throws IOException {
        Path folder = copy("card");
        Files.writeString(folder.resolve("README.md"), "a\u001b[2Jb\tc\r\nd\u0085");
        assertEquals("a\ufffd[2Jb\tc\ufffd\nd\ufffd", Published.card(folder));
        Files.write(folder.resolve("README.md"), new byte[] {'a', (byte) 0xe9});
        assertTrue(assertThrows(InputException.class, () -> Published.card(folder)).getMessage().contains("UTF-8"));
        Files.write(folder.resolve("README.md"), new byte[2 << 20]);
        assertTrue(assertThrows(InputException.class, () -> Published.card(folder)).getMessage().contains("no card"));
    }

    @Test
    void aLicenceIsOneOfSpdxOrTheirOwn() {
        assertEquals(List.of(), facts("LicenseRef-llama-3").problems());
        assertEquals(Optional.of("Apache-2.0"), facts("apache-2.0").license());
        assertTrue(facts("Apache2.0").problems().get(0).contains("\"Apache2.0\" is no identifier that is known; expected SPDX's, as --license Apache-2.0: did you mean Apache-2.0?"));
        assertTrue(facts("GPL-3.0").problems().get(0).contains("did you mean GPL-3.0-only or GPL-3.0-or-later? "), facts("GPL-3.0").problems().toString());
        String unlike = facts("mine").problems().get(0);
        assertTrue(unlike.contains("LicenseRef-NAME"), unlike);
        Path folder = temp.resolve("own");
        Published.write(folder, "tiny", source, measured, facts("LicenseRef-llama-3"), false);
        String card = Published.card(folder);
        Map<String, Object> front = new Yaml().load(card.substring(4, card.indexOf("\n---\n", 4)));
        assertEquals("other", front.get("license"));
        assertEquals("LicenseRef-llama-3", front.get("license_name"));
        assertTrue(card.contains("    mvn -q compile exec:java -Dexec.args=\"zoo verify DIR\"\n"), card);
    }

    private static Facts facts(String license) {
        return new Facts(Optional.of(license), Optional.of("Use."), Optional.of("Limits."), Optional.empty());
    }

    @Test
    void theCardsFrontMatterIsYaml() {
        String card = Published.card(published);
        assertTrue(card.startsWith("---\n"));
        Map<String, Object> front = new Yaml().load(card.substring(4, card.indexOf("\n---\n", 4)));
        assertEquals("apache-2.0", front.get("license"));
        assertEquals("text-generation", front.get("pipeline_tag"));
        assertEquals(List.of("en"), front.get("language"));
        assertTrue(card.contains("## What was not measured"), card);
        assertTrue(card.contains("For tests."), card);
    }

    @Test
    void oneBitInAnyFileIsFoundAndTheFileNamed() throws IOException {
        for (Path file : files(published)) {
            Path copy = copy("bit-" + file.toString().replace('/', '-'));
            byte[] bytes = Files.readAllBytes(copy.resolve(file));
            // In SHA256SUMS a digit of the first hash; elsewhere the middle.
            int at = file.endsWith(Checksums.FILE) ? 3 : bytes.length / 2;
            bytes[at] ^= 1;
            Files.write(copy.resolve(file), bytes);
            String named = file.endsWith(Checksums.FILE) ? "README.md" : file.toString();
            InputException e = assertThrows(InputException.class, () -> Published.verify(copy), file.toString());
            assertTrue(e.getMessage().contains(named), e.getMessage());
            Path zip = temp.resolve("model.zip");
            Archive.pack(copy, zip);
            Path pulled = temp.resolve("pulled");
            InputException same = assertThrows(InputException.class, () -> Archive.unpack(zip, pulled, Published::verify), file.toString());
            assertTrue(same.getMessage().contains(named), same.getMessage());
            assertFalse(Files.exists(pulled));
        }
    }

    @Test
    void whatIsMissingIsSaidAtOnceAndNothingIsWritten() {
        Path folder = temp.resolve("incomplete");
        InputException e = assertThrows(InputException.class,
                () -> Published.write(folder, "tiny", source, measured, new Facts(Optional.of("my own licence"), Optional.of("  "), Optional.empty(), Optional.of("English")), false));
        assertEquals(4, e.problems().size(), e.getMessage());
        assertFalse(Files.exists(folder));
    }

    @Test
    void anotherModelUnderTheSameSumsFailsTheSelfTest() throws IOException {
        Path copy = copy("other");
        byte[] weights = Files.readAllBytes(copy.resolve("model.safetensors"));
        // The sign of the last weight's number.
        for (int i = weights.length / 2; i < weights.length; i += 4) {
            weights[i + 3] ^= (byte) 0x80;
        }
        Files.write(copy.resolve("model.safetensors"), weights);
        Checksums.write(copy);
        InputException e = assertThrows(InputException.class, () -> Published.verify(copy));
        assertTrue(e.getMessage().contains("selftest.json: the logit of token"), e.getMessage());
    }

    @Test
    void aManifestWithoutItsFieldsIsRefused() throws IOException {
        Path copy = copy("fields");
        ObjectNode manifest = (ObjectNode) Json.read(copy.resolve("lacuna.json"));
        manifest.remove("license");
        ((ObjectNode) manifest.get("results")).remove("sites");
        Files.writeString(copy.resolve("lacuna.json"), manifest.toPrettyString());
        Checksums.write(copy);
        InputException e = assertThrows(InputException.class, () -> Published.verify(copy));
        assertEquals(2, e.problems().size(), e.getMessage());
        Files.writeString(copy.resolve("lacuna.json"), "{\"version\": 7}");
        assertTrue(assertThrows(InputException.class, () -> Published.manifest(copy)).getMessage().contains("version is 7; this Lacuna reads 1"));
    }

    @Test
    void weightsInBfloat16AreTestedAsTheyAre() {
        Path folder = temp.resolve("bf16");
        Published.write(folder, "tiny", source, measured, Models.FACTS, true);
        Published.verify(folder);
        assertEquals("bfloat16", Published.manifest(folder).get("precision").asText());
        assertTrue(folder.resolve("model.safetensors").toFile().length() < 0.6 * published.resolve("model.safetensors").toFile().length());
    }
}
