package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lacuna.cli.Checkpoints.lacuna;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.lacuna.cli.Checkpoints.Result;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Tensor;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.Json;
import org.nd4j.linalg.api.buffer.DataType;

/** The command {@code import} on the reference models of every family. */
class ImportTest {
    @TempDir
    private Path temp;

    private Path expected(Path folder) {
        return folder.resolve("expected.safetensors");
    }

    private static void assertSays(String text, String... parts) {
        for (String part : parts) {
            assertTrue(text.contains(part), text + " does not say " + part);
        }
    }

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void everyFamilyComputesWhatTransformersDoes(String name) throws IOException {
        Path folder = Fixtures.unpack(name, temp);
        Map<String, String> before = Checkpoints.contents(folder);
        Path report = temp.resolve("report.json");
        Result run = lacuna("import", folder, "--expect", expected(folder), "--all", "--json", report);
        assertEquals(new Result(ExitCode.DONE, run.out(), ""), run);
        assertEquals(before, Checkpoints.contents(folder), "nothing is written");
        JsonNode found = Json.read(report).path("expected");
        assertTrue(found.path("within").asBoolean(), found::toString);
        Set<String> names = new TreeSet<>();
        found.path("tensors").forEach(tensor -> names.add(tensor.path("tensor").asText()));
        Set<String> all = new TreeSet<>(Checkpoints.tensors(expected(folder)).stream().map(Tensor::name).toList());
        all.remove("input_ids");
        assertEquals(all, names, "every tensor is compared");
        names.forEach(tensor -> assertSays(run.out(), tensor));
        // The plain tolerances, not those of larger models.
        Map.of("logits", 3e-5, "loss", 1e-6, "hidden", 1e-4, "sites", 1e-4)
                .forEach((quantity, tolerance) -> assertEquals(tolerance, found.at("/quantities/" + quantity + "/tolerance").asDouble(), quantity));
        assertSays(run.out(), "logits", "gradients", "of its largest entry", "Tolerances: logits 3e-5");
    }

    @ParameterizedTest
    @CsvSource({"logits, 0, 3.1e-5", "loss, 0, 1e-5", "hidden.1, 77, 2e-4", "site.0.input, 5, 2e-4", "site.1.intermediate, 999, 2e-4", "site.0.weights, 3, 2e-4",
        "site.1.router_logits, 0, 2e-4", "grad.model.layers.1.mlp.experts.3.up_proj.weight, 17, 1e-3", "grad.lm_head.weight, 0, 1e-3"})
    void whatIsOffIsNamed(String tensor, int index, float by) throws IOException {
        Path folder = Fixtures.unpack("olmoe", temp);
        float before = Checkpoints.tensors(expected(folder)).stream().filter(t -> t.name().equals(tensor)).findFirst().orElseThrow().getFloat(index);
        Checkpoints.setFloat(expected(folder), tensor, index, before + 2 * by);
        Path report = temp.resolve("report.json");
        Result run = lacuna("import", folder, "--expect", expected(folder), "--json", report);
        assertEquals(ExitCode.FAILED, run.code(), run::toString);
        assertTrue(run.err().startsWith("lacuna import: " + expected(folder) + ": out of tolerance, 1 of "), run::toString);
        assertSays(run.err(), ": " + tensor + " (off by ", "allowed ");
        assertEquals(1, run.err().lines().count());
        assertEquals(1, run.out().lines().filter(line -> line.contains("OUT OF TOLERANCE") && line.contains(tensor)).count(), run::toString);
        assertFalse(Json.read(report).at("/expected/within").asBoolean(true));
    }

    @Test
    void anExpertThatIsAnotherIsCounted() throws IOException {
        Path folder = Fixtures.unpack("qwen3-moe", temp);
        Checkpoints.setLong(expected(folder), "site.1.experts", 4, 9);
        Result run = lacuna("import", folder, "--expect", expected(folder));
        assertEquals(ExitCode.FAILED, run.code(), run::toString);
        assertSays(run.err(), "site.1.experts (off by 1.0e+00, allowed 0.0e+00)");
    }

    @Test
    void numbersThatOverflowAreOutOfTolerance() throws IOException {
        Path folder = Fixtures.unpack("llama-mha", temp);
        for (int i = 0; i < 64; i++) {
            Checkpoints.setFloat(folder.resolve("model.safetensors"), "model.norm.weight", i, 3e38f);
        }
        Result run = lacuna("import", folder, "--expect", expected(folder));
        assertEquals(ExitCode.FAILED, run.code(), run::toString);
        assertSays(run.err(), "out of tolerance", " (off by NaN, allowed ");
        assertTrue(run.out().lines().anyMatch(line -> line.startsWith("logits ") && line.endsWith("OUT OF TOLERANCE")), run::toString);
    }

    /** Files that fit no model, or not this one, and what is said of them. */
    private enum Wrong {
        NO_IDS("there is no tensor input_ids") {
            @Override
            void damage(Path file) throws IOException {
                remove(file, "input_ids");
            }
        },
        ID_TOO_LARGE("tensor input_ids holds 160 at index 3; the model's vocabulary has the ids from 0 to 159") {
            @Override
            void damage(Path file) throws IOException {
                Checkpoints.setLong(file, "input_ids", 3, 160);
            }
        },
        ID_NEGATIVE("tensor input_ids holds -1 at index 47") {
            @Override
            void damage(Path file) throws IOException {
                Checkpoints.setLong(file, "input_ids", 47, -1);
            }
        },
        ID_BEYOND_32_BITS("tensor input_ids holds 4294967297 at index 0") {
            @Override
            void damage(Path file) throws IOException {
                Checkpoints.setLong(file, "input_ids", 0, (1L << 32) + 1);
            }
        },
        IDS_FLAT("tensor input_ids I64[48]; expected are rows of token ids") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("input_ids", DataType.INT64, 48));
            }
        },
        IDS_FLOATS("tensor input_ids F32[2, 24]; expected are rows of token ids") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("input_ids", DataType.FLOAT, 2, 24));
            }
        },
        IDS_NONE("tensor input_ids I64[0, 24]; expected are one window or more") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("input_ids", DataType.INT64, 0, 24));
            }
        },
        IDS_TOO_LONG("tensor input_ids I64[1, 65]; expected are one window or more, of 1 to 64 tokens (the model's positions)") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("input_ids", DataType.INT64, 1, 65));
            }
        },
        IDS_TOO_MANY("logits or activations of so many tokens are more than the 2147483647 bytes") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("input_ids", DataType.INT64, 4_000_000, 1));
            }
        },
        OTHER_SHAPE("tensor logits F32[2, 24, 159], expected is F32[2, 24, 160]") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("logits", DataType.FLOAT, 2, 24, 159));
            }
        },
        OTHER_TYPE("tensor loss I64[], expected is F32[]") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("loss", DataType.INT64));
            }
        },
        NO_SUCH_LAYER("tensor hidden.2 fits nothing that this model computes") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("hidden.2", DataType.FLOAT, 2, 24, 42));
            }
        },
        NO_SUCH_SITE("tensor site.0.gate fits nothing that this model computes") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("site.0.gate", DataType.FLOAT, 2, 24, 168));
            }
        },
        NO_SUCH_WEIGHT("tensor grad.lm_head.weight fits nothing that this model computes") {
            @Override
            void damage(Path file) throws IOException {
                replace(file, Checkpoints.zeros("grad.lm_head.weight", DataType.FLOAT, 160, 42));
            }
        },
        NOT_FINITE("tensor hidden.0 holds NaN at index 8; what is expected must be finite") {
            @Override
            void damage(Path file) throws IOException {
                Checkpoints.setFloat(file, "hidden.0", 8, Float.NaN);
            }
        },
        NO_SAFETENSORS("not a safetensors file") {
            @Override
            void damage(Path file) throws IOException {
                Files.writeString(file, "once upon a time");
            }
        },
        MISSING("there is no file") {
            @Override
            void damage(Path file) throws IOException {
                Files.delete(file);
            }
        };

        private final String said;

        Wrong(String said) {
            this.said = said;
        }

        abstract void damage(Path file) throws IOException;

        private static void remove(Path file, String name) throws IOException {
            Checkpoints.change(file, tensors -> tensors.stream().filter(t -> !t.name().equals(name)).toList());
        }

        private static void replace(Path file, Tensor tensor) throws IOException {
            Checkpoints.change(file, tensors -> {
                List<Tensor> changed = new ArrayList<>(tensors);
                changed.removeIf(t -> t.name().equals(tensor.name()));
                changed.add(tensor);
                return changed;
            });
        }
    }

    @ParameterizedTest
    @EnumSource(Wrong.class)
    void anExpectedFileThatFitsNotIsRefusedByName(Wrong wrong) throws IOException {
        Path folder = Fixtures.unpack("gpt2", temp);
        wrong.damage(expected(folder));
        Result run = lacuna("import", folder, "--expect", expected(folder));
        assertEquals(ExitCode.BAD_INPUT, run.code(), run::toString);
        assertSays(run.err(), "lacuna import: ", expected(folder).toString(), wrong.said);
    }

    @Test
    void allTensorsThatFitNotAreNamedAtOnce() throws IOException {
        Path folder = Fixtures.unpack("gpt2", temp);
        Checkpoints.change(expected(folder), tensors -> {
            List<Tensor> changed = new ArrayList<>(tensors);
            for (int i = 0; i < 30; i++) {
                changed.add(Checkpoints.zeros("odd." + i, DataType.FLOAT, 1));
            }
            return changed;
        });
        Result run = lacuna("import", folder, "--expect", expected(folder));
        assertEquals(ExitCode.BAD_INPUT, run.code(), run::toString);
        assertSays(run.err(), "30 problems", "tensor odd.0 fits", "and 10 more");
    }

    @Test
    void oneTokenHasLogitsAndNoLoss() throws IOException {
        Path folder = Fixtures.unpack("gpt2", temp);
        Checkpoints.change(expected(folder), tensors -> {
            Tensor logits = tensors.stream().filter(t -> t.name().equals("logits")).findFirst().orElseThrow().view("logits", 0, 1, 1, 160);
            Tensor ids = tensors.stream().filter(t -> t.name().equals("input_ids")).findFirst().orElseThrow().view("input_ids", 0, 1, 1);
            return List.of(logits, ids);
        });
        assertEquals(ExitCode.DONE, lacuna("import", folder, "--expect", expected(folder)).code());
        Checkpoints.change(expected(folder), tensors -> {
            List<Tensor> changed = new ArrayList<>(tensors);
            changed.add(Checkpoints.zeros("loss", DataType.FLOAT));
            return changed;
        });
        Result run = lacuna("import", folder, "--expect", expected(folder));
        assertEquals(ExitCode.BAD_INPUT, run.code(), run::toString);
        assertSays(run.err(), "tensor loss: windows of one token have no next token");
    }

    @Test
    void theTableTellsWhatTheModelIs() throws IOException {
        Path folder = Fixtures.unpack("gemma3-text", temp);
        new ByteTokenizer().save(folder.resolve("tokenizer.json"));
        Result run = lacuna("import", folder);
        assertEquals(new Result(ExitCode.DONE, run.out(), ""), run);
        assertSays(run.out(), "gemma3_text", "78,096, stored as F32 (312,384 bytes) in 41 tensors, 1 file", "all finite", "4 of 16, 1 of keys and values",
                "the input embedding (tied)", "rotary, base 1,000,000; where the window slides: base 10,000; up to 128",
                "layers 0, 2: the last 8 tokens; the others: the whole text; queries and keys normed, each head; scores × 0.204124",
                "RMS, weights stored less 1, epsilon 1.0E-6; before and behind", "embeddings × 6.92820", "gelu_pytorch_tanh, gated",
                "sites         input, up, gate, intermediate, attention_input, attention_output\n",
                "64 windows of 128 tokens", "steps of 1 × 128 tokens", "tokenizer     tokenizer.json\n");

        assertSays(lacuna("import", Fixtures.unpack("olmoe", temp), "--batch", 4, "--window", 16).out(), "8 experts, 2 a token, their weights as they are",
                "all heads together", "tokenizer     none", "64 windows of 16 tokens", "steps of 4 × 16 tokens");
        assertSays(lacuna("import", Fixtures.unpack("opt", temp), "--quick").out(), "learned, behind 2 unused rows; up to 64", "relu, no gate, biases", "causal",
                "; biases", "mean and variance, with biases", "sites         input, intermediate, attention_input, attention_output\n", "not read (--quick)");
        assertSays(lacuna("import", Fixtures.unpack("gpt-neox", temp)).out(), "% of each head", "side by side", "its own");
        assertSays(lacuna("import", Fixtures.unpack("llama-gqa-tied-llama3rope", temp)).out(), "llama3 scaling × 8 from 32 positions");
    }

    @Test
    void theJsonHasTheSame() throws IOException {
        Path folder = Fixtures.unpack("gemma3-text", temp);
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        Result run = lacuna("import", folder, "--json", "-");
        assertEquals(ExitCode.DONE, run.code(), run::toString);
        JsonNode json = Json.parse("standard output", run.out());
        assertEquals("gemma3_text", json.path("family").asText());
        assertEquals(78_096, json.path("parameters").asLong());
        assertEquals(312_384, json.at("/storedBytes/F32").asLong());
        assertEquals(8, json.at("/attention/sliding/window").asInt());
        assertEquals("[0,2]", json.at("/attention/sliding/layers").toString());
        assertEquals(1e4, json.at("/attention/sliding/positions/theta").asDouble());
        assertEquals(1e6, json.at("/positions/theta").asDouble());
        assertEquals("[\"input\",\"up\",\"gate\",\"intermediate\",\"attention_input\",\"attention_output\"]", json.path("sites").toString());
        assertTrue(json.at("/tokenizer/file").asBoolean() && !json.at("/tokenizer/readable").asBoolean() && !json.at("/tokenizer/problem").asText().isEmpty(), json::toString);
        JsonNode memory = json.path("memory");
        long vector = memory.at("/evaluation/parameterBytes").asLong();
        assertTrue(vector >= 312_384 && vector < 330_000, memory::toString);
        assertEquals(vector, memory.at("/training/parameterBytes").asLong());
        assertEquals(2 * vector, memory.at("/training/momentBytes").asLong());
        assertEquals(vector, memory.at("/training/gradientBytes").asLong(), "one window, one shard");
        for (String work : List.of("evaluation", "training")) {
            assertTrue(memory.at("/" + work + "/activationBytes").asLong() > 100_000, memory::toString);
        }
    }

    @Test
    void wrongInputIsNamed() throws IOException {
        Path folder = Fixtures.unpack("qwen2", temp);
        refused("no such folder", "import", temp.resolve("none"));
        refused("would replace what is read", "import", folder, "--json", folder.resolve("config.json"));
        refused("neither a checkpoint", "import", temp);
        refused("--window: must be from 1 to the 128 positions", "import", folder, "--window", 129);
        refused("--batch: must be from 1", "import", folder, "--batch", 0);
        refused("bytes that one tensor can have", "import", folder, "--batch", 1 << 20, "--window", 128);
        refused("name a file with --expect", "import", folder, "--all");
        refused("is a folder; expected the name of a file", "import", folder, "--json", temp);
        Checkpoints.setFloat(folder.resolve("model.safetensors"), "model.layers.1.self_attn.v_proj.bias", 2, Float.NaN);
        refused("model.layers.1.self_attn.v_proj.bias holds NaN at index 2", "import", folder);
        assertEquals(ExitCode.DONE, lacuna("import", folder, "--quick").code());
        refused("holds NaN at index 2", "import", folder, "--quick", "--expect", expected(folder));
        Checkpoints.change(folder.resolve("model.safetensors"), tensors -> tensors.stream().filter(t -> !t.name().equals("model.norm.weight")).toList());
        refused("model.norm.weight[48] is missing", "import", folder, "--quick");
        Files.writeString(folder.resolve("config.json"), Files.readString(folder.resolve("config.json")).replace("qwen2", "qwen77"));
        refused("model_type is qwen77; Lacuna reads llama", "import", folder);
    }

    private static void refused(String said, Object... args) {
        Result run = lacuna(args);
        assertEquals(ExitCode.BAD_INPUT, run.code(), run::toString);
        assertSays(run.err(), "lacuna import: ", said);
    }
}
