package org.lacuna.model.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import org.lacuna.graph.Tensor;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * An open safetensors file. Its header has been checked in full before the first tensor is read: what {@link #tensors}
 * says can be relied on, whoever wrote the file. Numbers are read as they are; whether they are finite is the caller's
 * to ask.
 *
 * <p>Tensors are read from the file's channel into the caller's memory. The file is never mapped: pages of a mapped file
 * count as the process's own memory, and a file that somebody shortens would end the process.
 *
 * <p>Several threads may read at a time.
 *
 * <p>Wrong content is an {@link InputException} naming the file, the tensor and what is wrong; a device that can't be
 * read is a {@link RunException}.
 */
public final class SafetensorsFile implements AutoCloseable {
    /** Some 400,000 tensors. A longer header is taken for a corrupt file. */
    static final int MAX_HEADER_BYTES = 1 << 25;

    private final Path file;
    private final FileChannel channel;
    private final long dataStart;
    private final Header header;

    private SafetensorsFile(Path file, FileChannel channel, long dataStart, Header header) {
        this.file = file;
        this.channel = channel;
        this.dataStart = dataStart;
        this.header = header;
    }

    /** Opens {@code file} and checks its header. */
    public static SafetensorsFile open(Path file) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + " is a folder, not a safetensors file");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            // Opening a pipe would wait for somebody to write into it.
            throw new InputException(file + " is a pipe or a device, not a safetensors file");
        }
        FileChannel channel = null;
        SafetensorsFile result = null;
        try {
            channel = FileChannel.open(file);
            byte[] json = headerBytes(file, channel);
            long dataStart = Long.BYTES + (long) json.length;
            result = new SafetensorsFile(file, channel, dataStart, Header.parse(file, json, channel.size() - dataStart));
            return result;
        } catch (NoSuchFileException e) {
            throw new InputException("there is no file " + file, e);
        } catch (IOException e) {
            throw new RunException("can't read " + file + ": " + e, e);
        } finally {
            if (result == null && channel != null) {
                closeQuietly(channel);
            }
        }
    }

    private static byte[] headerBytes(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < Long.BYTES) {
            throw new InputException(file + ": not a safetensors file: " + size + " bytes, not even the 8 that say how long its header is");
        }
        ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        readFully(file, channel, prefix, 0, "the header's length");
        long length = prefix.getLong(0);
        if (length < 0 || length > size - Long.BYTES || length > MAX_HEADER_BYTES) {
            throw new InputException(file + ": not a safetensors file, or a truncated one: its header would be " + Long.toUnsignedString(length)
                    + " bytes long, the file has " + size + " and a header at most " + MAX_HEADER_BYTES);
        }
        ByteBuffer json = ByteBuffer.allocate((int) length);
        readFully(file, channel, json, Long.BYTES, "the header");
        return json.array();
    }

    /** Which file it is. */
    Path file() {
        return file;
    }

    /** The file's tensors by name, in the order in which they lie in it. */
    public Map<String, StoredTensor> tensors() {
        return Collections.unmodifiableMap(header.tensors());
    }

    /** The file's own key-value pairs, empty where it has none. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /**
     * The tensor called {@code name}.
     *
     * @throws InputException if the file has none
     */
    public StoredTensor tensor(String name) {
        StoredTensor stored = header.tensors().get(name);
        if (stored == null) {
            throw new InputException(file + ": there is no tensor " + name);
        }
        return stored;
    }

    /**
     * Copies a stored tensor into {@code target}, which has as many elements. F16 and BF16 become FLOAT, which holds each
     * of their values exactly; the other types are read into their own (F32 into FLOAT, F64 DOUBLE, I32 INT, I64 LONG).
     */
    public void read(String name, Tensor target) {
        StoredTensor stored = tensor(name);
        boolean half = stored.type() == StoredType.F16 || stored.type() == StoredType.BF16;
        if (half ? target.dataType() != DataType.FLOAT : stored.type() != StoredType.of(target.dataType())) {
            throw new InputException(file + ": tensor " + name + " is stored as " + stored.type() + ", wanted is " + StoredType.of(target.dataType()));
        }
        if (stored.length() != target.length()) {
            throw new InputException(file + ": tensor " + stored + " has " + stored.length() + " elements, wanted is " + target);
        }
        if (half) {
            read(name, 0, target.floats());
        } else {
            read(stored, 0, target.bytes().duplicate().clear());
        }
    }

    /**
     * Fills {@code into}, from its position to its limit, with the elements of an F32, F16 or BF16 tensor from element
     * {@code from} on, row by row; each is exact as a float. It takes less than a megabyte beside, however large the tensor is.
     *
     * @throws InputException if there are not that many elements, or they are of another type
     */
    public void read(String name, long from, FloatBuffer into) {
        StoredTensor stored = tensor(name);
        StoredType type = stored.type();
        if (type != StoredType.F32 && type != StoredType.F16 && type != StoredType.BF16) {
            throw new InputException(file + ": tensor " + name + " is stored as " + type + ", wanted is F32, F16 or BF16");
        }
        if (from < 0 || into.remaining() > stored.length() - from) {
            throw new InputException(file + ": tensor " + stored + " has " + stored.length() + " elements, wanted are " + into.remaining() + " from " + from + " on");
        }
        Chunk chunk = new Chunk(type, into.remaining());
        while (into.hasRemaining()) {
            int n = Math.min(chunk.capacity(), into.remaining());
            read(stored, from * type.bytes(), chunk.bytes(n));
            chunk.decode(n);
            into.put(chunk.floats(), 0, n);
            from += n;
        }
    }

    /** The elements of an F32 tensor. */
    public float[] floats(String name) {
        ByteBuffer bytes = heapCopy(name, StoredType.F32);
        float[] values = new float[bytes.capacity() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    /** The elements of an I64 tensor. */
    public long[] longs(String name) {
        ByteBuffer bytes = heapCopy(name, StoredType.I64);
        long[] values = new long[bytes.capacity() / Long.BYTES];
        bytes.asLongBuffer().get(values);
        return values;
    }

    private ByteBuffer heapCopy(String name, StoredType wanted) {
        StoredTensor stored = tensor(name);
        if (stored.type() != wanted) {
            throw new InputException(file + ": tensor " + name + " is stored as " + stored.type() + ", wanted is " + wanted);
        }
        long size = stored.end() - stored.begin();
        if (size > Integer.MAX_VALUE - 8) {
            throw new InputException(file + ": tensor " + name + " has " + size + " bytes, too many for an array");
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
        read(stored, 0, bytes);
        return bytes.rewind();
    }

    /** Fills {@code into} from byte {@code from} of the tensor on. */
    private void read(StoredTensor stored, long from, ByteBuffer into) {
        try {
            readFully(file, channel, into, dataStart + stored.begin() + from, "tensor " + stored.name());
        } catch (IOException e) {
            throw new RunException("can't read tensor " + stored.name() + " of " + file + ": " + e, e);
        }
    }

    private static void readFully(Path file, FileChannel channel, ByteBuffer into, long position, String what) throws IOException {
        while (into.hasRemaining()) {
            int n = channel.read(into, position);
            if (n < 0) {
                throw new InputException(file + " ends within " + what + ": somebody shortened it while it was read");
            }
            position += n;
        }
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing was written; whatever made opening fail says more.
            return;
        }
    }

    @Override
    public void close() {
        closeQuietly(channel);
    }
}
