package org.lacuna.eval.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;

class ModelSourceTest {
    @Test
    void aModelTooLargeForTheMachineIsRefusedBeforeItIsLoaded(@TempDir Path folder) {
        Path checkpoint = folder.resolve("large");
        Model model = Initialization.of(ModelConfig.llama(257, 16, 24, 2, 2, 1, 8, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("silu"), 64,
                0.1, OptionalInt.empty(), List.of()), new CpuDevice(), 3);
        AtomicFiles.folder(checkpoint, fresh -> Checkpoint.write(fresh, model));
        ModelSource source = ModelSource.of(checkpoint.toString());
        long parameters = model.parameters().count();
        source.checkMemory(4 * parameters);
        assertEquals(String.format(Locale.ROOT, "%s: too large for this machine: its %,d parameters take 0.0 GB as 32-bit numbers, and there are 0.0 GB of"
                + " memory in all", checkpoint, parameters), assertThrows(RunException.class, () -> source.checkMemory(4 * parameters - 1)).getMessage());
        source.checkMemory(0); // unknown
    }
}
