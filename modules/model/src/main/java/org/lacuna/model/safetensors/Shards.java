package org.lacuna.model.safetensors;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lacuna.run.InputException;

/** How a model's tensors are dealt out to files: as transformers does it, so that either writes the same files. */
final class Shards {
    private Shards() {}

    /** The name of shard {@code i}, counted from 0. */
    static String name(int i, int shards) {
        return String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards);
    }

    /**
     * Fills one shard after another in the tensors' order. One that is larger than a whole shard becomes a shard at once,
     * before the one that is being filled, which goes on being filled.
     *
     * @return at least one shard
     */
    static List<List<StoredOutput>> plan(List<StoredOutput> tensors, StoredType type, long maxShardBytes) {
        if (maxShardBytes <= 0) {
            throw new IllegalArgumentException("shards of at most " + maxShardBytes + " bytes");
        }
        List<List<StoredOutput>> shards = new ArrayList<>();
        List<StoredOutput> current = new ArrayList<>();
        long left = maxShardBytes;
        for (StoredOutput t : tensors) {
            long bytes = SafetensorsWriter.bytes(t, type);
            if (bytes > maxShardBytes) {
                shards.add(List.of(t));
                continue;
            }
            if (bytes > left) {
                shards.add(current);
                current = new ArrayList<>();
                left = maxShardBytes;
            }
            current.add(t);
            left -= bytes;
        }
        if (!current.isEmpty() || shards.isEmpty()) {
            shards.add(current);
        }
        if (shards.size() > ShardIndex.MAX_SHARDS) {
            throw new InputException("at most " + maxShardBytes + " bytes in a file make " + shards.size() + " files of weights; allow more, so that there are at"
                    + " most " + ShardIndex.MAX_SHARDS);
        }
        return shards;
    }
}
