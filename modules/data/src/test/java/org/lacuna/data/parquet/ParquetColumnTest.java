package org.lacuna.data.parquet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.random.SplitMix;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.InputException;

class ParquetColumnTest {

    private static final int STEP = 17;
    private static final int LARGEST = 1 << 24;

    @TempDir
    private Path temporary;
    private Path folder;
    private List<String> texts;

    @BeforeEach
    void unpack() throws IOException {
        folder = Fixtures.unpack(Fixtures.PARQUET, temporary);
        texts = Arrays.asList(new ObjectMapper().readValue(folder.resolve("texts.json").toFile(), String[].class));
    }

    private static List<String> read(Path file, String column, int largest) {
        List<String> texts = new ArrayList<>();
        try (ParquetColumn rows = new ParquetColumn(file, column, largest)) {
            for (byte[] text = rows.next(); text != null; text = rows.next()) {
                texts.add(new String(text, StandardCharsets.UTF_8));
            }
        }
        return texts;
    }

    private String refused(String file, String column) {
        return assertThrows(InputException.class, () -> read(folder.resolve(file), column, LARGEST)).getMessage();
    }

    @ParameterizedTest
    @CsvSource({"snappy-dictionary,text", "zstd-required-v2,text", "gzip-crc-small-pages,text", "lz4-content,content", "delta-length,text",
        "delta-bytes,text"})
    void everyFormIsReadBack(String name, String column) {
        assertEquals(texts, read(folder.resolve(name + ".parquet"), column, LARGEST));
    }

    @Test
    void theColumnMustBeThereAndHoldOneTextARow() {
        assertTrue(refused("snappy-dictionary.parquet", "content").contains("no column \"content\"; the columns there are: meta, id, text, tags"));
        assertTrue(refused("lz4-content.parquet", "id").contains("column \"id\" is of type INT64; expected one text a row"));
        assertTrue(refused("lz4-content.parquet", "tags").contains("column \"tags\" is a group of columns"));
        assertTrue(refused("null-in-row-21.parquet", "text").contains("null-in-row-21.parquet: row 21: column \"text\" is null"));
        assertTrue(refused("brotli.parquet", "text").contains("compressed by BROTLI; expected UNCOMPRESSED, SNAPPY"));
        assertTrue(refused("texts.json", "text").contains("does not end as a Parquet file does"));
    }

    @Test
    void aPageMayNotBeLargerThanAllowed() {
        InputException e = assertThrows(InputException.class, () -> read(folder.resolve("delta-length.parquet"), "text", 1000));
        assertTrue(e.getMessage().contains("it may have 1000 here"), e.getMessage());
    }

    /** A damaged file is refused, or gives as many rows as it has (a byte of a text may have changed): nothing else happens. */
    @ParameterizedTest
    @ValueSource(strings = {"snappy-dictionary", "zstd-required-v2", "gzip-crc-small-pages", "delta-length", "delta-bytes"})
    void damageIsRefused(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve(name + ".parquet"));
        Path file = temporary.resolve("damaged.parquet");
        SplitMix random = new SplitMix(7);
        int refused = 0;
        for (int place = (int) random.below(STEP); place < bytes.length; place += STEP) {
            byte[] damaged = bytes.clone();
            damaged[place] ^= (byte) (1 + random.below(255));
            refused += readOrRefused(file, damaged) ? 0 : 1;
        }
        for (int length = 0; length < bytes.length; length += 331) {
            assertTrue(!readOrRefused(file, Arrays.copyOf(bytes, length)), "cut to " + length);
        }
        assertTrue(refused > bytes.length / STEP / 20, refused + " of " + bytes.length);
    }

    private boolean readOrRefused(Path file, byte[] bytes) throws IOException {
        Files.write(file, bytes);
        try {
            read(file, "text", 1 << 20);
            return true;
        } catch (InputException e) {
            assertTrue(e.getMessage().contains("damaged.parquet"), e.getMessage());
            return false;
        }
    }
}
