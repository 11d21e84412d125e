package org.lacuna.sparsity.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.sparsity.Fixtures;

class RulesTest {
    @ParameterizedTest
    @CsvSource({"top_p, 120", "top_k, 120"})
    void everyReferenceLineOfARuleIsEqual(String rule, int expectedLines) {
        JsonNode vectors = Fixtures.json("rules/vectors.json");
        int lines = 0;
        for (JsonNode line : Fixtures.jsonLines("rules/rules.jsonl")) {
            if (line.get("rule").asText().equals(rule)) {
                float[] row = row(vectors.get(line.get("vector").asText()));
                assertEquals(line.get("n").asInt(), row.length);
                long[] kept = new long[(row.length + 63) / 64];
                double p = line.get("p").asDouble();
                int count = Rules.byName(rule).keep(row, row.length, new double[] {p}, 0, kept, new RowScratch(row.length));
                List<Integer> expected = new ArrayList<>();
                line.get("kept").forEach(index -> expected.add(index.asInt()));
                String what = line.get("vector").asText() + ", p = " + p;
                assertEquals(expected, indices(kept, row.length), what);
                assertEquals(line.get("sparsity").asDouble(), 1 - count / (double) row.length, what);
                lines++;
            }
        }
        assertEquals(expectedLines, lines);
    }

    @Test
    void noneKeepsEveryNonZero() {
        float[] row = {0, 1, -0f, -2, Float.MIN_VALUE};
        long[] kept = {-1};
        assertEquals(3, Rules.byName("none").keep(row, 5, new double[0], 0, kept, new RowScratch(5)));
        assertEquals(0b11010, kept[0]);
    }

    @Test
    void rulesAreFoundByNameAndByCode() {
        Set<Integer> codes = new HashSet<>();
        for (Rule rule : Rules.all()) {
            assertSame(rule, Rules.byName(rule.name()));
            assertSame(rule, Rules.byCode(rule.code()));
            assertTrue(codes.add(rule.code()), "code " + rule.code() + " is taken twice");
        }
        assertEquals("no rule 'topp'; there are none, top_p, stat_top_k, top_k",
                assertThrows(IllegalArgumentException.class, () -> Rules.byName("topp")).getMessage());
        assertEquals("no rule with code 9; there are 0 (none), 1 (top_p), 2 (stat_top_k), 3 (top_k)",
                assertThrows(IllegalArgumentException.class, () -> Rules.byCode(9)).getMessage());
    }

    private static float[] row(JsonNode values) {
        float[] row = new float[values.size()];
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) values.get(i).asDouble();
        }
        return row;
    }

    private static List<Integer> indices(long[] bits, int n) {
        List<Integer> indices = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            if ((bits[i >> 6] & 1L << i) != 0) {
                indices.add(i);
            }
        }
        return indices;
    }
}
