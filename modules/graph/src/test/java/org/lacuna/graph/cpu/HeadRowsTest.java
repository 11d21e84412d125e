package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.nd4j.linalg.api.buffer.DataType;

class HeadRowsTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final List<DataType> TYPES = List.of(DataType.FLOAT, DataType.BFLOAT16);
    private static final int LENGTH = 7;
    private static final int HEADS = 3;
    private static final int ROWS = 5;

    private static Tensor random(Random random, DataType type, long... shape) {
        Tensor t = DEVICE.allocate(new TensorSpec("t", type, shape));
        byte[] content = new byte[t.bytes().capacity()];
        random.nextBytes(content);
        t.bytes().put(0, content);
        return t;
    }

    private static byte[] content(Tensor t) {
        byte[] content = new byte[t.bytes().capacity()];
        t.bytes().get(0, content);
        return content;
    }

    /** Where a head starts in the third row: mostly not at a whole float. */
    private static int at(int head, int size) {
        return 2 * HEADS * size + head * size;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 14, 16, 17, 32, 33, 67})
    void gathersAHeadsRows(int size) {
        Random random = new Random(size);
        for (DataType type : TYPES) {
            for (int head = 0; head < HEADS; head++) {
                Tensor tensor = random(random, type, 1, LENGTH, HEADS * size);
                Tensor dense = random(random, type, ROWS + 1, size);
                byte[] expected = content(dense);
                int bytes = size * type.width();
                for (int row = 0; row < ROWS; row++) {
                    tensor.bytes().get((at(head, size) + row * HEADS * size) * type.width(), expected, row * bytes, bytes);
                }
                HeadRows.gather(tensor, at(head, size), ROWS, dense);
                assertArrayEquals(expected, content(dense), type + ", head " + head + "; the row behind stays");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 14, 16, 17, 32, 33, 67})
    void scattersAHeadsRowsAndNothingElse(int size) {
        Random random = new Random(size);
        for (DataType type : TYPES) {
            for (int head = 0; head < HEADS; head++) {
                Tensor dense = random(random, type, ROWS + 1, size);
                Tensor tensor = random(random, type, 1, LENGTH, HEADS * size);
                byte[] expected = content(tensor);
                int bytes = size * type.width();
                for (int row = 0; row < ROWS; row++) {
                    dense.bytes().get(row * bytes, expected, (at(head, size) + row * HEADS * size) * type.width(), bytes);
                }
                HeadRows.scatter(dense, ROWS, tensor, at(head, size));
                assertArrayEquals(expected, content(tensor), type + ", head " + head);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 14, 16, 17, 32, 33, 67})
    void roundsFloatsForATensorOfBf16(int size) {
        Random random = new Random(size);
        for (int head = 0; head < HEADS; head++) {
            Tensor dense = random(random, DataType.FLOAT, ROWS + 1, size);
            Tensor tensor = random(random, DataType.BFLOAT16, 1, LENGTH, HEADS * size);
            Tensor expected = DEVICE.allocate(tensor.spec());
            expected.bytes().put(0, content(tensor));
            for (int i = 0; i < ROWS * size; i++) {
                int to = at(head, size) + i / size * HEADS * size + i % size;
                expected.bytes().putShort(to * Short.BYTES, Bfloat16.of(dense.getFloat(i)));
            }
            HeadRows.scatter(dense, ROWS, tensor, at(head, size));
            assertArrayEquals(content(expected), content(tensor), "head " + head);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 14, 16, 17, 32, 33, 67})
    void widensBf16ForRowsOfFloats(int size) {
        Random random = new Random(size);
        for (int head = 0; head < HEADS; head++) {
            Tensor tensor = random(random, DataType.BFLOAT16, 1, LENGTH, HEADS * size);
            Tensor dense = random(random, DataType.FLOAT, ROWS + 2, size);
            Tensor expected = DEVICE.allocate(dense.spec());
            expected.bytes().put(0, content(dense));
            for (int i = 0; i < ROWS * size; i++) {
                int from = at(head, size) + i / size * HEADS * size + i % size;
                expected.bytes().putInt((size + i) * Float.BYTES, tensor.bytes().getShort(from * Short.BYTES) << 16);
            }
            HeadRows.gather(tensor, at(head, size), ROWS, dense, 1);
            assertArrayEquals(content(expected), content(dense), "head " + head + "; the rows before and behind stay");
        }
    }

    @Test
    void roundsOnlyOnTheWayBack() {
        Tensor narrow = DEVICE.allocate(new TensorSpec("narrow", DataType.BFLOAT16, 2, 3));
        Tensor wide = DEVICE.allocate(new TensorSpec("wide", DataType.FLOAT, 1, 2, 3));
        assertThrows(IllegalArgumentException.class, () -> HeadRows.scatter(narrow, 2, wide, 0));
        assertThrows(IllegalArgumentException.class, () -> HeadRows.gather(wide, 0, 2, narrow));
    }
}
