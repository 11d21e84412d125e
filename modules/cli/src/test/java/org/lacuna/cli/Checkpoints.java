package org.lacuna.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.model.safetensors.SafetensorsWriter;
import org.lacuna.model.safetensors.StoredTensor;
import org.lacuna.model.safetensors.StoredType;
import org.nd4j.linalg.api.buffer.DataType;

/** What tests of {@code import} and {@code export} do with commands and files. */
final class Checkpoints {
    private Checkpoints() {}

    /** What a command printed and returned. */
    record Result(int code, String out, String err) {}

    static Result lacuna(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.execute(Main.commandLine(new PrintWriter(out), new PrintWriter(err)), Arrays.stream(args).map(Object::toString).toArray(String[]::new));
        return new Result(code, out.toString(), err.toString());
    }

    /** Overwrites element {@code index} of a 4-byte-element tensor of a safetensors file, or the low half of an 8-byte one. */
    static void set(Path file, String tensor, int index, ByteBuffer value) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        StoredTensor stored;
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            stored = open.tensor(tensor);
        }
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long start = Long.BYTES + all.getLong(0) + stored.begin();
        all.position(Math.toIntExact(start + (long) index * stored.type().bytes())).put(value.clear());
        Files.write(file, bytes);
    }

    static void setFloat(Path file, String tensor, int index, float value) throws IOException {
        set(file, tensor, index, ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, value));
    }

    static void setLong(Path file, String tensor, int index, long value) throws IOException {
        set(file, tensor, index, ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value));
    }

    /** The F32 and I64 tensors of a file, in memory. */
    static List<Tensor> tensors(Path file) {
        List<Tensor> tensors = new ArrayList<>();
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            for (StoredTensor stored : open.tensors().values()) {
                Tensor t = zeros(stored.name(), stored.type() == StoredType.I64 ? DataType.INT64 : DataType.FLOAT, stored.shape());
                open.read(stored.name(), t);
                tensors.add(t);
            }
        }
        return tensors;
    }

    static Tensor zeros(String name, DataType type, long... shape) {
        return new CpuDevice().allocate(new TensorSpec(name, type, shape));
    }

    /** Writes a file with other tensors in it. */
    static void change(Path file, UnaryOperator<List<Tensor>> change) throws IOException {
        List<Tensor> changed = change.apply(tensors(file));
        try (OutputStream out = Files.newOutputStream(file)) {
            SafetensorsWriter.write(Channels.newChannel(out), Map.of("format", "pt"), changed);
        }
    }

    /** Every file below a folder with its bytes. */
    static Map<String, String> contents(Path folder) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.filter(Files::isRegularFile).toList()) {
                contents.put(folder.relativize(path).toString(), Arrays.toString(Files.readAllBytes(path)));
            }
        }
        return contents;
    }
}
