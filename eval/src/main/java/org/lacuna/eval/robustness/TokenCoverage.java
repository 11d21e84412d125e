package org.lacuna.eval.robustness;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * Which tokens of a text a rule is applied to. Published results differ in it, from the last token of a prompt to all, and are not comparable
 * for that; so it is part of every result. The others pass unchanged, and are not counted in the sparsity.
 *
 * @param kind  which
 * @param share of {@link Kind#LAST}: of a text's tokens, how many at its end, above 0 and below 1; else 1
 */
public record TokenCoverage(Kind kind, double share) {
    /** The kinds there are. */
    public enum Kind {
        /** All tokens. */
        ALL,
        /** All but a text's first, where models keep a sink of attention. */
        BUT_FIRST,
        /** The last share of a text: what is left of t tokens after ⌊t · (1 − share)⌋. */
        LAST,
        /** Where a continuation is predicted: from the last token of the context on. */
        DECODE,
        /** What is read after the context: of a continuation, or of what is written, all but the last token. */
        GENERATED
    }

    /** All tokens, as the paper has it (arXiv 2509.00454). */
    public static final TokenCoverage EVERY = new TokenCoverage(Kind.ALL, 1);

    private static final String LAST = "last:";

    /** Checks the share. */
    public TokenCoverage {
        if (kind == Kind.LAST ? !(share > 0 && share < 1) : share != 1) {
            throw new IllegalArgumentException("coverage " + kind + " with share " + share);
        }
    }

    /**
     * Reads {@code all}, {@code but_first}, {@code last:0.5}, {@code decode} or {@code generated}.
     *
     * @throws IllegalArgumentException if it is none; the message lists them
     */
    @JsonCreator
    public static TokenCoverage parse(String text) {
        try {
            if (text.startsWith(LAST)) {
                return new TokenCoverage(Kind.LAST, Double.parseDouble(text.substring(LAST.length())));
            }
            for (Kind kind : Kind.values()) {
                if (kind != Kind.LAST && kind.name().toLowerCase(Locale.ROOT).equals(text)) {
                    return new TokenCoverage(kind, 1);
                }
            }
        } catch (IllegalArgumentException e) {
            // Said below: what it should have been matters, not how it was wrong.
        }
        throw new IllegalArgumentException("no coverage '" + text + "'; there are all, but_first, last:SHARE with a share between 0 and 1, decode and generated");
    }

    /**
     * Whether it covers a token.
     *
     * @param t           its position
     * @param length      tokens of the text
     * @param firstScored the first position whose next token is scored
     */
    boolean covers(int t, int length, int firstScored) {
        return switch (kind) {
            case ALL -> true;
            case BUT_FIRST -> t > 0;
            // The small number undoes the rounding of 100 * (1 - 0.8) to just below 20.
            case LAST -> t >= (int) (length * (1 - share) + 1e-9);
            case DECODE -> t >= firstScored;
            case GENERATED -> t > firstScored;
        };
    }

    /**
     * How many tokens of a context are read as without a rule, whatever the rule is.
     *
     * @param context its tokens
     * @return empty where the context is covered, and so reads differently at every p
     */
    public OptionalInt dense(int context) {
        return switch (kind) {
            case DECODE -> OptionalInt.of(context - 1);
            case GENERATED -> OptionalInt.of(context);
            default -> OptionalInt.empty();
        };
    }

    /** How many tokens of a text it covers. */
    public int count(int length, int firstScored) {
        int count = 0;
        for (int t = 0; t < length; t++) {
            count += covers(t, length, firstScored) ? 1 : 0;
        }
        return count;
    }

    @JsonValue
    @Override
    public String toString() {
        return kind == Kind.LAST ? LAST + share : kind.name().toLowerCase(Locale.ROOT);
    }
}
