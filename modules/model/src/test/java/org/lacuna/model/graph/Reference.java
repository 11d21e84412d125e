package org.lacuna.model.graph;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.safetensors.SafetensorsFile;

/** A fixture, loaded: the model, its batch with next-token targets, and what it must compute. */
final class Reference implements AutoCloseable {
    final Model model;
    final SafetensorsFile expected;
    final int rows;
    final int length;
    final int[] ids;
    final int[] positions;
    final int[] targets;
    final float[] weights;

    /** @param hubSpelling whether to read the config in the keys of published checkpoints */
    Reference(String name, boolean hubSpelling, Path temporary) throws IOException {
        Path folder = Fixtures.unpack(name, temporary);
        if (hubSpelling) {
            Files.move(folder.resolve("config.hub.json"), folder.resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
        }
        model = Checkpoint.load(folder, new CpuDevice());
        expected = SafetensorsFile.open(folder.resolve("expected.safetensors"));
        long[] shape = expected.tensor("input_ids").shape();
        rows = (int) shape[0];
        length = (int) shape[1];
        ids = Arrays.stream(expected.longs("input_ids")).mapToInt(Math::toIntExact).toArray();
        positions = new int[ids.length];
        targets = new int[ids.length];
        weights = new float[ids.length];
        int scored = rows * (length - 1);
        for (int i = 0; i < ids.length; i++) {
            positions[i] = i % length;
            boolean last = positions[i] == length - 1;
            targets[i] = last ? -1 : ids[i + 1];
            weights[i] = last ? 0 : 1f / scored;
        }
    }

    @Override
    public void close() {
        expected.close();
    }
}
