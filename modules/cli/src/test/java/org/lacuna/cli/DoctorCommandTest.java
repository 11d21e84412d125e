package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.cli.Finding.Level;
import org.lacuna.run.folder.Json;

class DoctorCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    private int run(String... args) {
        return Main.execute(Main.commandLine(new PrintWriter(out), new PrintWriter(err)), args);
    }

    @Test
    void looksAtThisMachine() {
        assertEquals(0, run("doctor"), err::toString);
        List<String> lines = out.toString().lines().toList();
        // Tests run with the bounds check on and without JavaCPP's limits.
        assertTrue(lines.stream().anyMatch(line -> line.matches("  vector module +present")), out::toString);
        assertTrue(lines.stream().anyMatch(line -> line.matches("- vector bounds check +on")), out::toString);
        assertTrue(lines.stream().anyMatch(line -> line.matches("  memory outside the heap +not limited by JavaCPP")), out::toString);
        assertEquals("", err.toString());
    }

    @Test
    void writesTheSameAsJson() throws IOException {
        Path file = folder.resolve("doctor.json");
        assertEquals(0, run("doctor", "--json", file.toString()));
        String table = out.toString();
        JsonNode json = Json.parse("doctor.json", Files.readString(file));
        for (JsonNode finding : json.get("findings")) {
            assertTrue(table.contains(finding.get("subject").textValue()) && table.contains(finding.get("value").textValue()));
        }
        out.getBuffer().setLength(0);
        assertEquals(0, run("doctor", "--json", "-"));
        assertEquals(json, Json.parse("standard output", out.toString()));
        assertEquals(1, run("doctor", "--json", folder.toString()));
    }

    @Test
    void tellsHowToSetWhatIsMissing() {
        assertEquals(Level.FAULT, JvmFindings.vectorModule(false).level());
        assertTrue(JvmFindings.vectorModule(false).advice().contains("--add-modules jdk.incubator.vector"));
        assertEquals(Level.GOOD, JvmFindings.vectorModule(true).level());

        assertTrue(JvmFindings.vectorWidth(512, 256).advice().contains("-XX:UseAVX=3"));
        assertTrue(JvmFindings.vectorWidth(256, 128).advice().contains("-XX:UseAVX=2"));
        assertEquals(Level.GOOD, JvmFindings.vectorWidth(512, 512).level());
        assertEquals(Level.GOOD, JvmFindings.vectorWidth(0, 256).level());
        assertEquals(Level.GOOD, JvmFindings.vectorWidth(512, 0).level());

        assertTrue(JvmFindings.heap(100L << 20).advice().contains("-Xmx"));
        assertEquals("at most 100 MiB", JvmFindings.heap(100L << 20).value());
        assertEquals("at most 2.0 GiB", JvmFindings.heap(2L << 30).value());

        Map<String, String> none = Map.of();
        assertTrue(JvmFindings.offHeap(none::get).advice()
                .contains("-Dorg.bytedeco.javacpp.maxbytes=0 -Dorg.bytedeco.javacpp.maxphysicalbytes=0"));
        Map<String, String> half = Map.of(JvmFindings.OFF_HEAP_LIMIT, "0");
        assertEquals(Level.WEAK, JvmFindings.offHeap(half::get).level());
        assertTrue(JvmFindings.boundsCheck(none::get).advice().contains(JvmFindings.BOUNDS_CHECK + "=0"));
        assertEquals(Level.GOOD, JvmFindings.boundsCheck(Map.of(JvmFindings.BOUNDS_CHECK, "0")::get).level());
    }

    @Test
    void marksWhatNeedsAttention() {
        DoctorCommand.print(List.of(Finding.good("a", "fine"), Finding.weak("longer", "slow", "do this"),
                Finding.fault("b", "gone", "do that")), new PrintWriter(out));
        assertEquals(List.of(
                "  a       fine",
                "- longer  slow",
                "          do this",
                "! b       gone",
                "          do that"), out.toString().lines().toList());
    }
}
