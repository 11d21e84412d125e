package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;

/** Zeroed memory outside the Java heap, freed when nothing refers to it any more. */
final class CpuMemory implements Device.Memory {
    private static final int ALIGNMENT = 64;
    /** From so many bytes on, memory asks for huge pages. */
    private static final long HUGE = 2 * HugePages.SIZE;

    private final BytePointer raw;
    private final long base;
    private final long bytes;

    CpuMemory(long bytes) {
        this.bytes = bytes;
        boolean huge = bytes >= HUGE;
        long alignment = huge ? HugePages.SIZE : ALIGNMENT;
        raw = new BytePointer(bytes + alignment);
        base = (raw.address() + alignment - 1) / alignment * alignment;
        if (huge) {
            HugePages.advise(base, bytes); // before the pages are there
        }
        Pointer.memset(raw.getPointer(base - raw.address()), 0, bytes);
    }

    /** The next multiple of the alignment: an address, or a size that keeps what follows aligned. */
    static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Where it starts. */
    long address() {
        return base;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public Tensor tensor(TensorSpec spec, long offset) {
        long size = spec.bytes();
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(spec + " is larger than 2^31 - 1 bytes, the most that one tensor can have");
        }
        if (offset < 0 || offset + size > bytes || offset % ALIGNMENT != 0) {
            throw new IllegalArgumentException(spec + " does not lie at offset " + offset + " of " + bytes + " bytes");
        }
        BytePointer at = new BytePointer(raw.getPointer(base - raw.address() + offset));
        at.capacity(size);
        ByteBuffer buffer = size == 0 ? ByteBuffer.allocateDirect(0) : at.asByteBuffer();
        return new Tensor(spec, base + offset, buffer, raw);
    }
}
