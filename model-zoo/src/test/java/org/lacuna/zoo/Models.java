package org.lacuna.zoo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.lacuna.eval.measure.Measuring;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.zoo.format.Facts;

/** A tiny model that is fit to be published. */
public final class Models {
    public static final Facts FACTS = new Facts(Optional.of("Apache-2.0"), Optional.of("For tests."), Optional.of("Of random weights: it knows nothing."), Optional.of("en"));

    private Models() {
    }

    /** Its checkpoint. */
    public static ModelSource source(Path folder) {
        return ModelSource.of(Fixtures.unpack("llama-relu", folder).toString());
    }

    /** Its robustness on a few ids. */
    public static RobustnessResult measured(ModelSource source, Path folder) throws IOException {
        Path ids = folder.resolve("ids.bin");
        ByteBuffer bytes = ByteBuffer.allocate(4 * 2000).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 2000; i++) {
            bytes.putInt(3 + i * 31 % 150);
        }
        Files.write(ids, bytes.array());
        Settings settings = new Settings("top_p", List.of(1.0, 0.9, 0.5), TokenCoverage.EVERY, List.of(SiteSet.INTERMEDIATE), 1.01, 50, 1, 0.95);
        try (Workers one = new Workers(1)) {
            return new Measuring(List.of("data.ids=" + ids, "data.vocabularySize=160"), 4, 16, settings, new CpuDevice(), one, () -> false, line -> { }).of(source);
        }
    }
}
