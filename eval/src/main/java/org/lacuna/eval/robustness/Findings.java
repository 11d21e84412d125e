package org.lacuna.eval.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** Where pieces of measurements are kept under the hash of what was asked. Used from several threads. */
public interface Findings {
    /** Keeps nothing. */
    Findings NONE = new Findings() {
        @Override
        public Optional<JsonNode> of(String question) {
            return Optional.empty();
        }

        @Override
        public void keep(String question, JsonNode finding) {
        }
    };

    /** What was found before. */
    Optional<JsonNode> of(String question);

    /** Keeps it for the next time. */
    void keep(String question, JsonNode finding);
}
