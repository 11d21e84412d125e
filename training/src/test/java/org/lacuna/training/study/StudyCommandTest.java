package org.lacuna.training.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.FolderLock;
import org.lacuna.run.folder.Json;
import org.lacuna.training.command.StudyCommand;
import org.lacuna.training.recipe.TrainRecipe;
import picocli.CommandLine;

class StudyCommandTest {
    private static final Path CONFIGS = Path.of("..", "configs");

    @TempDir
    private Path temp;

    private String told;

    private int execute(String... args) {
        StringWriter out = new StringWriter();
        CommandLine command = new CommandLine(new StudyCommand()).setOut(new PrintWriter(out)).setErr(new PrintWriter(out));
        command.setExecutionExceptionHandler((failure, line, parsed) -> {
            line.getErr().println(failure.getMessage());
            return ExitCode.of(failure);
        });
        int code = command.execute(args);
        told = out.toString();
        return code;
    }

    static List<Path> shipped() throws IOException {
        try (Stream<Path> files = Files.list(CONFIGS.resolve("studies"))) {
            return files.sorted().toList();
        }
    }

    /** The study with its recipes found from a module's folder. */
    private static StudyRecipe fromHere(StudyRecipe study) {
        return new StudyRecipe(study.name(), study.overrides(), study.sizes(),
                study.variants().stream().map(variant -> new StudyVariant(variant.name(), Path.of("..").resolve(variant.recipe()), variant.overrides())).toList(),
                study.windows(), study.window(), study.tasks(), study.documents());
    }

    @ParameterizedTest
    @MethodSource("shipped")
    void shippedStudiesFitTheirRecipes(Path file) {
        StudyRecipe study = fromHere(StudyRecipe.load(file, List.of()));
        assertEquals(file.getFileName().toString(), study.name() + ".yaml");
        List<StudyRecipe.Run> runs = study.runs(1);
        assertEquals(study.variants().size() * study.sizes().stream().mapToInt(StudySize::seeds).sum(), runs.size());
        assertEquals(runs.size(), runs.stream().map(StudyRecipe.Run::name).distinct().count());
        assertEquals(1, runs.stream().map(run -> run.recipe().train().steps() * (long) run.recipe().train().batch() * run.recipe().train().window()).distinct().count(), "matched tokens");
        assertEquals(1, runs.stream().map(run -> run.recipe().data()).distinct().count(), "of the same text");
    }

    @Test
    void aLargerScaleIsWiderAndLonger() {
        StudyRecipe study = fromHere(StudyRecipe.load(CONFIGS.resolve("studies").resolve("ladder.yaml"), List.of()));
        TrainRecipe one = study.runs(1).get(0).recipe();
        TrainRecipe two = study.runs(2).get(0).recipe();
        assertEquals(2 * one.model().hidden().orElseThrow(), two.model().hidden().orElseThrow());
        assertEquals(2 * one.model().intermediate().orElseThrow(), two.model().intermediate().orElseThrow());
        assertEquals(2 * one.model().heads().orElseThrow(), two.model().heads().orElseThrow());
        assertEquals(one.model().layers(), two.model().layers());
        assertEquals(4 * one.train().steps(), two.train().steps());
        assertEquals(4 * one.data().tokens(), two.data().tokens());
        assertEquals(one.train().lr() / 2, two.train().lr());
        assertEquals(one.name(), two.name());
    }

    private String tiny(String more) throws IOException {
        Path file = temp.resolve("tiny.yaml");
        Files.writeString(file, """
                name: tiny
                overrides: [model.maxPositions=128, train.steps=4, train.batch=2, train.warmup=0, train.saveEvery=0, train.evalEvery=0, data.tokens=4000, train.shards=1]
                sizes:
                  - {name: a, overrides: [model.hidden=16]}
                  - {name: b, overrides: [model.hidden=32]}
                variants:
                  - {name: relu, recipe: ../configs/nano.yaml}
                  - {name: induced, recipe: ../configs/nano.yaml, overrides: ['objective.penalties=[{kind: l1, lambda: 1e-3}]']}
                windows: 2
                window: 16
                tasks: [stories_agreement]
                documents: 4
                """ + more);
        return file.toString();
    }

    @Test
    void trainsMeasuresAndReportsAndDoesNothingTwice() throws IOException {
        Path out = temp.resolve("out");
        assertEquals(0, execute("--config", tiny(""), "--out", out.toString()), () -> told);
        assertTrue(told.contains("run 4 of 4, b-induced-seed1 | "), told);
        JsonNode report = Json.read(out.resolve("report.json"));
        assertEquals(4, report.path("models").size());
        assertTrue(Files.readString(out.resolve("report.md")).contains("| induced | b |"));
        assertTrue(Files.exists(out.resolve("report.html")) && Files.exists(out.resolve("report.svg")));

        assertEquals(0, execute("--config", tiny(""), "--out", out.toString()), () -> told);
        assertTrue(told.contains("run 1 of 4, a-relu-seed1 | trained before") && told.contains("b-induced-seed1: measured before, "), told);
        assertEquals(report.path("models"), Json.read(out.resolve("report.json")).path("models"));
        assertEquals(report.path("findings"), Json.read(out.resolve("report.json")).path("findings"));

        assertEquals(2, execute("--config", tiny(""), "--out", out.toString(), "--set", "variants.1.overrides=[]"), () -> told);
        assertTrue(told.contains("a-induced-seed1: is a run with other settings: objective.penalties"), told);
        assertFalse(told.contains("run 1 of"), told);
    }

    /** Of two that are begun at once in a new folder the second is told of the first, not that what the first made is in its way. */
    @Test
    void oneStudyGoesOnInAFolderAtATime() throws IOException {
        Path out = temp.resolve("out");
        FolderLock first = FolderLock.hold(out, "").orElseThrow();
        try (first) {
            assertEquals(2, execute("--config", tiny(""), "--out", out.toString()), () -> told);
            assertTrue(told.contains(out + ": another study goes on there; wait until it ends, or name another folder with --out"), told);
            assertFalse(told.contains("run 1 of"), told);
        }
    }

    @Test
    void whatIsWrongIsSaidBeforeAnythingIsTrained() throws IOException {
        Path out = temp.resolve("out");
        assertEquals(2, execute("--config", tiny(""), "--out", out.toString(), "--scale", "0"));
        assertTrue(told.contains("--scale: must be from 1 to 64, not 0"), told);
        assertEquals(2, execute("--config", tiny(""), "--out", out.toString(), "--set", "tasks=[stories]"));
        assertTrue(told.contains("stories"), told);
        assertEquals(2, execute("--config", tiny(""), "--out", out.toString(), "--set", "window=4000"));
        assertTrue(told.contains("window"), told);
        assertEquals(2, execute("--config", tiny(""), "--out", out.toString(), "--set", "overrides=[train.steps=4, train.warmup=0, data.tokens=4000]"));
        assertTrue(told.contains("stories_agreement: every document has a continuation of more than the 32 tokens"), told);
        assertFalse(Files.exists(out.resolve("a-relu-seed1")));
        assertEquals(2, execute("--config", tiny(""), "--out", out.toString(), "--set", "variants.1.overrides=[train.steps=5]"));
        assertTrue(told.contains("a-induced-seed1: is trained on 320 tokens, a-relu-seed1 on 256; expected as many for all"), told);
        assertEquals(2, execute("--config", tiny(""), "--out", out.toString(), "--set", "variants.1.overrides=[data.seed=5]"));
        assertTrue(told.contains("a-induced-seed1: has other data than a-relu-seed1"), told);
        assertEquals(2, execute("--config", tiny(""), "--out", out.toString(), "--scale", "64", "--set", "overrides=[train.steps=1000000]"));
        assertTrue(told.contains("train.steps") && !told.contains("unexpected"), told);
        Files.createDirectories(out);
        Files.writeString(out.resolve("b-relu-seed1"), "");
        assertEquals(2, execute("--config", tiny(""), "--out", out.toString()));
        assertTrue(told.contains("b-relu-seed1: is in the way"), told);
        assertFalse(told.contains("run 1 of"), told);
        Files.delete(out.resolve("b-relu-seed1"));
        Files.delete(out);
        String bad = temp.resolve("bad.yaml").toString();
        Files.writeString(Path.of(bad), """
                name: a/b
                overrides: [train.seed=3]
                sizes: [{name: a}]
                variants: [{name: x, recipe: ../configs/nano.yaml}, {name: x, recipe: ../configs/nano.yaml}]
                """);
        assertEquals(2, execute("--config", bad, "--out", out.toString()));
        for (String part : List.of("at least 2, not 1", "\"x\" is there twice", "train.seed is what the study sets itself", "\"a/b\" can't be a folder's name")) {
            assertTrue(told.contains(part), part + ": " + told);
        }
        InputException wrong = assertThrows(InputException.class, () -> StudyRecipe.load(Path.of(tiny("")), List.of("sizes.0.overrides=[model.hiden=3]")).runs(1));
        assertTrue(wrong.getMessage().contains("a, relu: ") && wrong.getMessage().contains("hiden"), wrong.getMessage());
    }
}
