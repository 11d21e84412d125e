package org.lacuna.data.story;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the grammar chooses from at one place: texts of which none is the beginning of another, each with a weight. So the
 * text itself shows which one was chosen.
 */
final class Words {

    private final List<String> texts;
    private final byte[][] bytes;
    private final int[] weights;
    private final long[] upTo;

    private Words(List<String> texts, int[] weights) {
        this.texts = List.copyOf(texts);
        this.weights = weights;
        bytes = new byte[weights.length][];
        upTo = new long[weights.length];
        long sum = 0;
        for (int i = 0; i < weights.length; i++) {
            bytes[i] = texts.get(i).getBytes(StandardCharsets.US_ASCII);
            sum += weights[i];
            upTo[i] = sum;
        }
    }

    /** Texts separated by commas, each as likely as the others. */
    static Words even(String list) {
        List<String> texts = List.of(list.split(","));
        int[] weights = new int[texts.size()];
        Arrays.fill(weights, 1);
        return new Words(texts, weights);
    }

    /** Texts separated by commas, the first ones more likely: weights fall like 1 / (rank + 8), as words' do. */
    static Words falling(String list) {
        List<String> texts = List.of(list.split(","));
        int[] weights = new int[texts.size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = 8000 / (i + 8);
        }
        return new Words(texts, weights);
    }

    /** Texts of the form {@code weight text}, separated by commas. */
    static Words weighted(String... entries) {
        List<String> texts = new ArrayList<>();
        int[] weights = new int[entries.length];
        for (int i = 0; i < entries.length; i++) {
            int space = entries[i].indexOf(' ');
            weights[i] = Integer.parseInt(entries[i].substring(0, space));
            texts.add(entries[i].substring(space + 1));
        }
        return new Words(texts, weights);
    }

    /** The same choice with something after each text. */
    Words then(String suffix) {
        return new Words(texts.stream().map(text -> text + suffix).toList(), weights);
    }

    /** The same choice with other texts, in the same order. */
    Words spelled(List<String> others) {
        if (others.size() != texts.size()) {
            throw new IllegalArgumentException(others.size() + " spellings of " + texts.size() + " words");
        }
        return new Words(others, weights);
    }

    /** The first texts alone. */
    Words first(int count) {
        return new Words(texts.subList(0, count), Arrays.copyOf(weights, count));
    }

    /** These texts and, after them, others. */
    Words or(Words others) {
        List<String> all = new ArrayList<>(texts);
        all.addAll(others.texts);
        int[] both = Arrays.copyOf(weights, all.size());
        System.arraycopy(others.weights, 0, both, weights.length, others.weights.length);
        return new Words(all, both);
    }

    int size() {
        return weights.length;
    }

    String text(int index) {
        return texts.get(index);
    }

    List<String> texts() {
        return texts;
    }

    byte[] bytes(int index) {
        return bytes[index];
    }

    /** The sum of all weights; {@code excluded} (or −1) counts as 0. */
    long total(int excluded) {
        return upTo[upTo.length - 1] - (excluded < 0 ? 0 : weights[excluded]);
    }

    /** The text on which a number from 0 to total − 1 falls. */
    int at(long number, int excluded) {
        long value = excluded >= 0 && number >= upTo[excluded] - weights[excluded] ? number + weights[excluded] : number;
        int low = 0;
        int high = upTo.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (value < upTo[middle]) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** −ln p of a text, in nats, when {@code excluded} (or −1) can't be chosen. */
    double nats(int index, int excluded) {
        return StrictMath.log(total(excluded)) - StrictMath.log(weights[index]);
    }
}
