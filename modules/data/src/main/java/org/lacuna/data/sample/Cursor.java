package org.lacuna.data.sample;

import com.fasterxml.jackson.databind.JsonNode;
import org.lacuna.run.InputException;

/** Reads a saved cursor and says what is wrong with it. */
final class Cursor {

    private final JsonNode state;

    Cursor(JsonNode state, String sampler) {
        this.state = state;
        String saved = state.path("sampler").asText();
        if (!saved.equals(sampler)) {
            throw new InputException("data cursor: saved by sampler '" + saved + "', but the recipe's is '" + sampler + "'");
        }
    }

    void expect(String key, long value) {
        long saved = number(key, Long.MIN_VALUE, Long.MAX_VALUE);
        if (saved != value) {
            throw new InputException("data cursor: " + key + " was " + saved + " when it was saved and is " + value
                    + " now; go on with the recipe and the corpus of the saved run");
        }
    }

    long number(String key, long min, long max) {
        JsonNode value = state.path(key);
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < min || value.longValue() > max) {
            throw new InputException("data cursor: " + key + " is " + value + ", expected a whole number from " + min
                    + " to " + max);
        }
        return value.longValue();
    }

    long hexadecimal(String key) {
        String value = state.path(key).asText();
        try {
            return Long.parseUnsignedLong(value, 16);
        } catch (NumberFormatException e) {
            throw new InputException("data cursor: " + key + " is '" + value + "', expected up to 16 hexadecimal digits");
        }
    }
}
