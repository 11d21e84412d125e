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

    @Test
    void whatIsWrongIsToldWithoutTheParsersOwnAffairs() {
        assertEquals("x.json: not valid JSON: Unexpected end-of-input: expected close marker for Object (start marker at line 2, column 3)",
                assertThrows(InputException.class, () -> Json.parse("x.json", "\n  {\"a\": 1")).getMessage());
    }

    @Test
    void refusesADeepNest() {
        assertThrows(InputException.class, () -> Json.parse("x.json", "[".repeat(100_000)));
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
