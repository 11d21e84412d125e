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

    private static final Pattern TOKEN = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*+\"?|[\\[\\]{}:,]|[^\\s\"\\[\\]{}:,]++");
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

    /**
     * One to three changes of a JSON text by its tokens: values, keys, fields that go, come again, or come a thousand times, nesting.
     * Most leave it JSON; now and then its bytes are changed too.
     */
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
        return below(32) == 0 ? ofBytes(json) : json;
    }

    private void change(List<String> tokens) {
        int at = below(tokens.size());
        switch (below(20)) {
            case 0 -> tokens.remove(at);
            case 1 -> tokens.add(at, values.get(below(values.size())));
            case 2 -> tokens.add(at, OPENINGS.get(below(OPENINGS.size())).repeat(1 << below(16)));
            case 3 -> tokens.subList(at, tokens.size()).clear();
            case 4, 5, 6, 7 -> changeField(tokens, at);
            default -> changeValue(tokens, at);
        }
    }

    /** One value or key becomes another of the text or an awkward one; a key stays a string. */
    private void changeValue(List<String> tokens, int at) {
        int i = at;
        while (i < tokens.size() && isMark(tokens.get(i))) {
            i++;
        }
        if (i == tokens.size()) {
            return;
        }
        boolean key = isKey(tokens, i);
        List<String> choices = below(3) == 0 ? tokens : values;
        String chosen = choices.get(below(choices.size()));
        if (!isMark(chosen) && (!key || chosen.startsWith("\""))) {
            tokens.set(i, chosen);
        }
    }

    private void changeField(List<String> tokens, int at) {
        int begin = at;
        while (begin < tokens.size() && !isKey(tokens, begin)) {
            begin++;
        }
        int end = begin;
        for (int depth = 0; end < tokens.size(); end++) {
            String token = tokens.get(end);
            depth += token.matches("[\\[{]") ? 1 : 0;
            if (depth == 0 && token.matches("[,}\\]]")) {
                break;
            }
            depth -= token.matches("[}\\]]") ? 1 : 0;
        }
        if (begin == tokens.size()) {
            return;
        }
        List<String> field = List.copyOf(tokens.subList(begin, end));
        int times = switch (below(4)) {
            case 0 -> 0;
            case 1 -> 2;
            case 2 -> 2 + below(8);
            default -> 2 + below(2000);
        };
        boolean same = below(2) == 0;
        List<String> fields = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            fields.addAll(i == 0 ? List.of() : List.of(","));
            fields.add(i == 0 || same ? field.get(0) : "\"" + i + "\"");
            fields.addAll(field.subList(1, field.size()));
        }
        tokens.subList(begin, end).clear();
        tokens.addAll(begin, fields);
    }

    private static boolean isMark(String token) {
        return token.matches("[\\[\\]{}:,]");
    }

    private static boolean isKey(List<String> tokens, int at) {
        return at + 1 < tokens.size() && tokens.get(at).startsWith("\"") && tokens.get(at + 1).equals(":");
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] bytes = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, bytes, a.length, b.length);
        return bytes;
    }
}
