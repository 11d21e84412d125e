package org.lacuna.model.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.model.HostileLoad;
import org.lacuna.model.Mutations;
import org.lacuna.run.folder.AtomicFiles;

/** Thousands of damaged and malicious weights: each is loaded or refused, and nothing else happens. */
class HostileWeightsTest {
    /** Of each kind of weights; 10,000 in all take seconds. */
    private static final int MUTATIONS = Integer.getInteger("lacuna.test.mutations", 5_000);
    private static final String[] SHARDS = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"};

    @TempDir
    Path temporary;

    private int loaded;
    private int refused;

    @Test
    @Timeout(300)
    void aSingleFileIsLoadedOrRefused() throws IOException {
        byte[] data = new byte[76];
        byte[] original = Stored.file("{'__metadata__':{'format':'pt'},'a.weight':{'dtype':'F32','shape':[2,3],'data_offsets':[0,24]},"
                + "'empty':{'dtype':'F32','shape':[0,7],'data_offsets':[24,24]},'b.weight':{'dtype':'BF16','shape':[6],'data_offsets':[24,36]},"
                + "'c.weight':{'dtype':'F16','shape':[2,1,2],'data_offsets':[36,44]},'scalar':{'dtype':'I64','shape':[],'data_offsets':[44,52]},"
                + "'d.weight':{'dtype':'F32','shape':[6],'data_offsets':[52,76]}}", data);
        Path file = Files.createDirectory(temporary.resolve("model")).resolve(StoredWeights.SINGLE);
        Mutations mutations = new Mutations(1, "\"F32\"", "\"BF16\"", "\"F64\"", "\"F8_E5M2\"", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"",
                "\"a.weight\"", "24", "76", "12", "6");
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] bytes = ofFile(mutations, original);
            write(file, bytes);
            load("mutation " + i, file.getParent(), file.toString(), bytes.length);
        }
        assertBothHappened();
    }

    @Test
    @Timeout(300)
    void shardsAndTheirIndexAreLoadedOrRefusedAndNothingOutsideIsOpened() throws IOException {
        Path canary = Files.write(temporary.resolve("canary.safetensors"), Stored.file("{'a':{'dtype':'CANARY','shape':[0],'data_offsets':[0,0]}}", new byte[0]));
        Path folder = temporary.resolve("model");
        AtomicFiles.folder(folder, f -> SafetensorsWriter.writeSharded(f, Map.of("format", "pt"),
                List.of(Stored.counting("a", 0, 2, 3), Stored.counting("b", 0, 4), Stored.counting("c", 0, 7), Stored.counting("d", 0)), StoredType.BF16, 20));
        Files.createSymbolicLink(folder.resolve("link.safetensors"), canary);
        Files.createSymbolicLink(folder.resolve("out"), temporary);
        Mutations mutations = new Mutations(2, "\"../canary.safetensors\"", "\"" + canary + "\"", "\"link.safetensors\"", "\"out/canary.safetensors\"",
                "\"" + SHARDS[0] + "\"", "\"" + SHARDS[1] + "\"", "\"./" + SHARDS[0] + "\"", "\"" + SHARDS[0] + "/../../canary.safetensors\"", "\"..\"", "\"/dev/zero\"",
                "\"" + StoredWeights.INDEX + "\"", "\"model-00003-of-00002.safetensors\"", "\"weight_map\"", "\"metadata\"", "\"a\"", "\"b\"", "\"d\"");
        List<Path> files = List.of(folder.resolve(StoredWeights.INDEX), folder.resolve(SHARDS[0]), folder.resolve(SHARDS[1]));
        byte[] index = Files.readAllBytes(files.get(0));
        for (int i = 0; i < MUTATIONS; i++) {
            // Two thirds of them in the index, which is what is new here.
            Path file = files.get(Math.max(0, mutations.below(6) - 3));
            byte[] original = Files.readAllBytes(file);
            byte[] bytes = Arrays.equals(original, index) ? ofText(mutations, original) : ofFile(mutations, original);
            write(file, bytes);
            load("mutation " + i + " of " + file.getFileName(), folder, folder + "/", bytes.length + 1000);
            write(file, original);
        }
        assertBothHappened();
    }

    /** Not into the file that is there: some file systems wait for the disk where a file is cut and written again. */
    private static void write(Path file, byte[] bytes) throws IOException {
        Files.deleteIfExists(file);
        Files.write(file, bytes);
    }

    private void load(String what, Path folder, String named, long bytes) {
        String refusal = HostileLoad.run(what, named, bytes, () -> {
            try (StoredWeights weights = StoredWeights.open(folder)) {
                for (StoredTensor t : weights.tensors().values()) {
                    assertEquals(t.length(), Arrays.stream(t.shape()).reduce(1, Math::multiplyExact), t::toString);
                    if (t.type() == StoredType.F32 || t.type().name().endsWith("F16")) {
                        readAll(weights, t);
                    }
                }
            }
        });
        assertFalse(refusal.contains("CANARY"), () -> what + ": " + refusal);
        if (refusal.isEmpty()) {
            loaded++;
        } else {
            refused++;
        }
    }

    private static void readAll(StoredWeights weights, StoredTensor t) {
        FloatBuffer piece = FloatBuffer.allocate(5);
        for (long from = 0; from < t.length(); from += piece.capacity()) {
            weights.read(t.name(), from, piece.clear().limit((int) Math.min(piece.capacity(), t.length() - from)));
        }
    }

    private void assertBothHappened() {
        assertTrue(loaded > MUTATIONS / 50 && refused > MUTATIONS / 4, loaded + " loaded, " + refused + " refused");
    }

    private static byte[] ofText(Mutations mutations, byte[] json) {
        return mutations.below(8) == 0 ? mutations.ofBytes(json) : mutations.ofJson(json);
    }

    /** Changes a safetensors file anywhere, or its header alone with the length that it then has or with another, or the data's length. */
    private static byte[] ofFile(Mutations mutations, byte[] file) {
        int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        byte[] header = Arrays.copyOfRange(file, Long.BYTES, Long.BYTES + length);
        byte[] data = Arrays.copyOfRange(file, Long.BYTES + length, file.length);
        switch (mutations.below(8)) {
            case 0 -> {
                return mutations.ofBytes(file);
            }
            case 1 -> {
                return Stored.file(mutations.length(), ofText(mutations, header), data);
            }
            case 2 -> {
                return Stored.file(header, Arrays.copyOf(data, mutations.below(2 * data.length)));
            }
            case 3 -> {
                return Stored.file(header, mutations.ofBytes(data));
            }
            case 4 -> {
                return wrapping(mutations);
            }
            default -> {
                return Stored.file(ofText(mutations, header), data);
            }
        }
    }

    /** A file that agrees with its header if the product of the shape is taken as one of 64 bits, which it may not fit into. */
    private static byte[] wrapping(Mutations mutations) {
        long[] shape = new long[1 + mutations.below(4)];
        long product = Float.BYTES;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = 1L << mutations.below(63);
            product *= shape[i];
        }
        int bytes = (int) Math.max(0, Math.min(product, 100));
        return Stored.file("{'a':{'dtype':'F32','shape':" + Arrays.toString(shape) + ",'data_offsets':[0," + bytes + "]}}", new byte[bytes]);
    }
}
