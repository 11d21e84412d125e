package org.lacuna.training.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.Batch;
import org.lacuna.graph.Precision;
import org.lacuna.run.InputException;
import org.lacuna.training.recipe.Recompute;

class TokenBatchesTest {
    private static final Shape SHAPE = new Shape(Shape.llama(1, 8, 8, 1, 20, 3), 2, 3, 1, 1, 1, Precision.FP32, Recompute.NONE);

    @TempDir
    private Path folder;

    private Path file(int... ids) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ids);
        return Files.write(folder.resolve("ids"), bytes.array());
    }

    @Test
    void targetsAreTheNextTokens() throws IOException {
        List<Batch> batches = TokenBatches.read(file(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), SHAPE);
        assertEquals(2, batches.size());
        assertArrayEquals(new int[] {8, 9, 10, 12, 13, 14}, batches.get(1).inputs());
        assertArrayEquals(new int[] {9, 10, 11, 13, 14, 15}, batches.get(1).targets());
    }

    @Test
    void whatCanBeNoBatchesIsRefused() throws IOException {
        refused(file(), "holds 0 token ids; expected batches of 2 × (3 + 1) = 8");
        refused(file(1, 2, 3), "holds 3 token ids");
        refused(file(0, 1, 2, 3, 4, 5, 6, 20), "holds token id 20; the vocabulary has those from 0 to 19");
        refused(file(0, 1, 2, 3, 4, 5, 6, -1), "holds token id -1");
        refused(Files.write(folder.resolve("odd"), new byte[7]), "has 7 bytes");
        refused(folder.resolve("none"), "there is no file");
    }

    private static void refused(Path file, String message) {
        InputException e = assertThrows(InputException.class, () -> TokenBatches.read(file, SHAPE));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }
}
