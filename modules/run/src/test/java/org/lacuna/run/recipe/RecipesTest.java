package org.lacuna.run.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.run.InputException;

class RecipesTest {
    private static final String SMALL = "name: x\nmodel:\n  hidden: 8\n";

    @TempDir
    Path folder;

    private static SampleRecipe parse(String yaml, String... sets) {
        return Recipes.parse("r.yaml", yaml, List.of(sets), SampleRecipe.class);
    }

    @Test
    void readsDefaultsWhereNothingIsSaid() {
        SampleRecipe recipe = parse(SMALL);
        assertEquals(new SampleRecipe("x", 7, new SampleRecipe.ModelPart(8, 4, SampleRecipe.Act.SILU, false),
                new SampleRecipe.TrainPart(1e-3, 0, List.of(0.9, 0.95), null, Optional.empty(), Optional.empty()),
                Optional.empty()), recipe);
    }

    /** What a module that knows only the model would read of a recipe. */
    private record Part(SampleRecipe.ModelPart model) {}

    @Test
    void readsThePartThatARecordKnows() throws IOException {
        Path file = Files.writeString(folder.resolve("r.yaml"), SMALL + "elsewhere: {anything: [1]}\n");
        assertEquals(8, Recipes.loadPart(file, List.of("model.heads=8"), Part.class).model().heads());
        assertProblem("elsewhere", () -> Recipes.loadPart(file, List.of("elsewhere.anything=2"), Part.class));
        Files.writeString(file, "name: x\nmodel:\n  hiden: 8\n");
        assertProblem("r.yaml:3: model.hiden", () -> Recipes.loadPart(file, List.of(), Part.class));
    }

    private static void assertProblem(String part, Runnable load) {
        String message = assertThrows(InputException.class, load::run).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void readsEveryKindOfValue() {
        SampleRecipe recipe = parse("""
                name: "a: b"
                seed: 9_000_000_000
                model: {hidden: 64, heads: 8, activation: relu-squared, tied: true}
                train:
                  lr: 3e-4          # a comment
                  lambda: .5
                  betas: [0, 0.999]
                  note: ~
                  text: data/my text.txt
                  workers: 2
                eval:
                  points: [{p: 0.5}, {p: 1, site: up}]
                """);
        assertEquals("a: b", recipe.name());
        assertEquals(9_000_000_000L, recipe.seed());
        assertEquals(SampleRecipe.Act.RELU_SQUARED, recipe.model().activation());
        assertTrue(recipe.model().tied());
        assertEquals(3e-4, recipe.train().lr());
        assertEquals(0.5, recipe.train().lambda());
        assertEquals(List.of(0.0, 0.999), recipe.train().betas());
        assertNull(recipe.train().note());
        assertEquals(Optional.of(Path.of("data/my text.txt")), recipe.train().text());
        assertEquals(Optional.of(2), recipe.train().workers());
        assertEquals(List.of(new SampleRecipe.Point(0.5, "input"), new SampleRecipe.Point(1, "up")),
                recipe.eval().orElseThrow().points());
        assertEquals(List.of(), recipe.eval().orElseThrow().sites());
    }

    @Test
    void overridesWinOverTheFileAndALaterOneOverAnEarlier() {
        SampleRecipe recipe = parse(SMALL + "  heads: 2\n", "model.heads=8", "train.lr=0.5", "train.lr=0.25", "name=a=b",
                "train.betas=[0.5, 0.5]", "eval={points: []}", "eval.sites=[up]", "train.note=");
        assertEquals(8, recipe.model().heads());
        assertEquals(0.25, recipe.train().lr());
        assertEquals("a=b", recipe.name());
        assertEquals(List.of(0.5, 0.5), recipe.train().betas());
        assertEquals(List.of("up"), recipe.eval().orElseThrow().sites());
        assertEquals("", recipe.train().note());
    }

    @Test
    void anOverrideOfAnAliasedPartLeavesTheOtherPartAlone() {
        record Part(@Key(def = "1") int k) {}
        record Two(Part a, Part b) {}
        Two two = Recipes.parse("r", "a: &x {k: 2}\nb: *x\n", List.of("b.k=3"), Two.class);
        assertEquals(new Two(new Part(2), new Part(3)), two);
    }

    @Test
    void whatIsWrittenReadsBackEqual() {
        SampleRecipe recipe = new SampleRecipe("yes: \"it's\" #1\n\u0001 ü 🙂 " + "long ".repeat(60), Long.MIN_VALUE,
                new SampleRecipe.ModelPart(64, 8, SampleRecipe.Act.RELU_SQUARED, true),
                new SampleRecipe.TrainPart(Math.nextUp(1e-300), 1e22, List.of(0.1 + 0.2 - 0.1, 0.0), "null",
                        Optional.of(Path.of("a b/c")), Optional.of(-3)),
                Optional.of(new SampleRecipe.EvalPart(List.of(new SampleRecipe.Point(0.1, "010"), new SampleRecipe.Point(-1, "~")),
                        List.of("true", "1e6", "", "- x", "*a", "&b", "!c", "%d", "@e", "`f"))));
        assertEquals(recipe, parse(Recipes.toYaml(recipe)));
        SampleRecipe small = parse(SMALL);
        assertEquals(small, parse(Recipes.toYaml(small)));
        assertEquals("""
                name: x
                seed: 7
                model:
                  hidden: 8
                  heads: 4
                  activation: silu
                  tied: false
                train:
                  lr: 0.001
                  lambda: 0.0
                  betas: [0.9, 0.95]
                  note: null
                  text: null
                  workers: null
                eval: null
                """, Recipes.toYaml(small));
    }

    /** yaml, overrides, the expected problems in order. */
    @Test
    void tellsWhereTwoRecipesDiffer() {
        record Part(@Key(def = "1") int k, @Key(def = "[]") List<String> names, @Key(def = "null") Optional<Path> path) {}
        record Two(Part a, Part b) {}
        Two there = Recipes.parse("r", "a: {k: 3}\nb: {names: [x]}", List.of(), Two.class);
        Two here = Recipes.parse("r", "a: {k: 4}\nb: {names: [x, y], path: z}", List.of(), Two.class);
        assertEquals(List.of("a.k is 3 there and 4 here", "b.names is [x] there and [x, y] here", "b.path is null there and z here"),
                Recipes.differences(there, here));
        assertEquals(List.of(), Recipes.differences(here, here));
    }

    private record Element(String kind, @Key(def = "1", min = 0) double size, @Key(def = "{}", max = 5) Map<String, Double> parameters) {}

    private record Listed(@Key(def = "[]") List<Element> all, @Key(def = "[1, 2]") List<Integer> numbers) {}

    private static final String LISTED = "all:\n- kind: a\n- {kind: b, size: 2, parameters: {margin: -3, alpha: 0.5}}\n";

    @Test
    void readsMappingsOfAnyNames() {
        Listed listed = Recipes.parse("r", LISTED, List.of(), Listed.class);
        assertEquals(Map.of("margin", -3.0, "alpha", 0.5), listed.all().get(1).parameters());
        assertEquals(Map.of(), listed.all().get(0).parameters());
        assertEquals(listed, Recipes.parse("again", Recipes.toYaml(listed), List.of(), Listed.class));
    }

    @Test
    void overridesReachIntoLists() {
        Listed listed = Recipes.parse("r", LISTED, List.of("all.1.size=7", "all.0.parameters.x=1", "numbers=[3, 4, 5]", "numbers.2=9"), Listed.class);
        assertEquals(7, listed.all().get(1).size());
        assertEquals(Map.of("x", 1.0), listed.all().get(0).parameters());
        assertEquals(List.of(3, 4, 9), listed.numbers());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "all.2.size=1 | --set all.2.size=1: all is a list of 2; expected the place of one of its elements, from 0, found 2",
        "all.x.size=1 | --set all.x.size=1: all is a list of 2; expected the place of one of its elements, from 0, found x",
        "all.0.size=-1 | --set all.0.size=-1: all[0].size: expected a number, at least 0, found -1",
        "all.0.sise=1 | --set all.0.sise=1: all[0].sise: unknown key; did you mean all[0].size?",
        "all.0.parameters.y=6 | --set all.0.parameters.y=6: all[0].parameters.y: expected a number, at most 5, found 6",
        "all.0.parameters=6 | --set all.0.parameters=6: all[0].parameters: expected a mapping {name: value, ...}, found 6",
        "numbers=[1] | r:2: all[0].kind: missing; expected a text",
    })
    void saysWhatIsWrongWithinLists(String set, String problem) {
        String yaml = set.startsWith("numbers") ? LISTED.replace("- kind: a", "- {}") : LISTED;
        InputException e = assertThrows(InputException.class, () -> Recipes.parse("r", yaml, List.of(set), Listed.class));
        assertEquals(List.of(problem), e.problems());
    }

    @Test
    void aLongOverrideIsNotRepeatedWhole() {
        InputException e = assertThrows(InputException.class, () -> Recipes.parse("r", LISTED, List.of("numbers=[" + "x, ".repeat(500) + "]"), Listed.class));
        assertEquals(500, e.problems().size());
        e.problems().forEach(problem -> assertTrue(problem.startsWith("--set numbers=[x, x, ") && problem.length() < 300, problem));
    }

    private record Bad(String yaml, List<String> sets, String... problems) {
        static Bad file(String yaml, String... problems) {
            return new Bad(yaml, List.of(), problems);
        }

        static Bad set(String set, String... problems) {
            return new Bad(SMALL, List.of(set), problems);
        }
    }

    static List<Bad> bad() {
        String wholeNumber = "expected a whole number of at most 32 bits, at least 1";
        return List.of(
                Bad.file("", "r.yaml: is empty; expected a mapping of keys to values"),
                Bad.file("# only a comment\n", "r.yaml: is empty; expected a mapping of keys to values"),
                Bad.file("~\n", "r.yaml: is empty; expected a mapping of keys to values"),
                Bad.file("just text\n", "r.yaml:1: expected a mapping of keys to values (key: value), found just text"),
                Bad.file("- a\n- b\n", "r.yaml:1: expected a mapping of keys to values (key: value), found a list"),
                Bad.file("name: [\n", "r.yaml:2: not valid YAML: column 1: nothing where a value was begun; expected one, or a closing bracket"),
                Bad.file("name: x\n---\nname: y\n", "r.yaml:2: not valid YAML: column 1: a second document behind ---; expected one"),
                Bad.file("name: \u0000\n", "r.yaml: not valid YAML: a character that no text holds (U+0000); expected text"),
                Bad.file("name: *nowhere\n", "r.yaml:1: not valid YAML: column 7: an alias of what has no name here; expected quotes around a value that begins with *"),
                Bad.file("name: x: y\n", "r.yaml:1: not valid YAML: column 8: a colon where no key can stand; expected one key a line, and quotes around a value with \": \" in it"),
                Bad.file("\tname: x\n", "r.yaml:1: not valid YAML: column 1: a tab; expected spaces to indent with"),
                Bad.file("name: @x\n", "r.yaml:1: not valid YAML: column 7: a character that no value begins with; expected quotes around it"),
                Bad.file("name: [a, b\nmodel: 1\n", "r.yaml:2: not valid YAML: column 6: a list that begins with [ and does not go on or end; expected a comma or ]"),
                Bad.file("name: {a: 1\nmodel: 1\n", "r.yaml:2: not valid YAML: column 6: a mapping that begins with { and does not go on or end; expected a comma or }"),
                Bad.file("name: \"x\n", "r.yaml:2: not valid YAML: column 1: a text in quotes that does not end; expected the closing quote"),
                Bad.file("name: \"C:\\x\"\n", "r.yaml:1: not valid YAML: column 12: a backslash in double quotes that begins nothing; expected \\\\ for it, or single quotes"),
                Bad.file("name: x\nmodel\n", "r.yaml:3: not valid YAML: column 1: a line that is neither a key nor goes on with a value; expected key: value"),
                Bad.file("name: x\n  - y\n- z\n", "r.yaml:3: not valid YAML: column 1: something else than a key of the mapping or an element of the list that it stands in; "
                        + "expected the same indentation for all of these"),
                Bad.file("name: - y\n", "r.yaml:1: not valid YAML: column 7: an element of a list where none can stand; expected each in a line of its own, all indented alike"),
                Bad.file("name: &\n", "r.yaml:1: not valid YAML: column 8: a name behind & that can't be one; expected none, or quotes around the value"),
                Bad.file(SMALL + "model:\n  hidden: 8\n", "r.yaml:4: model: given twice, first on line 2"),
                Bad.file(SMALL + "  hiden: 8\n", "r.yaml:4: model.hiden: unknown key; did you mean model.hidden?"),
                Bad.file(SMALL + "lr: 8\n", "r.yaml:4: lr: unknown key; did you mean train.lr?"),
                Bad.file(SMALL + "zebra: 8\n", "r.yaml:4: zebra: unknown key; known here: name, seed, model, train, eval"),
                Bad.file(SMALL + "? [a, b]\n: 1\n", "r.yaml:4: ?: a key must be a name, found a list"),
                Bad.file("model: {hidden: 8}\n", "r.yaml:1: name: missing; expected a text (the run's name)"),
                Bad.file("name: x\n", "r.yaml:1: model.hidden: missing; expected a whole number of at most 32 bits, at least 1, "
                        + "at most 65536 (width of the residual stream)"),
                Bad.file(SMALL + "eval: {}\n", "r.yaml:4: eval.points: missing; expected a list [a, b, ...]"),
                Bad.file("name:\nmodel: {hidden: 8}\n", "r.yaml:1: name: expected a text (the run's name), found nothing"),
                Bad.file("name: [a]\nmodel: {hidden: 8}\n", "r.yaml:1: name: expected a text (the run's name), found a list"),
                Bad.file("name: x\nmodel: 3\n", "r.yaml:2: model: expected a mapping of keys to values, found 3"),
                Bad.file(SMALL + "  heads: four\n", "r.yaml:4: model.heads: expected a whole number of at most 32 bits, found four"),
                Bad.file(SMALL + "  heads: 2.0\n", "r.yaml:4: model.heads: expected a whole number of at most 32 bits, found 2.0"),
                Bad.file(SMALL + "  heads: 010\n", "r.yaml:4: model.heads: expected a whole number of at most 32 bits, found 010"),
                Bad.file(SMALL + "  heads: 99999999999\n",
                        "r.yaml:4: model.heads: expected a whole number of at most 32 bits, found 99999999999"),
                Bad.file(SMALL + "  heads: \"2\"\n",
                        "r.yaml:4: model.heads: expected a whole number of at most 32 bits, found the text \"2\""),
                Bad.file(SMALL + "  heads: 0\n", "r.yaml:4: model.heads: " + wholeNumber + ", found 0"),
                Bad.file(SMALL + "  heads: 3\n", "r.yaml:4: model.heads: 3 does not divide hidden = 8"),
                Bad.file("name: x\nmodel:\n  hidden: 6\n", "r.yaml:3: model.heads: 4 does not divide hidden = 6"),
                Bad.file(SMALL + "  activation: gelu\n", "r.yaml:4: model.activation: expected one of silu, relu, relu-squared, found gelu"),
                Bad.file(SMALL + "  tied: yes\n", "r.yaml:4: model.tied: expected true or false, found yes"),
                Bad.file(SMALL + "seed: 99999999999999999999\n", "r.yaml:4: seed: expected a whole number, found 99999999999999999999"),
                Bad.file(SMALL + "train: {lr: fast}\n", "r.yaml:4: train.lr: expected a number (peak learning rate), found fast"),
                Bad.file(SMALL + "train: {lr: .nan}\n", "r.yaml:4: train.lr: expected a number (peak learning rate), found .nan"),
                Bad.file(SMALL + "train: {lr: 1e999}\n", "r.yaml:4: train.lr: expected a number (peak learning rate), found 1e999"),
                Bad.file(SMALL + "train: {lr: 0}\n",
                        "r.yaml:4: train.lr: expected a number, above 0, below 1 (peak learning rate), found 0"),
                Bad.file(SMALL + "train: {lr: 1}\n",
                        "r.yaml:4: train.lr: expected a number, above 0, below 1 (peak learning rate), found 1"),
                Bad.file(SMALL + "train: {lambda: -1}\n", "r.yaml:4: train.lambda: expected a number, at least 0, found -1"),
                Bad.file(SMALL + "train:\n  betas: 0.9\n", "r.yaml:5: train.betas: expected a list [a, b, ...], found 0.9"),
                Bad.file(SMALL + "train:\n  betas: [0.5, 1.5]\n",
                        "r.yaml:5: train.betas[1]: expected a number, at least 0, below 1, found 1.5"),
                Bad.file(SMALL + "train:\n  betas: [0.5, ~]\n", "r.yaml:5: train.betas[1]: expected a number, found nothing"),
                Bad.file(SMALL + "train:\n  text: ''\n", "r.yaml:5: train.text: expected a path, found the text \"\""),
                Bad.file(SMALL + "eval: {points: [{q: 1}]}\n", "r.yaml:4: eval.points[0].q: unknown key; did you mean eval.points[0].p?",
                        "r.yaml:4: eval.points[0].p: missing; expected a number"),
                Bad.file("nam: x\nmodel: {hidden: eight, head: 2}\ntrain: {lr: -1}\n",
                        "r.yaml:1: nam: unknown key; did you mean name?",
                        "r.yaml:1: name: missing; expected a text (the run's name)",
                        "r.yaml:2: model.head: unknown key; did you mean model.heads?",
                        "r.yaml:2: model.hidden: expected a whole number of at most 32 bits (width of the residual stream), found eight",
                        "r.yaml:3: train.lr: expected a number, above 0, below 1 (peak learning rate), found -1"),
                Bad.set("train.lrr=1", "--set train.lrr=1: unknown key; did you mean train.lr?"),
                Bad.set("tain.lr=1", "--set tain.lr=1: tain: unknown key; did you mean train?"),
                Bad.set("train.lr=fast", "--set train.lr=fast: expected a number (peak learning rate), found fast"),
                Bad.set("train.lr=", "--set train.lr=: expected a number (peak learning rate), found the text \"\""),
                Bad.set("train.lr", "--set train.lr: expected path.to.key=value, for example train.lr=3e-4"),
                Bad.set("=3", "--set =3: expected path.to.key=value, for example train.lr=3e-4"),
                Bad.set("train..lr=3", "--set train..lr=3: expected path.to.key=value, for example train.lr=3e-4"),
                Bad.set("train.betas=[1", "--set train.betas=[1: the value is not valid YAML; quote it"),
                Bad.set("name.first=x", "--set name.first=x: name holds x, not further keys"),
                Bad.set("model.heads=3", "--set model.heads=3: 3 does not divide hidden = 8"),
                Bad.set("model.hidden=6", "--set model.hidden=6: model.heads: 4 does not divide hidden = 6"),
                new Bad(SMALL + "  heads: 4\n", List.of("model.tied=true", "model.hidden=6"),
                        "--set model.hidden=6: model.heads: 4 does not divide hidden = 6"),
                new Bad(SMALL + "  heads: 3\n", List.of("model.tied=true"), "r.yaml:4: model.heads: 3 does not divide hidden = 8"),
                Bad.set("train={lr: 2}", "--set train={lr: 2}: train.lr: expected a number, above 0, below 1 (peak learning rate), found 2"),
                Bad.set("train.betas=[2]", "--set train.betas=[2]: train.betas[0]: expected a number, at least 0, below 1, found 2"),
                new Bad(SMALL + "sed: 1\n", List.of("train.lr=x", "bad"), "--set bad: expected path.to.key=value, for example train.lr=3e-4",
                        "r.yaml:4: sed: unknown key; did you mean seed?",
                        "--set train.lr=x: expected a number (peak learning rate), found x"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void tellsEverythingThatIsWrong(Bad bad) {
        InputException refused = assertThrows(InputException.class, () -> parse(bad.yaml(), bad.sets().toArray(String[]::new)));
        assertEquals(Arrays.asList(bad.problems()), refused.problems());
    }

    @Test
    void placesWhatIsFoundOutLaterWhereItsKeyStands() throws IOException {
        Path file = Files.writeString(folder.resolve("r.yaml"), SMALL + "train:\n  text: a.txt\n");
        InputException late = new InputException(List.of("train.text: a.txt: no such file", "another matter"));
        assertEquals(List.of(file + ":5: train.text: a.txt: no such file", "another matter"),
                Recipes.placed(file, List.of(), SampleRecipe.class, late).problems());
        assertEquals("--set train.text=b.txt: a.txt: no such file",
                Recipes.placed(file, List.of("train.text=b.txt"), SampleRecipe.class, late).problems().get(0));
        InputException other = new InputException("r.yaml: no run to resume there");
        assertSame(other, Recipes.placed(folder.resolve("none"), List.of(), SampleRecipe.class, other));
    }

    @Test
    void refusesANestOfAliasesAtOnce() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 60; i++) {
            bomb.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
        }
        assertTrue(assertThrows(InputException.class, () -> parse(bomb.toString())).getMessage().contains("aliases"));
        // Few enough aliases to pass, many enough to fill the memory if they were expanded: only what a type asks for is.
        String small = SMALL + bomb.substring(0, bomb.indexOf("a9:")) + "train: {betas: *a8}\n";
        InputException refused = assertThrows(InputException.class, () -> parse(small));
        assertTrue(refused.getMessage().contains("train.betas[0]: expected a number"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{a: ", "- "})
    void refusesDeepNests(String open) {
        InputException refused = assertThrows(InputException.class, () -> parse("name: " + open.repeat(5000)));
        assertTrue(refused.getMessage().startsWith("r.yaml"), refused.getMessage());
    }

    @Test
    void constructsNothingFromATag() {
        InputException refused = assertThrows(InputException.class,
                () -> parse("name: x\nmodel: !!java.io.File [/tmp/never]\n"));
        assertEquals("r.yaml:2: not valid YAML: column 8: a tag, which begins with !; expected none, or quotes around the value", refused.getMessage());
    }

    @Test
    void aDefaultThatDoesNotFitIsAMistakeInTheProgram() {
        record Wrong(@Key(def = "-1", min = 0) int k) {}
        IllegalStateException mistake = assertThrows(IllegalStateException.class,
                () -> Recipes.parse("r", "{}", List.of(), Wrong.class));
        assertTrue(mistake.getMessage().startsWith("default of Wrong.k"), mistake.getMessage());
    }

    @Test
    void tellsWhatIsWrongWithTheFile() throws IOException {
        Path missing = folder.resolve("no.yaml");
        assertProblem(missing, missing + ": no such file; expected a recipe (the shipped ones are in configs/)");
        assertProblem(folder, folder + ": is a folder; expected a YAML file");
        Path latin = Files.write(folder.resolve("latin.yaml"), new byte[] {'n', 'a', 'm', 'e', ':', ' ', (byte) 0xFC});
        assertProblem(latin, latin + ": is not UTF-8 text");
        Path large = Files.writeString(folder.resolve("large.yaml"), "#".repeat(Recipes.MAX_BYTES + 1));
        assertProblem(large, large + ": has 1048577 bytes; a recipe has at most 1048576");
        Path good = Files.writeString(folder.resolve("good.yaml"), "\uFEFF" + SMALL);
        assertEquals("x", Recipes.load(good, List.of(), SampleRecipe.class).name());
    }

    private static void assertProblem(Path file, String problem) {
        InputException refused = assertThrows(InputException.class, () -> Recipes.load(file, List.of(), SampleRecipe.class));
        assertEquals(List.of(problem), refused.problems());
    }

    record OneOrMany(@Key(single = true, min = 1) List<Integer> some, @Key(def = "[]") List<String> many) { }

    @Test
    void aSingleValueStandsForAListWhereTheKeySaysSo() {
        assertEquals(List.of(3), Recipes.parse("r", "some: 3", List.of(), OneOrMany.class).some());
        assertEquals(List.of(3, 4), Recipes.parse("r", "some: [3, 4]", List.of(), OneOrMany.class).some());
        assertEquals(new OneOrMany(List.of(3), List.of()), Recipes.parse("r", Recipes.toYaml(new OneOrMany(List.of(3), List.of())), List.of(), OneOrMany.class));
        InputException refused = assertThrows(InputException.class, () -> Recipes.parse("r", "some: 0\nmany: x", List.of(), OneOrMany.class));
        assertEquals(2, refused.problems().size());
        assertTrue(refused.problems().get(1).startsWith("r:2: many: expected a list"), refused.getMessage());
    }

    @Test
    void distanceIsLevenshteins() {
        assertEquals(3, KeyNames.distance("kitten", "sitting"));
        assertEquals(0, KeyNames.distance("kvHeads", "kvheads"));
        assertEquals(4, KeyNames.distance("", "abcd"));
    }
}
