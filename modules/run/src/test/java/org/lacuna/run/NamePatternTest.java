package org.lacuna.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class NamePatternTest {
    @Test
    void matchesWhatTheRegularExpressionDoes() {
        Random random = new Random(1);
        int matched = 0;
        for (int i = 0; i < 20_000; i++) {
            String pattern = text(random, "ab.*?", 6);
            String name = text(random, "ab.", 7);
            StringBuilder regex = new StringBuilder();
            pattern.chars().forEach(c -> regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(Character.toString(c))));
            boolean expected = Pattern.matches(regex.toString(), name);
            assertEquals(expected, new NamePattern(pattern).matches(name), pattern + " on " + name);
            matched += expected ? 1 : 0;
        }
        assertTrue(matched > 1000 && matched < 19_000, "one-sided: " + matched);
    }

    @Test
    void starsUponStarsTakeNoTime() {
        String name = "model.layers.0.self_attn.q_proj.weight";
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
            assertFalse(new NamePattern("*".repeat(60) + "x").matches(name));
            assertFalse(new NamePattern("*e*".repeat(30) + "x").matches(name.repeat(20)));
        });
    }

    private static String text(Random random, String letters, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            text.append(letters.charAt(random.nextInt(letters.length())));
        }
        return text.toString();
    }
}
