package org.lacuna.data.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.IdTokens;
import org.lacuna.data.random.SplitMix;
import org.lacuna.data.sample.Sampler;
import org.lacuna.data.sample.SamplerKind;
import org.lacuna.data.sample.Windows;

class MappedTokensTest {

    @TempDir
    private Path folder;

    private MappedTokens map(int[] ids, int idBytes, int pieceBits) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(ids.length * idBytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int id : ids) {
            if (idBytes == 2) {
                bytes.putShort((short) id);
            } else {
                bytes.putInt(id);
            }
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes.array());
        MappedTokens tokens = new MappedTokens(Files.write(folder.resolve("ids.bin"), bytes.array()), idBytes, pieceBits);
        assertEquals((int) crc.getValue(), tokens.crc32c());
        return tokens;
    }

    private static int[] ids(int count, int below) {
        SplitMix random = new SplitMix(3);
        return IntStream.generate(() -> (int) random.below(below)).limit(count).toArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void acrossTheBordersOfPieces(int idBytes) throws IOException {
        int[] ids = ids(1001, idBytes == 2 ? 1 << 16 : Integer.MAX_VALUE);
        // Pieces of 64 bytes.
        MappedTokens tokens = map(ids, idBytes, 6);
        assertEquals(1001, tokens.length());
        for (int i = 0; i < ids.length; i++) {
            assertEquals(ids[i], tokens.at(i));
        }
        SplitMix random = new SplitMix(4);
        for (int i = 0; i < 500; i++) {
            int from = (int) random.below(1001);
            int count = (int) random.below(1002 - from);
            int[] copied = new int[count + 3];
            tokens.copy(from, copied, 2, count);
            assertArrayEquals(Arrays.copyOfRange(ids, from, from + count), Arrays.copyOfRange(copied, 2, 2 + count));
            assertEquals(0, copied[count + 2]);
        }
        assertThrows(IndexOutOfBoundsException.class, () -> tokens.at(1001));
        assertThrows(IndexOutOfBoundsException.class, () -> tokens.at(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> tokens.at(1L << 40));
        assertThrows(IndexOutOfBoundsException.class, () -> tokens.copy(1000, new int[5], 0, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> tokens.copy(0, new int[4], 2, 3));
        assertThrows(IndexOutOfBoundsException.class, () -> tokens.copy(0, new int[4], 0, -1));
        int largest = Arrays.stream(ids).max().orElseThrow();
        assertFalse(tokens.fits(largest));
        assertTrue(tokens.fits(largest + (largest == Integer.MAX_VALUE ? 0 : 1)));
    }

    @Test
    void negativeIdsDoNotFit() throws IOException {
        assertFalse(map(new int[] {1, -1}, 4, 10).fits(Integer.MAX_VALUE));
        assertTrue(map(new int[] {1, 65_535}, 2, 10).fits(65_536));
    }

    @ParameterizedTest
    @EnumSource(SamplerKind.class)
    void samplersAndWindowsSeeWhatIsInAnArray(SamplerKind kind) throws IOException {
        int[] ids = ids(517, 1 << 16);
        MappedTokens mapped = map(ids, 2, 7);
        IdTokens array = new IdTokens(ids, 0, ids.length);
        Sampler there = kind.over(mapped, 3, 20, 9);
        Sampler here = kind.over(array, 3, 20, 9);
        for (int batch = 0; batch < 30; batch++) {
            assertArrayEquals(here.next().targets(), there.next().targets());
        }
        Sampler resumed = kind.over(mapped, 3, 20, 9);
        resumed.restore(here.state());
        assertArrayEquals(here.next().inputs(), resumed.next().inputs());
        assertArrayEquals(Windows.first(array, 25, 20).targets(), Windows.first(mapped, 25, 20).targets());
    }
}
