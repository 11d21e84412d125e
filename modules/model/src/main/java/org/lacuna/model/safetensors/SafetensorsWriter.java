package org.lacuna.model.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.graph.Tensor;

/**
 * Writes safetensors files as a stream. The bytes depend on nothing but the tensors and the metadata: the order is that
 * of Hugging Face's own writer (wider types first, so that each tensor is aligned; then by name).
 */
public final class SafetensorsWriter {
    private SafetensorsWriter() {}

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
        byte[] json = header(metadata, ordered);
        int padding = -json.length & 7;
        ByteBuffer start = ByteBuffer.allocate(Long.BYTES + json.length + padding).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(json.length + padding).put(json);
        while (start.hasRemaining()) {
            start.put((byte) ' ');
        }
        writeFully(out, start.flip());
        for (Tensor t : ordered) {
            writeFully(out, t.bytes().duplicate().clear());
        }
    }

    private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    private static byte[] header(Map<String, String> metadata, List<Tensor> ordered) throws IOException {
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
            for (Tensor t : ordered) {
                if (!names.add(t.name())) {
                    throw new IllegalArgumentException("two tensors are called " + t.name());
                }
                long end = begin + t.spec().bytes();
                json.writeObjectFieldStart(t.name());
                json.writeStringField("dtype", StoredType.of(t.dataType()).name());
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
}
