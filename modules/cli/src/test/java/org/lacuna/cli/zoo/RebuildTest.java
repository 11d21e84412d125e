package org.lacuna.cli.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.TrainRecipe;
import picocli.CommandLine;

class RebuildTest {
    private static final Path ROOT = Path.of("..", "..");

    @TempDir
    private Path temp;

    private final StringWriter out = new StringWriter();

    private void rebuild(String... args) {
        List<RuntimeException> thrown = new ArrayList<>();
        CommandLine line = new CommandLine(new RebuildCommand()).setOut(new PrintWriter(out)).setExecutionExceptionHandler((e, command, parsed) -> {
            thrown.add((RuntimeException) e);
            return 1;
        });
        int code = line.execute(args);
        if (!thrown.isEmpty()) {
            throw thrown.get(0);
        }
        assertEquals(0, code);
    }

    private Path entry() throws IOException {
        Path file = Files.createDirectories(temp.resolve("index/nano")).resolve("model.yaml");
        Files.writeString(file, "recipe: " + ROOT.resolve("configs/nano.yaml") + "\nset: [train.steps=3, train.warmup=1, train.evalEvery=0, data.tokens=4000]\nweightsSha256: none\njava: none\ncpuFlags: none\ngemm: none\n");
        return file;
    }

    @Test
    void aModelOfTheIndexIsMadeAgainToTheSameBytes() throws IOException {
        Path file = entry();
        String index = temp.resolve("index").toString();
        rebuild("nano", "--index", index, "--out", temp.resolve("first").toString(), "--record");
        rebuild("nano", "--index", index, "--out", temp.resolve("second").toString());
        assertTrue(out.toString().contains("the same weights, byte for byte"), out.toString());

        IndexEntry recorded = Recipes.load(file, List.of(), IndexEntry.class);
        Files.writeString(file, Files.readString(file).replace(recorded.weightsSha256(), "0".repeat(64)));
        RunException changed = assertThrows(RunException.class, () -> rebuild("nano", "--index", index, "--out", temp.resolve("second").toString()));
        assertTrue(changed.getMessage().contains("of the same kind, so something else has changed"), changed.getMessage());
        Files.writeString(file, Files.readString(file).replace(recorded.java(), "1.2"));
        RunException elsewhere = assertThrows(RunException.class, () -> rebuild("nano", "--index", index, "--out", temp.resolve("second").toString()));
        assertTrue(elsewhere.getMessage().contains("Java: 1.2 there"), elsewhere.getMessage());
    }

    @Test
    void anotherNameIsNone() {
        for (String name : List.of("none", "../nano", "")) {
            assertTrue(assertThrows(InputException.class, () -> rebuild(name, "--index", temp.toString())).getMessage().contains("no model of the index"));
        }
    }

    @Test
    void everyEntryOfTheIndexNamesARecipe() throws IOException {
        try (var entries = Files.list(ROOT.resolve("model-zoo/index"))) {
            for (Path entry : entries.toList()) {
                IndexEntry read = Recipes.load(entry.resolve("model.yaml"), List.of(), IndexEntry.class);
                TrainRecipe.load(ROOT.resolve(read.recipe()), read.set());
                assertEquals(64, read.weightsSha256().length(), entry.toString());
                assertTrue(Files.readString(entry.resolve("README.md")).startsWith("---\n"), entry.toString());
            }
        }
    }
}
