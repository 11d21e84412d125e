package org.lacuna.training.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.lacuna.data.Batch;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

/** The batches that a bench trains on, one after the other and then from the first again. */
public final class TokenBatches {
    private static final int RANDOM_BATCHES = 4;

    private TokenBatches() {}

    /** Random tokens and random targets. */
    public static List<Batch> random(Shape shape) {
        Random random = new Random(1);
        List<Batch> batches = new ArrayList<>();
        for (int i = 0; i < RANDOM_BATCHES; i++) {
            batches.add(new Batch(shape.batch(), shape.window(), ids(random, shape), ids(random, shape)));
        }
        return batches;
    }

    private static int[] ids(Random random, Shape shape) {
        return random.ints(shape.tokens(), 0, shape.config().vocabulary()).toArray();
    }

    /**
     * Little-endian int32 token ids: batch after batch, window after window, window + 1 ids for each, so that the last has a
     * target too.
     *
     * @throws InputException if there is no such file, or it does not hold whole batches of the vocabulary's ids
     * @throws RunException if the file system refuses
     */
    public static List<Batch> read(Path file, Shape shape) {
        IntBuffer ids = ints(file);
        long each = (long) shape.batch() * (shape.window() + 1);
        if (ids.capacity() == 0 || ids.capacity() % each != 0) {
            throw new InputException(file + ": holds " + ids.capacity() + " token ids; expected batches of " + shape.batch() + " × (" + shape.window() + " + 1) = " + each);
        }
        List<Batch> batches = new ArrayList<>();
        while (ids.hasRemaining()) {
            batches.add(next(file, ids, shape));
        }
        return batches;
    }

    private static Batch next(Path file, IntBuffer ids, Shape shape) {
        int[] inputs = new int[shape.tokens()];
        int[] targets = new int[shape.tokens()];
        int[] window = new int[shape.window() + 1];
        for (int row = 0; row < shape.batch(); row++) {
            ids.get(window);
            for (int id : window) {
                if (id < 0 || id >= shape.config().vocabulary()) {
                    throw new InputException(file + ": holds token id " + id + "; the vocabulary has those from 0 to " + (shape.config().vocabulary() - 1));
                }
            }
            System.arraycopy(window, 0, inputs, row * shape.window(), shape.window());
            System.arraycopy(window, 1, targets, row * shape.window(), shape.window());
        }
        return new Batch(shape.batch(), shape.window(), inputs, targets);
    }

    private static IntBuffer ints(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new InputException("there is no file " + file);
        }
        try {
            byte[] bytes = Files.readAllBytes(file);
            if (bytes.length % Integer.BYTES != 0) {
                throw new InputException(file + ": has " + bytes.length + " bytes; expected int32 token ids, 4 bytes each");
            }
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + e.getMessage(), e);
        }
    }
}
