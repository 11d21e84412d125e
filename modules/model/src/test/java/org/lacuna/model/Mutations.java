package org.lacuna.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Files as damage or malice may leave them: bytes in, changed bytes out, the same for the same seed. */
public final class Mutations {
    /** Numbers at the edges of what types hold, and what is no number. */
    private static final List<String> VALUES = List.of("0", "-0", "1", "-1", "2", "127", "255", "65536", "2147483647", "2147483648", "4294967295",
            "4294967296", "9007199254740993", "4611686018427387904", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
            "18446744073709551616", "99999999999999999999999999999999999999999999999999", "1e999", "-1e999", "1e-999", "1.5", "1e3", "1.0", "00", "0x10",
            "NaN", "Infinity", "null", "true", "false", "[]", "{}", "[[]]", "[0,0]", "[0]", "[0,0,0]", "{\"a\":1}", "",
            "\"\"", "\"1\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\u001b[31m\"", "\"\\u202e\"", "\"a\nb\"", "\"" + "x".repeat(70_000) + "\"", "9".repeat(2000));

    private static final Pattern TOKEN = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*+\"?|[\\[\\]{}:,]|[^\\s\"\\[\\]{}:,]++|\\s++");
    private static final List<String> OPENINGS = List.of("[", "{\"a\":", "[{\"a\":");

    private final Random random;
    private final List<String> values = new ArrayList<>(VALUES);

    /** @param more JSON values that are awkward in the files at hand: names, types, keys */
    public Mutations(long seed, String... more) {
        random = new Random(seed);
        Collections.addAll(values, more);
    }

    /** One of 0 to n - 1. */
    public int below(int n) {
        return random.nextInt(n);
    }

    /** A length as no honest file has it, or has by chance. */
    public long length() {
        return switch (below(4)) {
            case 0 -> random.nextLong();
            case 1 -> 1L << below(64);
            case 2 -> (1L << below(64)) - 1;
            default -> below(1000);
        };
    }

    /** One to four changes without regard to what the bytes mean: bits, pieces, lengths. */
    public byte[] ofBytes(byte[] original) {
        byte[] bytes = original;
        for (int n = 1 + below(4); n > 0; n--) {
            bytes = ofBytesOnce(bytes);
        }
        return bytes;
    }

    private byte[] ofBytesOnce(byte[] original) {
        byte[] bytes = original.clone();
        int at = below(bytes.length + 1);
        int end = at + below(Math.min(64, bytes.length - at) + 1);
        switch (below(7)) {
            case 0 -> {
                return Arrays.copyOf(bytes, at);
            }
            case 1 -> {
                return joined(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, end, bytes.length));
            }
            case 2 -> {
                return joined(Arrays.copyOf(bytes, end), Arrays.copyOfRange(bytes, at, bytes.length));
            }
            case 3 -> {
                byte[] noise = new byte[1 + below(16)];
                random.nextBytes(noise);
                return joined(joined(Arrays.copyOf(bytes, at), noise), Arrays.copyOfRange(bytes, at, bytes.length));
            }
            case 4 -> {
                if (at + Long.BYTES <= bytes.length) {
                    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(at, length());
                }
                return bytes;
            }
            case 5 -> {
                for (int i = at; i < end; i++) {
                    bytes[i] = (byte) below(256);
                }
                return bytes;
            }
            default -> {
                if (at < bytes.length) {
                    bytes[at] ^= (byte) (1 << below(8));
                }
                return bytes;
            }
        }
    }

    /** One to three changes of a JSON text by its tokens: values, keys, repetitions, nesting; now and then of its bytes too. */
    public byte[] ofJson(byte[] original) {
        List<String> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(new String(original, StandardCharsets.UTF_8));
        while (matcher.find()) {
            tokens.add(matcher.group());
        }
        for (int n = 1 + below(3); n > 0 && !tokens.isEmpty(); n--) {
            change(tokens);
        }
        byte[] json = String.join("", tokens).getBytes(StandardCharsets.UTF_8);
        return below(16) == 0 ? ofBytes(json) : json;
    }

    private void change(List<String> tokens) {
        int at = below(tokens.size());
        switch (below(16)) {
            case 0 -> tokens.remove(at);
            case 1 -> tokens.add(at, values.get(below(values.size())));
            case 2 -> Collections.swap(tokens, at, below(tokens.size()));
            case 3 -> repeat(tokens, at, 1);
            case 4 -> repeat(tokens, at, below(1000));
            case 5 -> tokens.add(at, OPENINGS.get(below(OPENINGS.size())).repeat(1 << below(16)));
            case 6 -> tokens.subList(at, tokens.size()).clear();
            case 7, 8 -> tokens.set(at, tokens.get(below(tokens.size())));
            default -> {
                // Most of the changes: one value or key becomes an awkward one, the text stays JSON.
                while (at < tokens.size() && tokens.get(at).matches("[\\[\\]{}:,]|\\s+")) {
                    at++;
                }
                if (at < tokens.size()) {
                    tokens.set(at, values.get(below(values.size())));
                }
            }
        }
    }

    private void repeat(List<String> tokens, int at, int times) {
        List<String> piece = List.copyOf(tokens.subList(at, Math.min(tokens.size(), at + 1 + below(20))));
        for (int i = 0; i < times; i++) {
            tokens.addAll(at, piece);
        }
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] bytes = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, bytes, a.length, b.length);
        return bytes;
    }
}
