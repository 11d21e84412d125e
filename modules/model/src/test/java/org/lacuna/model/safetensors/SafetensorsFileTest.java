package org.lacuna.model.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.InputException;
import org.nd4j.linalg.api.buffer.DataType;

class SafetensorsFileTest {
    private static final Device CPU = new CpuDevice();

    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(strings = {"llama-mha", "llama-gqa-tied-llama3rope", "llama-relu"})
    void whatHuggingFaceWroteIsWrittenAgainByteForByte(String name) throws IOException {
        Path model = Fixtures.unpack(name, temporary).resolve("model.safetensors");
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        try (SafetensorsFile file = SafetensorsFile.open(model)) {
            List<Tensor> tensors = file.tensors().values().stream().map(s -> {
                Tensor t = CPU.allocate(new TensorSpec(s.name(), DataType.FLOAT, s.shape()));
                file.read(s.name(), t);
                return t;
            }).collect(Collectors.toList());
            Collections.reverse(tensors);
            SafetensorsWriter.write(Channels.newChannel(written), file.metadata(), tensors);
        }
        assertArrayEquals(Files.readAllBytes(model), written.toByteArray());
    }

    @Test
    void everyTypeAndAwkwardShapesComeBack() throws IOException {
        Tensor floats = CPU.allocate(new TensorSpec("z.floats", DataType.FLOAT, 3, 1, 5));
        for (int i = 0; i < 15; i++) {
            floats.setFloat(i, i - 7.25f);
        }
        Tensor doubles = CPU.allocate(new TensorSpec("y.doubles", DataType.DOUBLE, 3));
        doubles.set(1.0, -2.5, Math.PI);
        Tensor ints = CPU.allocate(new TensorSpec("x.ints \"quoted\" \u00e4", DataType.INT32, 1));
        ints.set(Integer.MIN_VALUE);
        Tensor scalar = CPU.allocate(new TensorSpec("a.scalar", DataType.FLOAT));
        scalar.setFloat(0, Float.NaN);
        Tensor empty = CPU.allocate(new TensorSpec("b.empty", DataType.FLOAT, 0, 7));
        Path path = temporary.resolve("t.safetensors");
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        SafetensorsWriter.write(Channels.newChannel(written), Map.of(), List.of(floats, doubles, ints, scalar, empty));
        Files.write(path, written.toByteArray());
        assertEquals(0, ByteBuffer.wrap(written.toByteArray()).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertEquals(List.of("y.doubles", "a.scalar", "b.empty", ints.name(), "z.floats"), List.copyOf(file.tensors().keySet()));
            for (Tensor t : List.of(floats, doubles, ints, scalar, empty)) {
                Tensor back = CPU.allocate(t.spec());
                file.read(t.name(), back);
                assertEquals(t.bytes().clear(), back.bytes().clear(), t.name());
                assertArrayEquals(t.shape(), file.tensor(t.name()).shape());
            }
            assertTrue(file.metadata().isEmpty());
        }
    }

    @Test
    void halvesAreReadExactly() throws IOException {
        // 1, -2, smallest subnormal, largest, infinity; then 1, -0.5 as bfloat16
        Path path = file("{\"h\":{\"dtype\":\"F16\",\"shape\":[5],\"data_offsets\":[0,10]},\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[10,14]}}",
                new byte[] {0, 0x3c, 0, (byte) 0xc0, 1, 0, (byte) 0xff, 0x7b, 0, 0x7c, (byte) 0x80, 0x3f, 0, (byte) 0xbf});
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            Tensor h = CPU.allocate(new TensorSpec("h", DataType.FLOAT, 5));
            file.read("h", h);
            assertArrayEquals(new float[] {1, -2, 0x1p-24f, 65504, Float.POSITIVE_INFINITY}, h.toFloats());
            Tensor b = CPU.allocate(new TensorSpec("b", DataType.FLOAT, 2));
            file.read("b", b);
            assertArrayEquals(new float[] {1, -0.5f}, b.toFloats());
            refused(() -> file.read("b", h), "t.safetensors", "b", "2 elements");
            refused(() -> file.read("b", CPU.allocate(new TensorSpec("b", DataType.INT32, 2))), "t.safetensors", "b", "BF16", "I32");
            refused(() -> file.floats("b"), "t.safetensors", "BF16", "F32");
            refused(() -> file.tensor("c"), "t.safetensors", "c");
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "7", "8", "100", "5000"})
    void aTruncatedFileIsRefused(int bytes) throws IOException {
        Path whole = Fixtures.unpack("llama-mha", temporary).resolve("model.safetensors");
        Path path = Files.write(temporary.resolve("t.safetensors"), Arrays.copyOf(Files.readAllBytes(whole), bytes));
        refused(() -> SafetensorsFile.open(path), "t.safetensors");
    }

    @Test
    void theLastByteMissingIsRefused() throws IOException {
        Path whole = Fixtures.unpack("llama-mha", temporary).resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(whole);
        Path path = Files.write(temporary.resolve("t.safetensors"), Arrays.copyOf(bytes, bytes.length - 1));
        refused(() -> SafetensorsFile.open(path), "t.safetensors", "model.norm.weight", "truncated");
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 60, -1, Long.MIN_VALUE, 200, 1 << 26})
    void aHeaderLengthThatCannotBeIsRefused(long length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        Path path = Files.write(temporary.resolve("t.safetensors"), bytes.array());
        refused(() -> SafetensorsFile.open(path), "t.safetensors", Long.toUnsignedString(length));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'b':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | b, overlaps, a",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | a, gap",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 4 bytes after the last tensor",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}} | a, only 8 bytes",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[4611686018427387896,4611686018427387904]}} | a, only 8 bytes",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[-8,0]}} | a, data_offsets, whole numbers",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}} | a, begin",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8,16]}} | a, begin",
        "{'a':{'dtype':'F32','shape':[-2,-1],'data_offsets':[0,8]}} | a, shape, whole numbers",
        "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}} | a, shape, whole numbers",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | a, 8 bytes, needs 12",
        "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | a, shape",
        "{'a':{'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,8]}} | a, shape",
        "{'a':{'dtype':'F32','shape':[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],'data_offsets':[0,8]}} | a, shape, more than 16",
        "{'a':{'dtype':'F8_E4M3','shape':[8],'data_offsets':[0,8]}} | a, F8_E4M3, BF16",
        "{'a':{'dtype':32,'shape':[2],'data_offsets':[0,8]}} | a, dtype",
        "{'a':{'dtype':'F32','data_offsets':[0,8]}} | a, missing",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8],'device':'cpu'}} | a, device",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | a, there twice",
        "{'a':{'dtype':'F32','dtype':'I32','shape':[2],'data_offsets':[0,8]}} | dtype, there twice",
        "{'a':[]} | a, not an object",
        "{'':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | name",
        "{'a':{'dtype':'F32','shape':[[2]],'data_offsets':[0,8]}} | nested deeper",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} x | JSON",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} {} | closing brace",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0 | JSON",
        "{'__metadata__':{'a':1}} | __metadata__.a",
        "{'__metadata__':[]} | __metadata__",
        "[] | not a safetensors file",
    })
    void aHostileHeaderIsRefused(String header, String said) throws IOException {
        Path path = file(header.replace('\'', '"'), new byte[8]);
        refused(() -> SafetensorsFile.open(path), ("t.safetensors, " + said).split(", "));
    }

    @Test
    void aHeaderThatIsNotUtf8IsRefused() throws IOException {
        byte[] json = "{\"\u00e4\":{}}".getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json);
        Path path = Files.write(temporary.resolve("t.safetensors"), bytes.array());
        refused(() -> SafetensorsFile.open(path), "t.safetensors", "UTF-8");
    }

    @Test
    void deepNestingIsRefused() throws IOException {
        Path path = file("{\"a\":" + "[".repeat(100_000), new byte[8]);
        refused(() -> SafetensorsFile.open(path), "t.safetensors");
    }

    @Test
    void aMissingFileAndAFolderAreRefused() {
        refused(() -> SafetensorsFile.open(temporary.resolve("none")), "none");
        refused(() -> SafetensorsFile.open(temporary), "folder");
    }

    @Test
    void aNameTwiceIsNotWritten() {
        Tensor t = CPU.allocate(new TensorSpec("a", DataType.FLOAT, 1));
        assertThrows(IllegalArgumentException.class,
                () -> SafetensorsWriter.write(Channels.newChannel(new ByteArrayOutputStream()), Map.of(), List.of(t, t)));
    }

    private Path file(String header, byte[] data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json).put(data);
        return Files.write(temporary.resolve("t.safetensors"), bytes.array());
    }

    private static void refused(Runnable action, String... said) {
        String message = assertThrows(InputException.class, action::run).getMessage();
        for (String part : said) {
            assertTrue(message.contains(part), message + " does not say " + part);
        }
    }
}
