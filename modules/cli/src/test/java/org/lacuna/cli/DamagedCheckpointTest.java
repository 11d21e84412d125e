package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.run.ExitCode;

/** Weights that are cut off or made to do harm: every command that reads them says one thing and touches nothing. */
class DamagedCheckpointTest {
    @TempDir
    private static Path temp;
    private static Path run;
    private static byte[] weights;

    /** What a file of weights looks like, and what the message says of it. */
    private record Damage(byte[] file, String named) {
        @Override
        public String toString() {
            return named;
        }
    }

    private static int lacuna(StringWriter err, String... args) {
        return Main.execute(Main.commandLine(new PrintWriter(new StringWriter()), new PrintWriter(err)), args);
    }

    @BeforeAll
    static void train() throws IOException {
        run = temp.resolve("run");
        StringWriter err = new StringWriter();
        int code = lacuna(err, "train", "--config", "../../configs/nano.yaml", "--out", run.toString(), "--set", "train.steps=2",
                "--set", "train.warmup=1", "--set", "data.tokens=5000");
        assertEquals(ExitCode.DONE, code, err::toString);
        weights = Files.readAllBytes(file());
    }

    private static Path file() {
        return run.resolve("checkpoints/step-000002/model.safetensors");
    }

    static List<Damage> damages() {
        byte[] nan = weights.clone();
        ByteBuffer.wrap(nan).order(ByteOrder.LITTLE_ENDIAN).putFloat(nan.length - Float.BYTES, Float.NaN);
        byte[] endless = weights.clone();
        ByteBuffer.wrap(endless).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1L << 60);
        return List.of(
                new Damage(new byte[0], "0 bytes"),
                new Damage(Arrays.copyOf(weights, weights.length - 5), "may be truncated"),
                new Damage(endless, "its header would be 1152921504606846976 bytes long"),
                new Damage(header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}"),
                        "tensor b begins at 4 and overlaps with"),
                new Damage(header("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[1152921504606846976,1152921504606846992]}}"),
                        "tensor a: data_offsets end at 1152921504606846992"),
                new Damage(nan, "holds NaN at index"));
    }

    private static byte[] header(String json) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + text.length + 16).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).put(text).array();
    }

    private static Map<String, String> contents() throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> tree = Files.walk(run)) {
            for (Path path : tree.filter(Files::isRegularFile).toList()) {
                contents.put(run.relativize(path).toString(), Arrays.toString(Files.readAllBytes(path)));
            }
        }
        return contents;
    }

    @ParameterizedTest
    @MethodSource("damages")
    void isNamedByEveryCommandAndNothingIsTouched(Damage damage) throws IOException {
        Files.write(file(), damage.file());
        Map<String, String> before = contents();
        for (List<String> command : List.of(
                List.of("train", "--resume", "--out", run.toString()),
                List.of("eval", "--run", run.toString(), "--windows", "2", "--window", "16"),
                List.of("generate", "--model", run.toString(), "--prompt", "x"),
                List.of("import", run.toString()),
                List.of("export", "--model", run.toString(), "--out", temp.resolve("exported").toString()))) {
            StringWriter err = new StringWriter();
            assertEquals(ExitCode.BAD_INPUT, lacuna(err, command.toArray(String[]::new)), err::toString);
            assertTrue(err.toString().startsWith("lacuna " + command.get(0) + ": " + file() + ": "), err::toString);
            assertTrue(err.toString().contains(damage.named()), err::toString);
            assertEquals(1, err.toString().lines().count(), err::toString);
        }
        assertEquals(before, contents());
        assertTrue(Files.notExists(temp.resolve("exported")));
    }
}
