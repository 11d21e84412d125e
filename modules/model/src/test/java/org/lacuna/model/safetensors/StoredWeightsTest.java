package org.lacuna.model.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.nd4j.linalg.api.buffer.DataType;

class StoredWeightsTest {
    private static final String FIRST = "model-00001-of-00003.safetensors";
    private static final String SECOND = "model-00002-of-00003.safetensors";
    private static final String THIRD = "model-00003-of-00003.safetensors";

    @TempDir
    Path temporary;

    private Path folder;

    /** Three shards: c and b; a, which is too large; d. */
    @BeforeEach
    void write() {
        folder = temporary.resolve("model");
        List<StoredOutput> tensors = List.of(Stored.counting("c", 100, 2, 5), Stored.counting("b", 200, 3), Stored.counting("a", 300, 20),
                Stored.counting("d", 400, 4, 2));
        AtomicFiles.folder(folder, f -> SafetensorsWriter.writeSharded(f, Map.of(), tensors, StoredType.F32, 60));
    }

    @Test
    void shardsAreOneSetOfTensorsInAStableOrder() {
        try (StoredWeights weights = StoredWeights.open(folder)) {
            assertEquals(List.of("a", "b", "c", "d"), List.copyOf(weights.tensors().keySet()));
            assertEquals(folder.resolve(FIRST).toString(), weights.file("a"));
            assertEquals(folder.resolve(SECOND).toString(), weights.file("b"));
            assertEquals(folder.resolve(THIRD).toString(), weights.file("d"));
            assertArrayEquals(new long[] {2, 5}, weights.tensors().get("c").shape());
            for (int piece : new int[] {1, 3, 20}) {
                assertArrayEquals(counting(300, 20), Stored.floats(weights, "a", piece));
                assertArrayEquals(counting(100, 10), Stored.floats(weights, "c", piece));
            }
            Tensor d = new CpuDevice().allocate(new TensorSpec("d", DataType.FLOAT, 4, 2));
            weights.read("d", d);
            assertArrayEquals(counting(400, 8), d.toFloats());
            refused(() -> weights.file("e"), StoredWeights.INDEX, "no tensor e");
        }
    }

    @Test
    void theSingleFileWinsAsInTransformers() throws IOException {
        Files.write(folder.resolve(StoredWeights.SINGLE), Stored.file("{'z':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", new byte[4]));
        try (StoredWeights weights = StoredWeights.open(folder)) {
            assertEquals(List.of("z"), List.copyOf(weights.tensors().keySet()));
            refused(() -> weights.read("a", 0, FloatBuffer.allocate(1)), StoredWeights.SINGLE, "no tensor a");
        }
    }

    @Test
    void aPieceIsReadToThePlaceAndInTheOrderOfTheBuffer() throws IOException {
        // 1, -2, smallest subnormal, largest, infinity; then 1, -0.5, 2 as bfloat16; then a double
        byte[] data = {0, 0x3c, 0, (byte) 0xc0, 1, 0, (byte) 0xff, 0x7b, 0, 0x7c, (byte) 0x80, 0x3f, 0, (byte) 0xbf, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0};
        Files.write(folder.resolve(StoredWeights.SINGLE), Stored.file("{'h':{'dtype':'F16','shape':[5],'data_offsets':[0,10]},"
                + "'b':{'dtype':'BF16','shape':[3],'data_offsets':[10,16]},'d':{'dtype':'F64','shape':[1],'data_offsets':[16,24]}}", data));
        try (StoredWeights weights = StoredWeights.open(folder)) {
            FloatBuffer big = ByteBuffer.allocateDirect(24).order(ByteOrder.BIG_ENDIAN).asFloatBuffer().position(1).limit(5);
            weights.read("h", 1, big);
            assertEquals(5, big.position());
            assertEquals(FloatBuffer.wrap(new float[] {0, -2, 0x1p-24f, 65504, Float.POSITIVE_INFINITY, 0}), big.clear());
            FloatBuffer direct = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()).asFloatBuffer();
            weights.read("b", 1, direct);
            assertEquals(FloatBuffer.wrap(new float[] {-0.5f, 2}), direct.flip());
            weights.read("b", 3, FloatBuffer.allocate(0));
            refused(() -> weights.read("b", 2, FloatBuffer.allocate(2)), "tensor b", "3 elements", "2 from 2");
            refused(() -> weights.read("b", 4, FloatBuffer.allocate(0)), "tensor b", "3 elements");
            refused(() -> weights.read("b", -1, FloatBuffer.allocate(1)), "tensor b", "3 elements");
            refused(() -> weights.read("b", Long.MAX_VALUE, FloatBuffer.allocate(1)), "tensor b", "3 elements");
            refused(() -> weights.read("d", 0, FloatBuffer.allocate(1)), "tensor d", "F64", "F32");
        }
    }

    @Test
    void aTensorBeyondFourGigabytesIsReadAtItsPlace() throws IOException {
        long elements = 2_500_000_000L;
        byte[] header = Stored.file("{'t':{'dtype':'BF16','shape':[50000,50000],'data_offsets':[0,5000000000]}}", new byte[0]);
        // A file of holes: it takes a page or two.
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve(StoredWeights.SINGLE).toFile(), "rw")) {
            file.write(header);
            file.setLength(header.length + 2 * elements);
            file.seek(header.length + 2 * (elements - 2));
            file.write(new byte[] {(byte) 0x80, 0x3f, 0, 0x40});
        }
        try (StoredWeights weights = StoredWeights.open(folder)) {
            FloatBuffer last = FloatBuffer.allocate(3);
            weights.read("t", elements - 3, last);
            assertArrayEquals(new float[] {0, 1, 2}, last.array());
        }
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() throws IOException {
        Files.delete(folder.resolve(THIRD));
        index("{'weight_map':{'a':'%s','b':'%s','x':'%s','d':'%s','y':'../other.safetensors'}}".formatted(FIRST, FIRST, SECOND, THIRD));
        InputException e = refused(() -> StoredWeights.open(folder), "6 problems");
        assertEquals(6, e.problems().size());
        for (String problem : List.of("weight_map names a file ../other.safetensors; expected a plain name",
                THIRD + ": is missing", SECOND + ": has a tensor b, which " + StoredWeights.INDEX + " says is in " + FIRST,
                SECOND + ": has a tensor c, which " + StoredWeights.INDEX + " does not name",
                "tensor b is said to be in " + FIRST + ", which has none of that name", "tensor x is said to be in " + SECOND)) {
            assertTrue(e.problems().stream().anyMatch(p -> p.contains(problem)), e.getMessage());
        }
        assertTrue(e.problems().stream().allMatch(p -> p.startsWith(folder.toString())), e.getMessage());
    }

    @Test
    void aFloodOfProblemsIsCutShort() throws IOException {
        index(IntStream.range(0, 1000).mapToObj(i -> "'t" + i + "':'" + FIRST + "'").collect(Collectors.joining(",", "{'weight_map':{", "}}")));
        InputException e = refused(() -> StoredWeights.open(folder), "1001 problems:", "\n  and 981 more");
        assertEquals(22, e.getMessage().lines().count(), e.getMessage());
    }

    @Test
    void aDamagedShardIsNamed() throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve(SECOND));
        Files.write(folder.resolve(SECOND), Arrays.copyOf(bytes, bytes.length - 1));
        InputException e = refused(() -> StoredWeights.open(folder), SECOND, "tensor c", "truncated");
        assertEquals(1, e.problems().size());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "'' | is not a JSON object",
        "[] | is not a JSON object",
        "{'metadata':{'total_size':152}} | weight_map is missing or empty",
        "{'weight_map':{}} | weight_map is missing or empty",
        "{'weight_map':[]} | weight_map is not an object",
        "{'weight_map':{'a':1}} | the file of tensor a is not a string",
        "{'weight_map':{'a':{}}} | the file of tensor a is not a string",
        "{'weight_map':{'':'" + FIRST + "'}} | name is empty",
        "{'weight_map':{'a':'" + FIRST + "','a':'" + SECOND + "'}} | is there twice",
        "{'weight_map':{'a':'" + FIRST + "'},'weight_map':{'b':'" + SECOND + "'}} | is there twice",
        "{'metadata':[[[[1]]]],'weight_map':{}} | nested deeper than is read: at most 3",
        "{'weight_map':{'a':'" + FIRST + "'}} {} | goes on after its closing brace",
        "{'weight_map':{'a':'" + FIRST + "' | JSON",
    })
    void anIndexThatIsNoneIsRefused(String json, String said) throws IOException {
        index(json);
        refused(() -> StoredWeights.open(folder), folder.resolve(StoredWeights.INDEX) + ": ", said);
    }

    @Test
    void whatPublishedIndexesHaveBesidesIsNotInTheWay() throws IOException {
        Path index = folder.resolve(StoredWeights.INDEX);
        String json = Files.readString(index);
        for (String metadata : List.of("{}", "{\"total_size\":1.5e10}", "{\"total_size\":-1,\"total_parameters\":null}", "\"x\"", "{\"files\":[1,2]}")) {
            Files.writeString(index, json.replaceFirst("(?s)\"metadata\": \\{.*?\\}", "\"metadata\": " + metadata));
            StoredWeights.open(folder).close();
        }
    }

    @Test
    void anIndexWithoutEndIsRefused() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve(StoredWeights.INDEX).toFile(), "rw")) {
            file.setLength((1 << 26) + 1);
        }
        refused(() -> StoredWeights.open(folder), StoredWeights.INDEX, "67108865 bytes", "at most 67108864");
        index(IntStream.rangeClosed(0, 10_000).mapToObj(i -> "'t" + i + "':'s" + i + ".safetensors'").collect(Collectors.joining(",", "{'weight_map':{", "}}")));
        refused(() -> StoredWeights.open(folder), StoredWeights.INDEX, "more than 10000 files");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../canary.safetensors", "/canary.safetensors", "ABSOLUTE", "link.safetensors", "out/canary.safetensors", "./" + FIRST,
        "..", ".", "", "sub\\\\canary.safetensors", "C:canary.safetensors", ".hidden.safetensors", "-x.safetensors", "canary.safetensors\\u0000", "canary.bin",
        "\\u001b[31mcanary.safetensors", "..safetensors", "canary.SAFETENSORS"})
    void noFileOutsideOfTheFolderIsOpened(String name) throws IOException {
        Path canary = canary();
        Files.createSymbolicLink(folder.resolve("link.safetensors"), canary);
        Files.createSymbolicLink(folder.resolve("out"), temporary);
        index("{'weight_map':{'a':'" + name.replace("ABSOLUTE", canary.toString()) + "'}}");
        InputException e = refused(() -> StoredWeights.open(folder), folder + "/");
        assertEquals(1, e.problems().size());
        assertFalse(e.getMessage().contains("CANARY"), e.getMessage());
        assertTrue(e.getMessage().matches(name.startsWith("link") ? ".*link to a file outside.*" : ".*expected a plain name.*"), e.getMessage());
    }

    @Test
    void aLinkOutOfTheFolderIsRefusedForTheSingleFileAndTheIndexToo() throws IOException {
        Path index = Files.move(folder.resolve(StoredWeights.INDEX), temporary.resolve("index.json"));
        Files.createSymbolicLink(folder.resolve(StoredWeights.INDEX), index);
        refused(() -> StoredWeights.open(folder), StoredWeights.INDEX, "link to a file outside");
        Files.createSymbolicLink(folder.resolve(StoredWeights.SINGLE), canary());
        refused(() -> StoredWeights.open(folder), StoredWeights.SINGLE, "link to a file outside");
    }

    @Test
    void aFolderOfTheDownloadCacheIsTakenAsItIs() throws IOException {
        Path snapshot = Files.createDirectories(temporary.resolve("models--x--y/snapshots/0123"));
        Path blobs = Files.createDirectory(temporary.resolve("models--x--y/blobs"));
        int hash = 0;
        for (String name : List.of(FIRST, SECOND, THIRD, StoredWeights.INDEX)) {
            Files.move(folder.resolve(name), blobs.resolve("" + hash));
            Files.createSymbolicLink(snapshot.resolve(name), Path.of("../../blobs/" + hash++));
        }
        try (StoredWeights weights = StoredWeights.open(snapshot)) {
            assertEquals(4, weights.tensors().size());
        }
        Files.delete(snapshot.resolve(SECOND));
        Files.createSymbolicLink(snapshot.resolve(SECOND), canary());
        refused(() -> StoredWeights.open(snapshot), SECOND, "link to a file outside");
    }

    @Test
    void aLinkWithinTheFolderAndALinkToTheFolderAreGood() throws IOException {
        Files.move(folder.resolve(SECOND), folder.resolve("elsewhere"));
        Files.createSymbolicLink(folder.resolve(SECOND), Path.of("elsewhere"));
        Path link = Files.createSymbolicLink(temporary.resolve("link"), folder);
        StoredWeights.open(link).close();
    }

    @Test
    void aFolderWithoutWeightsIsRefused() throws IOException {
        Path empty = Files.createDirectory(temporary.resolve("empty"));
        refused(() -> StoredWeights.open(empty), "empty", StoredWeights.SINGLE, StoredWeights.INDEX, "pytorch_model.bin");
        refused(() -> StoredWeights.open(temporary.resolve("none")), "none", "no folder");
        Files.createDirectory(empty.resolve(StoredWeights.INDEX));
        refused(() -> StoredWeights.open(empty), StoredWeights.INDEX, "not a file");
        Files.createDirectory(empty.resolve(StoredWeights.SINGLE));
        refused(() -> StoredWeights.open(empty), StoredWeights.SINGLE, "is a folder");
    }

    @Test
    void aPipeIsNotWaitedFor() throws IOException, InterruptedException {
        Path pipe = temporary.resolve("model/" + StoredWeights.SINGLE);
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        refused(() -> StoredWeights.open(folder), StoredWeights.SINGLE, "pipe");
    }

    @Test
    void namesMadeToCollideTakeNoLonger() throws IOException {
        // Strings of Aa and BB of one length all have the same hash.
        List<String> names = new ArrayList<>(List.of(""));
        for (int i = 0; i < 14; i++) {
            names = names.stream().flatMap(n -> List.of(n + "Aa", n + "BB").stream()).collect(Collectors.toList());
        }
        String header = names.stream().map(n -> "'" + n + "':{'dtype':'U8','shape':[0],'data_offsets':[0,0]}").collect(Collectors.joining(",", "{", "}"));
        Files.write(folder.resolve(StoredWeights.SINGLE), Stored.file(header, new byte[0]));
        long start = System.nanoTime();
        try (StoredWeights weights = StoredWeights.open(folder)) {
            assertEquals(1 << 14, weights.tensors().size());
        }
        assertTrue(System.nanoTime() - start < 5_000_000_000L);
    }

    /** A file that says so if somebody opens it. */
    private Path canary() throws IOException {
        return Files.write(temporary.resolve("canary.safetensors"), Stored.file("{'a':{'dtype':'CANARY','shape':[0],'data_offsets':[0,0]}}", new byte[0]));
    }

    private void index(String json) throws IOException {
        Files.writeString(folder.resolve(StoredWeights.INDEX), json.replace('\'', '"'));
    }

    private static float[] counting(int first, int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = first + i;
        }
        return values;
    }

    private static InputException refused(Runnable action, String... said) {
        InputException e = assertThrows(InputException.class, action::run);
        for (String part : said) {
            assertTrue(e.getMessage().contains(part), e.getMessage() + " does not say " + part);
        }
        return e;
    }
}
