package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lacuna.cli.Checkpoints.lacuna;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.cli.Checkpoints.Result;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.model.safetensors.StoredTensor;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.model.safetensors.StoredWeights;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.Json;

/** The command {@code export}. */
class ExportTest {
    @TempDir
    private Path temp;

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static void assertSays(String text, String... parts) {
        for (String part : parts) {
            assertTrue(text.contains(part), text + " does not say " + part);
        }
    }

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void everyFamilyGoesOutAndInAgain(String name) throws IOException {
        Path folder = Fixtures.unpack(name, temp);
        Path out = temp.resolve("out");
        Result run = lacuna("export", "--model", folder, "--out", out);
        assertEquals(new Result(ExitCode.DONE, run.out(), ""), run);
        assertSays(run.out(), out + ": ", " as float32 in 1 file of weights; there is no tokenizer.json");
        assertEquals(List.of("config.json", "model.safetensors"), names(out));
        assertArrayEquals(Files.readAllBytes(folder.resolve("model.safetensors")), Files.readAllBytes(out.resolve("model.safetensors")));
        assertEquals(Checkpoint.config(folder), Checkpoint.config(out));
        Result again = lacuna("import", out, "--expect", folder.resolve("expected.safetensors"));
        assertEquals(new Result(ExitCode.DONE, again.out(), ""), again);
    }

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void bfloat16IsToTheNearestAndInShards(String name) throws IOException {
        Path folder = Fixtures.unpack(name, temp);
        Path out = temp.resolve("out");
        Result run = lacuna("export", "--model", folder, "--out", out, "--dtype", "bfloat16", "--max-shard-size", "100KB");
        assertEquals(new Result(ExitCode.DONE, run.out(), ""), run);
        assertEquals(List.of("config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"), names(out));
        assertEquals("bfloat16", Json.read(out.resolve("config.json")).path("torch_dtype").asText());
        assertEquals(Checkpoint.config(folder), Checkpoint.config(out));
        try (StoredWeights from = StoredWeights.open(folder); StoredWeights written = StoredWeights.open(out)) {
            assertEquals(from.tensors().keySet().stream().sorted().toList(), written.tensors().keySet().stream().sorted().toList(), "tied weights once");
            assertEquals(List.of(StoredType.BF16), written.tensors().values().stream().map(StoredTensor::type).distinct().toList());
            for (Path shard : written.paths()) {
                assertTrue(Files.size(shard) < 110_000, shard + " has " + Files.size(shard) + " bytes");
            }
        }
        Model before = Checkpoint.load(folder, new CpuDevice());
        Model after = Checkpoint.load(out, new CpuDevice());
        for (String parameter : before.parameters().names()) {
            assertNearest(parameter, before.parameters().tensor(parameter), after.parameters().tensor(parameter));
        }
        Path second = temp.resolve("second");
        assertEquals(ExitCode.DONE, lacuna("export", "--model", out, "--out", second, "--dtype", "bfloat16", "--max-shard-size", "100KB").code());
        assertEquals(Checkpoints.contents(out), Checkpoints.contents(second));
    }

    /** Eight bits of a mantissa, of two equally near the even one. */
    private static void assertNearest(String name, Tensor before, Tensor after) {
        for (long i = 0; i < before.length(); i++) {
            int bits = Float.floatToRawIntBits(before.getFloat(i));
            int low = bits & 0xffff;
            boolean up = low > 0x8000 || low == 0x8000 && (bits >>> 16 & 1) == 1;
            assertEquals(Float.intBitsToFloat((bits & 0xffff0000) + (up ? 0x10000 : 0)), after.getFloat(i), name + "[" + i + "]");
        }
    }

    @Test
    void tokenizerFilesGoAlongByteForByte() throws IOException {
        Path folder = Fixtures.unpack("gpt2", temp);
        Map<String, String> files = Map.of("tokenizer.json", "{ odd", "tokenizer_config.json", "\r\n{}", "special_tokens_map.json", "\u0000", "generation_config.json", "{\"a\": 1}",
                "merges.txt", "a b\n", "vocab.json", "{}");
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(folder.resolve(file.getKey()), file.getValue());
        }
        Files.writeString(folder.resolve("pytorch_model.bin"), "pickle");
        Path out = temp.resolve("deep").resolve("out");
        Result run = lacuna("export", "--model", folder, "--out", out);
        assertEquals(new Result(ExitCode.DONE, run.out(), ""), run);
        assertSays(run.out(), "with tokenizer.json, tokenizer_config.json, special_tokens_map.json, vocab.json, merges.txt, generation_config.json\n");
        assertEquals(files.size() + 2, names(out).size(), "nothing else is copied");
        for (Map.Entry<String, String> file : files.entrySet()) {
            assertEquals(file.getValue(), Files.readString(out.resolve(file.getKey())));
        }
    }

    @Test
    void whatATokenizersLinkLeadsToIsNotCopied() throws IOException {
        Path folder = Fixtures.unpack("gpt2", temp);
        Path secret = Files.writeString(temp.resolve("secret"), "secret");
        Files.createSymbolicLink(folder.resolve("tokenizer.json"), secret);
        Path out = temp.resolve("out");
        refused("tokenizer.json: is a link to a file outside of the folder", "export", "--model", folder, "--out", out);
        assertTrue(Files.notExists(out));
    }

    @Test
    void nothingIsOverwritten() throws IOException {
        Path folder = Fixtures.unpack("llama-mha", temp);
        Path out = Files.createDirectory(temp.resolve("out"));
        assertEquals(ExitCode.DONE, lacuna("export", "--model", folder, "--out", out).code(), "an empty folder is as good as none");
        Map<String, String> before = Checkpoints.contents(temp);
        refused("out: exists already, and nothing is overwritten; name another folder with --out, or delete it first", "export", "--model", folder, "--out", out);
        refused("exists already", "export", "--model", folder, "--out", folder);
        refused("exists already", "export", "--model", folder, "--out", folder.resolve("config.json"));
        refused("config.json is a file, not a folder", "export", "--model", folder, "--out", folder.resolve("config.json").resolve("below"));
        assertEquals(before, Checkpoints.contents(temp));
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "0GB", "GB", "-1GB", "1.5GB", "5iB", "5 apples", "9999999999GB", "1TB", ""})
    void sizesAreWholeNumbersWithAUnit(String size) {
        Path folder = Fixtures.unpack("llama-mha", temp);
        refused("--max-shard-size: " + size + " is no size; expected", "export", "--model", folder, "--out", temp.resolve("out"), "--max-shard-size=" + size);
        assertTrue(Files.notExists(temp.resolve("out")));
    }

    @ParameterizedTest
    @CsvSource({"200kb, 2", "195KiB, 2", "400000B, 1", "1MB, 1", "999999999GiB, 1"})
    void sizesHaveUnits(String size, int files) throws IOException {
        Path folder = Fixtures.unpack("llama-mha", temp); // 380,160 bytes of weights
        assertEquals(ExitCode.DONE, lacuna("export", "--model", folder, "--out", temp.resolve("out"), "--max-shard-size", size).code());
        assertEquals(files, names(temp.resolve("out")).stream().filter(name -> name.endsWith(".safetensors")).count());
    }

    @Test
    void whatBfloat16CannotHoldIsRefused() throws IOException {
        Path folder = Fixtures.unpack("qwen3", temp);
        Path weights = folder.resolve("model.safetensors");
        Path out = temp.resolve("out");
        Checkpoints.setFloat(weights, "model.layers.0.self_attn.q_proj.weight", 7, -3.4e38f);
        refused("model.layers.0.self_attn.q_proj.weight holds -3.4E38 at index 7, which would be infinite as bfloat16; export with --dtype float32",
                "export", "--model", folder, "--out", out, "--dtype", "bfloat16");
        assertTrue(Files.notExists(out));
        Checkpoints.setFloat(weights, "model.layers.0.self_attn.q_proj.weight", 7, -0x1.fefffep127f);
        assertEquals(ExitCode.DONE, lacuna("export", "--model", folder, "--out", out, "--dtype", "bfloat16").code());
        assertEquals(-0x1.fep127f, Checkpoint.load(out, new CpuDevice()).parameters().tensor("model.layers.0.self_attn.q_proj.weight").getFloat(7));
    }

    @Test
    void wrongArgumentsAreNamed() {
        Path folder = Fixtures.unpack("llama-mha", temp);
        refused("'--dtype'", "export", "--model", folder, "--out", temp.resolve("out"), "--dtype", "float16");
        refused("no such folder", "export", "--model", temp.resolve("none"), "--out", temp.resolve("out"));
        refused("'--out=DIR'", "export", "--model", folder);
    }

    @Test
    void aRunIsExportedWithItsTokenizer() throws IOException {
        Path run = temp.resolve("run");
        Result trained = lacuna("train", "--config", "../../configs/nano.yaml", "--out", run, "--set", "train.steps=2", "--set", "train.warmup=1",
                "--set", "data.tokens=5000", "--set", "model.activation=relu", "--set", "model.ffn=drelu");
        assertEquals(ExitCode.DONE, trained.code(), trained::toString);
        Path out = temp.resolve("out");
        Result exported = lacuna("export", "--model", run, "--out", out);
        assertEquals(new Result(ExitCode.DONE, exported.out(), ""), exported);
        assertSays(exported.out(), "lacuna_llama", "with tokenizer.json", "Only Lacuna opens it");
        Path checkpoint = run.resolve("checkpoints/step-000002");
        assertEquals(List.of("config.json", "model.safetensors", "tokenizer.json"), names(out));
        for (String file : names(out)) {
            assertArrayEquals(Files.readAllBytes(checkpoint.resolve(file)), Files.readAllBytes(out.resolve(file)), file);
        }
        assertSays(lacuna("import", run).out(), "lacuna_llama: only Lacuna opens it", "relu, gated, relu on up");
        assertFalse(names(temp).stream().anyMatch(name -> name.startsWith(".")), () -> Stream.of(temp.toFile().list()).collect(Collectors.joining(" ")));
    }

    @Test
    void adaptersGoOutAloneOrMerged() throws IOException {
        Path folder = Fixtures.unpack("qwen2", temp);
        Path ids = Files.write(temp.resolve("ids"), new byte[4 * 2000]);
        Path run = temp.resolve("run");
        Result trained = lacuna("finetune", "--config", "../../configs/lora.yaml", "--model", folder, "--out", run, "--set", "train.steps=2", "--set", "train.warmup=0",
                "--set", "data.text=null", "--set", "data.ids=" + ids, "--set", "data.vocabularySize=160", "--set", "train.window=16", "--set", "train.evalEvery=0");
        assertEquals(ExitCode.DONE, trained.code(), trained::toString);
        Path checkpoint = run.resolve("checkpoints/step-000002");
        Path alone = temp.resolve("alone");
        Result exported = lacuna("export", "--model", run, "--adapter", "--out", alone);
        assertEquals(new Result(ExitCode.DONE, alone + ": adapters for PEFT as float32, adapter_config.json and adapter_model.safetensors\n", ""), exported);
        assertEquals(List.of("adapter_config.json", "adapter_model.safetensors"), names(alone));
        for (String file : names(alone)) {
            assertArrayEquals(Files.readAllBytes(checkpoint.resolve("adapter").resolve(file)), Files.readAllBytes(alone.resolve(file)), file);
        }
        assertEquals(ExitCode.DONE, lacuna("export", "--model", checkpoint, "--adapter", "--out", temp.resolve("half"), "--dtype", "bf16").code());
        try (SafetensorsFile half = SafetensorsFile.open(temp.resolve("half/adapter_model.safetensors"))) {
            assertEquals(8, half.tensors().size());
            assertTrue(half.tensors().values().stream().allMatch(t -> t.type() == StoredType.BF16));
        }
        assertEquals(ExitCode.DONE, lacuna("export", "--model", run, "--out", temp.resolve("merged")).code());
        assertEquals(List.of("config.json", "model.safetensors"), names(temp.resolve("merged")));
        assertArrayEquals(Files.readAllBytes(checkpoint.resolve("model.safetensors")), Files.readAllBytes(temp.resolve("merged/model.safetensors")));
        refused("there is no folder " + folder.resolve("adapter") + ", which a checkpoint has whose run trains adapters", "export", "--model", folder, "--adapter", "--out", temp.resolve("none"));
        Files.writeString(checkpoint.resolve("adapter/adapter_config.json"), "{\"peft_type\": \"IA3\"}");
        refused("adapter_config.json: is no description of LoRA adapters", "export", "--model", run, "--adapter", "--out", temp.resolve("none"));
        Files.delete(checkpoint.resolve("adapter/adapter_config.json"));
        refused("export the merged model, without --adapter", "export", "--model", run, "--adapter", "--out", temp.resolve("none"));
        assertTrue(Files.notExists(temp.resolve("none")));
    }

    private static void refused(String said, Object... args) {
        Result run = lacuna(args);
        assertEquals(ExitCode.BAD_INPUT, run.code(), run::toString);
        assertSays(run.err(), said);
    }
}
