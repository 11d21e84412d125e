package org.lacuna.data.tokenize.bpe;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lacuna.data.tokenize.ByteAlphabet;

/** Byte-level BPE said plainly: how merges are found, and what they make of a text. */
final class PlainBpe {
    private static final Pattern WORD = Pattern.compile("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);

    private PlainBpe() {}

    /** Words of a text between its special tokens. */
    static List<String> words(String text, List<String> special) {
        String separator = special.stream().map(Pattern::quote).collect(Collectors.joining("|"));
        List<String> words = new ArrayList<>();
        for (String part : special.isEmpty() ? new String[] {text} : text.split(separator)) {
            WORD.matcher(part).results().forEach(match -> words.add(match.group()));
        }
        return words;
    }

    /** Tokens of one word: again and again all occurrences of the earliest merge. */
    static List<String> tokens(String word, List<List<String>> merges) {
        List<String> tokens = new ArrayList<>(Arrays.asList(ByteAlphabet.spell(word.getBytes(StandardCharsets.UTF_8)).split("")));
        for (List<String> merge : merges) {
            apply(tokens, merge);
        }
        return tokens;
    }

    private static void apply(List<String> tokens, List<String> merge) {
        for (int i = 0; i + 1 < tokens.size(); i++) {
            if (tokens.subList(i, i + 2).equals(merge)) {
                tokens.set(i, merge.get(0) + merge.get(1));
                tokens.remove(i + 1);
            }
        }
    }

    /** Merges by counting all pairs of all words anew each time. */
    static List<List<String>> merges(Map<String, Long> counts, int vocabulary, long minFrequency, List<String> special) {
        List<String> ids = new ArrayList<>(special);
        ids.addAll(Arrays.stream(ByteAlphabet.spell(allBytes()).split("")).sorted().toList());
        Map<String, List<String>> words = new HashMap<>();
        counts.keySet().forEach(word -> words.put(word, tokens(word, List.of())));
        List<List<String>> merges = new ArrayList<>();
        while (ids.size() < vocabulary) {
            Map<List<String>, Long> pairs = new HashMap<>();
            words.forEach((word, tokens) -> {
                for (int i = 0; i + 1 < tokens.size(); i++) {
                    pairs.merge(List.copyOf(tokens.subList(i, i + 2)), counts.get(word), Long::sum);
                }
            });
            long most = pairs.values().stream().mapToLong(Long::longValue).max().orElse(0);
            if (most < minFrequency) {
                break;
            }
            Predicate<List<String>> often = pair -> pairs.get(pair) == most;
            List<String> best = pairs.keySet().stream().filter(often)
                    .min((a, b) -> ids.indexOf(a.get(0)) != ids.indexOf(b.get(0)) ? Integer.compare(ids.indexOf(a.get(0)), ids.indexOf(b.get(0)))
                            : Integer.compare(ids.indexOf(a.get(1)), ids.indexOf(b.get(1)))).orElseThrow();
            words.values().forEach(tokens -> apply(tokens, best));
            if (!merges.contains(best)) {
                merges.add(best);
            }
            if (!ids.contains(best.get(0) + best.get(1))) {
                ids.add(best.get(0) + best.get(1));
            }
        }
        return merges;
    }

    private static byte[] allBytes() {
        byte[] all = new byte[256];
        for (int value = 0; value < all.length; value++) {
            all[value] = (byte) value;
        }
        return all;
    }
}
