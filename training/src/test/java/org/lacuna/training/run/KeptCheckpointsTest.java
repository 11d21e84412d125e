package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.TrainSettings;

class KeptCheckpointsTest {
    @TempDir
    private Path run;

    /** A checkpoint's state alone; {@code validation}: the step of the last validation and its loss. */
    private void checkpoint(long step, long validated, String loss) throws IOException {
        Path folder = Files.createDirectories(run.resolve(String.format(Locale.ROOT, "checkpoints/step-%06d", step)));
        Files.writeString(folder.resolve("state.json"), "{\"step\":" + step + ",\"tokens\":0,\"sampler\":{},\"validation\":{\"step\":" + validated + ",\"loss\":" + loss
                + ",\"best_step\":1,\"best_loss\":0.5,\"since_best\":1}}");
    }

    private Set<Long> kept(String settings) {
        TrainSettings train = Recipes.parse("settings", "{steps: 100, saveEvery: 10, evalEvery: 5, " + settings + "}", List.of(), TrainSettings.class);
        return KeptCheckpoints.kept(RunFolder.checkpoints(run), train).stream().map(KeptCheckpoints::step).collect(Collectors.toSet());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            keep: {last: 1} | 60
            keep: {last: 3} | 60 53 50
            keep: {last: 99} | 60 53 50 40 30 20 10 0
            keep: {last: 1, every: 20} | 60 40 20 0
            keep: {last: 1, best: true} | 60 20
            keep: {last: 2, best: true, every: 30} | 60 53 30 20 0
            """)
    void eachPolicyKeepsItsOwn(String settings, String expected) throws IOException {
        // The lowest loss is that of 20, and of 30, which came later; what 50 has is 45's, and 40's file is damaged.
        checkpoint(0, 0, "9");
        checkpoint(10, 10, "3");
        checkpoint(20, 20, "2");
        checkpoint(30, 30, "2.0");
        checkpoint(40, 40, "1");
        checkpoint(50, 45, "1");
        checkpoint(53, 45, "1");
        checkpoint(60, 60, "\"NaN\"");
        Files.writeString(run.resolve("checkpoints/step-000040/state.json"), "{");
        assertEquals(Set.of(expected.split(" ")).stream().map(Long::valueOf).collect(Collectors.toSet()), kept(settings));
    }

    @Test
    void theOneToGoBackToIsKept() throws IOException {
        for (long step : new long[] {0, 10, 20, 23}) {
            checkpoint(step, step, "1");
        }
        assertEquals(Set.of(23L), kept("keep: {last: 1}"));
        assertEquals(Set.of(23L, 20L), kept("keep: {last: 1}, rollback: {times: 1}"));
    }
}
