package org.lacuna.training.optimizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.graph.FlatMath.AdamWGroup;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.run.InputException;
import org.nd4j.linalg.api.buffer.DataType;

class ParameterGroupsTest {
    private static final ParameterStore STORE = store(List.of(new TensorSpec("embed.weight", DataType.FLOAT, 5, 2), new TensorSpec("layers.0.norm.weight", DataType.FLOAT, 2),
            new TensorSpec("layers.0.up.weight", DataType.FLOAT, 2, 3), new TensorSpec("layers.10.up.weight", DataType.FLOAT, 2, 3)));

    private static ParameterStore store(List<TensorSpec> specs) {
        return new ParameterStore(new CpuDevice(), specs);
    }

    private static ParameterGroup group(String pattern, double lr, Double weightDecay) {
        return new ParameterGroup(pattern, lr, Optional.ofNullable(weightDecay));
    }

    @ParameterizedTest
    @CsvSource({"*, true", "*norm*, true", "*.norm.*, true", "layers.?.norm.weight, true", "layers.*.weight, true", "layers.0.norm.weight, true", "l*0*t, true",
        "norm, false", "*.norm, false", "layers.??.norm.weight, false", "layers.0.norm?weight, true", "layersX0.norm.weight, false", "[a-z]*, false", "*?, true", "'', false"})
    void starsAndQuestionMarksAloneAreSpecial(String pattern, boolean matches) {
        assertEquals(matches, group(pattern, 1, null).matches("layers.0.norm.weight"));
    }

    @Test
    void matricesAloneDecayWithoutGroups() {
        AdamWGroup plain = new AdamWGroup(1, 0.1);
        assertEquals(Map.of("embed.weight", plain, "layers.0.norm.weight", new AdamWGroup(1, 0), "layers.0.up.weight", plain, "layers.10.up.weight", plain),
                ParameterGroups.of(STORE, List.of(), 0.1));
    }

    @Test
    void theFirstMatchCounts() {
        List<ParameterGroup> groups = List.of(group("*.norm.*", 0.5, 0.02), group("layers.?.*", 2, null), group("*", 3, 0.0));
        assertEquals(Map.of("embed.weight", new AdamWGroup(3, 0), "layers.0.norm.weight", new AdamWGroup(0.5, 0.02), "layers.0.up.weight", new AdamWGroup(2, 0.1),
                "layers.10.up.weight", new AdamWGroup(3, 0)), ParameterGroups.of(STORE, groups, 0.1));
    }

    @Test
    void aGroupOfNothingIsRefused() {
        InputException e = assertThrows(InputException.class, () -> ParameterGroups.of(STORE, List.of(group("layers.*", 1, null), group("*bias", 1, 0.0), group("*.up.*", 2, 0.0)), 0.1));
        assertEquals(List.of("train.groups: the pattern \"*bias\" matches no parameter that is trained; they are called embed.weight, layers.0.norm.weight, layers.0.up.weight,"
                + " layers.10.up.weight", "train.groups: the pattern \"*.up.*\" gets no parameter, since the groups before it have all that it matches; the first that matches"
                + " counts, so put it before them"), e.problems());
        ParameterStore many = store(IntStream.range(0, 15).mapToObj(i -> new TensorSpec("p" + i, DataType.FLOAT, 1)).toList());
        String named = assertThrows(InputException.class, () -> ParameterGroups.of(many, List.of(group("x", 1, null)), 0)).getMessage();
        assertEquals(true, named.endsWith("p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 and 3 more"), named);
    }
}
