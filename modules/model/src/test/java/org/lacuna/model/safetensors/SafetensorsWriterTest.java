package org.lacuna.model.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.nd4j.linalg.api.buffer.DataType;

class SafetensorsWriterTest {
    @TempDir
    Path temporary;

    @ParameterizedTest
    @CsvSource({
        "60000, F32, 528871a67ed24d5a0f99843e492792fe5ba959495dad2039e1f38e4b39d48b7d, 41c338daba219609e8092d4a63b55ba47dfafbe8b53e2f3d8c1dc947454f5809, 8f07dac1b2bc991ccbf5dedd56c987b55db16685bcc8824206623f3eb47ac907",
        "30000, BF16, 808c2902e6a46c64f5cafc8f7154790a3942dc04f115bdea41a3fedc4d35dd36, d43dfa2c6f2954afc56e8586166eb355995b0fcd1df5f648837d1e2c65582207, 0444c6c024ebaae282ee83d9e214651189a86e876fd6e18789cc6479d90353c3",
    })
    void shardsAreThoseOfTransformersByteForByte(long maxShardBytes, StoredType type, String index, String first, String last) throws IOException {
        // The hashes are of what save_pretrained(max_shard_size=…) of transformers 5.23 wrote of the same model.
        Path out = temporary.resolve("out");
        try (StoredWeights weights = StoredWeights.open(Fixtures.unpack("llama-mha", temporary))) {
            List<StoredOutput> byName = weights.tensors().values().stream().map(t -> copy(weights, t)).sorted((a, b) -> a.name().compareTo(b.name())).toList();
            AtomicFiles.folder(out, f -> SafetensorsWriter.writeSharded(f, Map.of("format", "pt"), byName, type, maxShardBytes));
        }
        assertEquals(9, names(out).size());
        assertEquals(index, sha256(out.resolve(StoredWeights.INDEX)));
        assertEquals(first, sha256(out.resolve("model-00001-of-00008.safetensors")));
        assertEquals(last, sha256(out.resolve("model-00008-of-00008.safetensors")));
    }

    @Test
    void whatFitsIsOneFileWithTheBytesOfAWholeTensor() throws IOException {
        Tensor tensor = new CpuDevice().allocate(new TensorSpec("t", DataType.FLOAT, 70_001, 3));
        Random random = new Random(1);
        for (int i = 0; i < tensor.length(); i++) {
            tensor.setFloat(i, Float.intBitsToFloat(random.nextInt()));
        }
        StoredOutput output = new StoredOutput("t", tensor.shape(),
                (from, into) -> into.put(tensor.floats().slice((int) from, into.remaining())));
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        SafetensorsWriter.write(Channels.newChannel(whole), Map.of("format", "pt"), List.of(tensor));
        Path out = temporary.resolve("out");
        AtomicFiles.folder(out, f -> SafetensorsWriter.writeSharded(f, Map.of("format", "pt"), List.of(output), StoredType.F32, 70_001 * 12));
        assertEquals(List.of(StoredWeights.SINGLE), names(out));
        assertArrayEquals(whole.toByteArray(), Files.readAllBytes(out.resolve(StoredWeights.SINGLE)));
    }

    @Test
    void shardsAreFilledInOrderAndALargeTensorHasOneOfItsOwn() {
        List<StoredOutput> tensors = List.of(Stored.counting("d", 0, 2), Stored.counting("big", 0, 9), Stored.counting("c", 0, 3),
                Stored.counting("none", 0, 0, 7), Stored.counting("b", 0, 1), Stored.counting("a", 0));
        List<List<String>> plan = Shards.plan(tensors, StoredType.F32, 20).stream().map(s -> s.stream().map(StoredOutput::name).toList()).toList();
        assertEquals(List.of(List.of("big"), List.of("d", "c", "none"), List.of("b", "a")), plan);
        assertEquals(1, Shards.plan(tensors, StoredType.F32, Long.MAX_VALUE).size());
        assertEquals(1, Shards.plan(List.of(), StoredType.F32, 1).size());
    }

    @Test
    void bfloat16IsTheNearestOrTheEvenOne() throws IOException {
        int[][] cases = {{0x3f800000, 0x3f80}, {0x3f808000, 0x3f80}, {0x3f808001, 0x3f81}, {0x3f818000, 0x3f82}, {0x3f817fff, 0x3f81}, {0x80000000, 0x8000},
            {0x00000001, 0x0000}, {0x00008001, 0x0001}, {0x807fffff, 0x8080}, {0x7f7f7fff, 0x7f7f}, {0x7f7f8000, 0x7f80}, {0xff7fffff, 0xff80},
            {0x7f800000, 0x7f80}, {0xff800000, 0xff80}, {0x7fc00000, 0x7fc0}, {0x7f800001, 0x7fc0}, {0xffffffff, 0x7fc0}};
        float[] values = new float[cases.length];
        for (int i = 0; i < cases.length; i++) {
            values[i] = Float.intBitsToFloat(cases[i][0]);
        }
        Path out = temporary.resolve("out");
        AtomicFiles.folder(out, f -> SafetensorsWriter.writeSharded(f, Map.of(), List.of(Stored.of("t", values)), StoredType.BF16, 1000));
        try (StoredWeights weights = StoredWeights.open(out)) {
            assertEquals(StoredType.BF16, weights.tensors().get("t").type());
            float[] back = Stored.floats(weights, "t", 100);
            for (int i = 0; i < cases.length; i++) {
                assertEquals(cases[i][1] << 16, Float.floatToRawIntBits(back[i]), Integer.toHexString(cases[i][0]));
            }
        }
    }

    @Test
    void theSameBytesComeOfTheSameContent() throws IOException {
        List<StoredOutput> tensors = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            tensors.add(Stored.counting("layer." + i, i, 1 + i % 7, 1000));
        }
        for (String name : List.of("one", "two")) {
            AtomicFiles.folder(temporary.resolve(name), f -> SafetensorsWriter.writeSharded(f, Map.of("a", "b"), tensors, StoredType.BF16, 50_000));
        }
        List<String> names = names(temporary.resolve("one"));
        assertEquals(names, names(temporary.resolve("two")));
        assertTrue(names.size() > 4, names::toString);
        for (String name : names) {
            assertArrayEquals(Files.readAllBytes(temporary.resolve("one").resolve(name)), Files.readAllBytes(temporary.resolve("two").resolve(name)), name);
        }
    }

    @Test
    void whatCanNotBeWrittenIsRefusedAndNothingIsLeft() throws IOException {
        StoredOutput t = Stored.counting("t", 0, 5);
        Path out = temporary.resolve("out");
        assertThrows(IllegalArgumentException.class, () -> sharded(out, List.of(t), StoredType.F16, 100));
        assertThrows(IllegalArgumentException.class, () -> sharded(out, List.of(t), StoredType.F32, 0));
        assertThrows(IllegalArgumentException.class, () -> sharded(out, List.of(t, t), StoredType.F32, 100));
        assertThrows(IllegalArgumentException.class, () -> sharded(out, List.of(t, t), StoredType.F32, 20));
        assertThrows(IllegalArgumentException.class, () -> Stored.counting("t", 0, 2, -1));
        assertThrows(IllegalStateException.class, () -> sharded(out, List.of(new StoredOutput("t", new long[] {5}, (from, into) -> into.put(1))), StoredType.F32, 100));
        assertThrows(RunException.class, () -> sharded(out, List.of(new StoredOutput("t", new long[] {5}, (from, into) -> {
            throw new RunException("the source is gone");
        })), StoredType.F32, 100));
        List<StoredOutput> many = new ArrayList<>();
        for (int i = 0; i < 10_001; i++) {
            many.add(Stored.counting("t" + i, 0, 5));
        }
        String message = assertThrows(InputException.class, () -> sharded(out, many, StoredType.F32, 20)).getMessage();
        assertTrue(message.contains("20 bytes") && message.contains("10001 files"), message);
        assertEquals(List.of(), names(temporary));
    }

    private static void sharded(Path out, List<StoredOutput> tensors, StoredType type, long maxShardBytes) {
        AtomicFiles.folder(out, f -> SafetensorsWriter.writeSharded(f, Map.of(), tensors, type, maxShardBytes));
    }

    private static StoredOutput copy(StoredWeights weights, StoredTensor t) {
        return new StoredOutput(t.name(), t.shape(), (from, into) -> weights.read(t.name(), from, into));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
