package org.lacuna.training.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;

class MovingAverageTest {
    private final Device device = new CpuDevice();

    @Test
    void followsTheWeightsFromWhereTheyBegin() {
        Model model = Initialization.of(ModelConfig.llama(8, 4, 4, 1, 1, 1, 4, 1e-5, RotaryPosition.plain(10000), true, FeedForward.gated("relu"), 8, 0.3, OptionalInt.empty(),
                List.of()), device, 1);
        String name = model.parameters().names().get(0);
        Tensor weight = model.parameters().tensor(name);
        weight.setFloat(0, 8);
        MovingAverage average = new MovingAverage(device.flatMath(), model, 0.75);
        Tensor averaged = average.model().parameters().tensor(name);
        assertArrayEquals(weight.toFloats(), averaged.toFloats());
        try (Workers workers = new Workers(1)) {
            weight.setFloat(0, 0);
            average.update(workers);
            assertEquals(6, averaged.getFloat(0), "3/4 of 8 and 1/4 of 0");
            weight.setFloat(0, 2);
            average.update(workers);
            assertEquals(5, averaged.getFloat(0), "3/4 of 6 and 1/4 of 2");
            assertEquals(2, weight.getFloat(0));
            assertEquals(weight.getFloat(1), averaged.getFloat(1), "what does not move");
        }
    }
}
