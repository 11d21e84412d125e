package org.lacuna.model.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.lacuna.graph.Tensor;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.FileOutput;

/**
 * Writes safetensors files as a stream. The bytes depend on nothing but the tensors and the metadata: the order is that
 * of Hugging Face's own writer (wider types first, so that each tensor is aligned; then by name).
 */
public final class SafetensorsWriter {
    private SafetensorsWriter() {}

    /** What the header says of a tensor. */
    private record Entry(String name, StoredType type, long[] shape, long bytes) {
    }

    /**
     * Writes a whole file to {@code out}, which stays open; tensors go to a file without a copy.
     *
     * @param metadata the file's own key-value pairs, written in the map's order; {@code format = pt} is what
     *     Hugging Face's loaders want to see in a model's weights
     * @param tensors FLOAT, DOUBLE, INT or LONG, under the names that they have in the file
     */
    public static void write(WritableByteChannel out, Map<String, String> metadata, List<Tensor> tensors) throws IOException {
        List<Tensor> ordered = new ArrayList<>(tensors);
        ordered.sort(Comparator.comparingInt((Tensor t) -> -StoredType.of(t.dataType()).bytes()).thenComparing(Tensor::name));
        writeHeader(out, metadata, ordered.stream().map(t -> new Entry(t.name(), StoredType.of(t.dataType()), t.shape(), t.spec().bytes())).toList());
        for (Tensor t : ordered) {
            writeFully(out, t.bytes().duplicate().clear());
        }
    }

    /**
     * Writes a whole file to {@code out}, which stays open, from tensors that are asked for in pieces.
     *
     * @param metadata as in {@link #write(WritableByteChannel, Map, List)}
     * @param type F32, or BF16: to the nearest, of two the even one, NaN stays NaN
     */
    public static void write(WritableByteChannel out, Map<String, String> metadata, List<StoredOutput> tensors, StoredType type) throws IOException {
        if (type != StoredType.F32 && type != StoredType.BF16) {
            throw new IllegalArgumentException("floats are written as F32 or BF16, not as " + type);
        }
        List<StoredOutput> ordered = new ArrayList<>(tensors);
        ordered.sort(Comparator.comparing(StoredOutput::name));
        writeHeader(out, metadata, ordered.stream().map(t -> new Entry(t.name(), type, t.shape(), bytes(t, type))).toList());
        long longest = ordered.stream().mapToLong(StoredOutput::length).max().orElse(0);
        Chunk chunk = new Chunk(type, longest);
        for (StoredOutput t : ordered) {
            writeElements(out, t, chunk);
        }
    }

    /**
     * Writes a model's weights into a folder that is being made, as transformers does: one {@value StoredWeights#SINGLE}
     * where they fit, else shards {@code model-00001-of-00003.safetensors} and so on, with {@value StoredWeights#INDEX}.
     *
     * @param metadata of each file, as in {@link #write(WritableByteChannel, Map, List)}
     * @param tensors in the order in which they are to fill the shards; transformers 5 has them by name, with numbers in it as numbers
     * @param type as in {@link #write(WritableByteChannel, Map, List, StoredType)}
     * @param maxShardBytes the most bytes that tensors take in one file, unless it is one tensor that is larger
     * @throws org.lacuna.run.InputException if that makes more shards than {@link StoredWeights} would open
     */
    public static void writeSharded(AtomicFiles.NewFolder folder, Map<String, String> metadata, List<StoredOutput> tensors, StoredType type, long maxShardBytes)
            throws IOException {
        List<List<StoredOutput>> shards = Shards.plan(tensors, type, maxShardBytes);
        SortedMap<String, String> shardOf = new TreeMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String name = shards.size() == 1 ? StoredWeights.SINGLE : Shards.name(i, shards.size());
            for (StoredOutput t : shards.get(i)) {
                if (shardOf.put(t.name(), name) != null) {
                    throw twice(t.name());
                }
            }
            try (FileOutput out = folder.file(name)) {
                write(out, metadata, shards.get(i), type);
            }
        }
        if (shards.size() > 1) {
            long parameters = tensors.stream().mapToLong(StoredOutput::length).sum();
            try (FileOutput out = folder.file(StoredWeights.INDEX)) {
                ShardIndex.write(out, parameters, parameters * type.bytes(), shardOf);
            }
        }
    }

    /** How many bytes a tensor takes in the file. */
    static long bytes(StoredOutput t, StoredType type) {
        return Math.multiplyExact(t.length(), type.bytes());
    }

    private static void writeElements(WritableByteChannel out, StoredOutput t, Chunk chunk) throws IOException {
        long length = t.length();
        for (long from = 0; from < length; from += chunk.capacity()) {
            int n = (int) Math.min(chunk.capacity(), length - from);
            FloatBuffer into = FloatBuffer.wrap(chunk.floats(), 0, n);
            t.elements().read(from, into);
            if (into.hasRemaining()) {
                throw new IllegalStateException("tensor " + t.name() + " gave " + (n - into.remaining()) + " of " + n + " elements from " + from + " on");
            }
            chunk.encode(n);
            writeFully(out, chunk.bytes(n));
        }
    }

    private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    private static void writeHeader(WritableByteChannel out, Map<String, String> metadata, List<Entry> ordered) throws IOException {
        byte[] json = header(metadata, ordered);
        int padding = -json.length & 7;
        ByteBuffer start = ByteBuffer.allocate(Long.BYTES + json.length + padding).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(json.length + padding).put(json);
        while (start.hasRemaining()) {
            start.put((byte) ' ');
        }
        writeFully(out, start.flip());
    }

    private static byte[] header(Map<String, String> metadata, List<Entry> ordered) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Set<String> names = new HashSet<>();
        try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart("__metadata__");
                for (Map.Entry<String, String> e : metadata.entrySet()) {
                    json.writeStringField(e.getKey(), e.getValue());
                }
                json.writeEndObject();
            }
            long begin = 0;
            for (Entry t : ordered) {
                if (!names.add(t.name())) {
                    throw twice(t.name());
                }
                long end = begin + t.bytes();
                json.writeObjectFieldStart(t.name());
                json.writeStringField("dtype", t.type().name());
                json.writeFieldName("shape");
                json.writeArray(t.shape(), 0, t.shape().length);
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {begin, end}, 0, 2);
                json.writeEndObject();
                begin = end;
            }
            json.writeEndObject();
        }
        return bytes.toByteArray();
    }

    private static IllegalArgumentException twice(String name) {
        return new IllegalArgumentException("two tensors are called " + name);
    }
}
