package org.lacuna.sparsity.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.sparsity.Fixtures;

class RulesTest {
    @ParameterizedTest
    @CsvSource({"top_p, top_p, 120", "top_p_power2, top_p_energy, 120", "top_k, top_k, 120", "max_p, max_p, 120"})
    void everyReferenceLineOfARuleIsEqual(String reference, String rule, int expectedLines) {
        JsonNode vectors = Fixtures.json("rules/vectors.json");
        int lines = 0;
        for (JsonNode line : Fixtures.jsonLines("rules/rules.jsonl")) {
            if (line.get("rule").asText().equals(reference)) {
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

    /** Values of a rule's parameter, random rows of three lengths with zeros and ties: what a rule says of itself. */
    @Test
    void rulesThatSayThatTheyKeepAllOrDecideOnOneEntryAloneDo() {
        Random random = new Random(4);
        int all = 0;
        for (Rule rule : Rules.all()) {
            for (double p : new double[] {0, 1e-3, 0.5, 0.999, 1}) {
                for (int n : new int[] {1, 40, 200}) {
                    float[] row = new float[n];
                    for (int j = 0; j < n; j++) {
                        row[j] = j % 5 == 0 ? 0 : j % 7 == 0 ? -0.25f : (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 6));
                    }
                    row[n - 1] = 0.75f;
                    Set<Integer> kept = kept(rule, row, p);
                    Set<Integer> nonZeros = IntStream.range(0, n).filter(j -> row[j] != 0).boxed().collect(Collectors.toSet());
                    if (rule.keepsAll(p)) {
                        assertEquals(nonZeros, kept, rule.name() + " " + p);
                        all++;
                    }
                    if (rule.elementwise()) {
                        Set<Integer> alone = IntStream.range(0, n).filter(j -> kept(rule, new float[] {row[j]}, p).contains(0)).boxed().collect(Collectors.toSet());
                        assertEquals(alone, kept, rule.name() + " " + p);
                    }
                }
            }
        }
        assertTrue(all >= 3 * Rules.all().size(), "each keeps all at one value of these at least: " + all);
        assertEquals(Set.of("none", "threshold"), Rules.all().stream().filter(Rule::elementwise).map(Rule::name).collect(Collectors.toSet()));
    }

    private static Set<Integer> kept(Rule rule, float[] row, double p) {
        long[] kept = new long[(row.length + 63) / 64];
        rule.keep(row, row.length, new double[] {p}, 0, kept, new RowScratch(row.length));
        return new HashSet<>(indices(kept, row.length));
    }

    /** Why the functions that the paper's authors published keep another number than the definition wants. */
    private enum Reason {
        /** Their top-p keeps the largest entry and those equal to it where nothing was asked for. */
        NOTHING_ASKED_FOR,
        /** Their threshold is 0, and zeros reach it. */
        ZEROS,
        /** They keep all that equal the last one kept. */
        TIES,
        /** They square in float32, where small entries become 0. */
        UNDERFLOW,
        /** At p = 1 they stop where the sum is the total, which the smallest entries do not change. */
        ROUNDING
    }

    @Test
    void theAuthorsFunctionsKeepOthersForFiveReasons() {
        JsonNode vectors = Fixtures.json("rules/vectors.json");
        Map<String, Integer> found = new TreeMap<>();
        int compared = 0;
        for (JsonNode line : Fixtures.jsonLines("rules/rules.jsonl")) {
            if (!line.has("authors_kept_count")) {
                continue; // their top-k refuses to keep none
            }
            compared++;
            int theirs = line.get("authors_kept_count").asInt();
            if (theirs != line.get("kept").size()) {
                float[] row = row(vectors.get(line.get("vector").asText()));
                String rule = line.get("rule").asText();
                Reason reason = reason(rule, row, line.get("p").asDouble(), line.get("kept"), theirs);
                found.merge(rule + " " + reason, 1, Integer::sum);
            }
        }
        assertEquals(452, compared);
        assertEquals(new TreeMap<>(Map.ofEntries(Map.entry("max_p ZEROS", 13), Map.entry("top_k TIES", 22), Map.entry("top_k ZEROS", 27),
                Map.entry("top_p NOTHING_ASKED_FOR", 14), Map.entry("top_p TIES", 12), Map.entry("top_p ZEROS", 8),
                Map.entry("top_p_power2 NOTHING_ASKED_FOR", 13), Map.entry("top_p_power2 TIES", 11), Map.entry("top_p_power2 ZEROS", 9),
                Map.entry("top_p_power2 UNDERFLOW", 7), Map.entry("top_p_power2 ROUNDING", 1))), found);
    }

    /** The one of the reasons that explains their number exactly. */
    private static Reason reason(String rule, float[] row, double p, JsonNode kept, int theirs) {
        double edge = Double.POSITIVE_INFINITY;
        for (JsonNode index : kept) {
            edge = Math.min(edge, Math.abs(row[index.asInt()]));
        }
        double largest = 0;
        boolean hasZeros = false;
        for (float value : row) {
            largest = Math.max(largest, Math.abs(value));
            hasZeros |= value == 0;
        }
        if (rule.endsWith("power2") && atLeast(row, (float) edge * (float) edge, true) == theirs && (float) edge * (float) edge < Float.MIN_NORMAL) {
            return Reason.UNDERFLOW;
        }
        if (hasZeros && theirs == row.length) {
            return Reason.ZEROS;
        }
        if (p == 0 && rule.startsWith("top_p") && atLeast(row, largest, false) == theirs) {
            return Reason.NOTHING_ASKED_FOR;
        }
        if (atLeast(row, edge, false) == theirs) {
            return Reason.TIES;
        }
        if (p == 1 && rule.endsWith("power2") && row.length - theirs == 1) {
            double all = 0;
            double least = Double.POSITIVE_INFINITY;
            for (float value : row) {
                all += (double) value * value;
                least = Math.min(least, (double) value * value);
            }
            if (all - least == all) {
                return Reason.ROUNDING;
            }
        }
        throw new AssertionError(rule + ", p = " + p + ": they keep " + theirs + " of " + Arrays.toString(row) + ", which nothing explains");
    }

    private static int atLeast(float[] row, double least, boolean squares) {
        int count = 0;
        for (float value : row) {
            if ((squares ? value * value : Math.abs(value)) >= least) {
                count++;
            }
        }
        return count;
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
        assertEquals("no rule 'topp'; there are none, top_p, stat_top_k, top_k, max_p, threshold, top_p_energy, bottom_k, random_k",
                assertThrows(IllegalArgumentException.class, () -> Rules.byName("topp")).getMessage());
        assertEquals("no rule with code 9; there are 0 (none), 1 (top_p), 2 (stat_top_k), 3 (top_k), 4 (max_p), 5 (threshold), 6 (top_p_energy), 7 (bottom_k), 8 (random_k)",
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
