package org.lacuna.run.folder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

class JsonTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{} {}", "{\"a\":1,\"a\":2}", "nan", "{'a':1}"})
    void refusesWhatIsNotExactlyOneValue(String text) {
        String message = assertThrows(InputException.class, () -> Json.parse("x.json", text)).getMessage();
        assertTrue(message.startsWith("x.json: "), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "`{\"a\": 1`                | column 8: the text ends before what was begun is closed; is it cut off?",
            "`{\"a\": 1\n  {`            | line 2, column 3: found {; expected a comma or }",
            "`[1 2]`                     | column 4: found 2; expected a comma or ]",
            "`{\"a\" 1}`                 | column 6: found 1; expected a colon behind the key",
            "`{a: 1}`                    | column 2: found a; expected a key in double quotes",
            "`{'a': 1}`                  | column 2: found '; expected a key in double quotes",
            "`[1, 2}`                    | column 6: found } where ] is missing",
            "`{\"a\": yes}`              | column 10: found yes; expected a value (a text in double quotes, a number, true, false, null, [ or {)",
            "`[NaN]`                     | column 5: found NaN; expected a value (a text in double quotes, a number, true, false, null, [ or {)",
            "`[ ,]`                      | column 3: found ,; expected a value (a text in double quotes, a number, true, false, null, [ or {)",
            "`[01]`                      | column 3: a number as JSON has none; expected one such as 12, -0.5 or 1e-3",
            "`[1.]`                      | column 3: a number as JSON has none; expected one such as 12, -0.5 or 1e-3",
            "`[\"a\nb\"]`                | column 4: a line's end or another control character within a text; expected it written as \\n, \\t or \\u and its number",
            "`[\"\\x\"]`                 | column 4: a backslash that begins nothing; expected \\n, \\t, \\\", \\\\, \\/ or \\u and four digits",
            "`[\"\\u12g4\"]`             | column 7: a backslash that begins nothing; expected \\n, \\t, \\\", \\\\, \\/ or \\u and four digits",
            "`{\"a\": 1, \"a\": 2}`       | column 15: the key \"a\" is there twice; expected it once",
            "`{} {}`                     | column 4: goes on behind the value; expected one value and nothing else"})
    void whatIsWrongIsToldWithItsPlaceAndWhatWasExpected(String text, String problem) {
        assertEquals("x.json: not valid JSON: " + problem, assertThrows(InputException.class, () -> Json.parse("x.json", text)).getMessage());
    }

    @Test
    void refusesADeepNest() {
        String message = assertThrows(InputException.class, () -> Json.parse("x.json", "[".repeat(100_000))).getMessage();
        assertTrue(message.endsWith("is longer or nested deeper than is read: at most 1000"), message);
    }

    @Test
    void refusesAFileThatIsNoText() throws IOException {
        Path file = Files.write(folder.resolve("a.json"), new byte[] {'"', (byte) 0xC3, '"'});
        assertEquals(file + ": is not UTF-8 text", assertThrows(InputException.class, () -> Json.read(file)).getMessage());
        assertThrows(RunException.class, () -> Json.read(folder.resolve("none.json")));
        Files.writeString(file, "{\"a\":1}");
        assertEquals(Json.object().put("a", 1), Json.read(file));
    }

    @Test
    void writesAFileOrPrints() throws IOException {
        StringWriter printed = new StringWriter();
        Json.write("-", Json.object().put("a", 1), new PrintWriter(printed));
        assertEquals(Json.object().put("a", 1), Json.parse("printed", printed.toString()));
        Path file = folder.resolve("a.json");
        Json.write(file.toString(), Json.object().put("ü", 0.1), new PrintWriter(printed));
        assertEquals(0.1, Json.parse("file", Files.readString(file)).get("ü").doubleValue());
    }
}
