package org.lacuna.model.family;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** All families there are. A new one is one line in {@link #ALL}. */
final class Families {
    private static final List<Family> ALL = List.of(
            new Llama(),
            new LacunaLlama(),
            new Mistral(),
            new Qwen2(),
            new Qwen3(),
            new Gemma3(),
            new Gpt2(),
            new Opt(),
            new GptNeoX(),
            new Olmoe(),
            new Qwen3Moe());

    private Families() {}

    /** The family with that {@code model_type}. */
    static Optional<Family> find(String modelType) {
        return ALL.stream().filter(f -> f.modelType().equals(modelType)).findFirst();
    }

    /** The family with that {@code model_type}, which is there. */
    static Family of(String modelType) {
        return find(modelType).orElseThrow(() -> new IllegalArgumentException("no family is called " + modelType + "; there are " + names()));
    }

    /** All their names, for messages. */
    static String names() {
        return ALL.stream().map(Family::modelType).collect(Collectors.joining(", "));
    }
}
