package org.lacuna.data.task;

import java.util.Arrays;

/**
 * What is asked of a model, in token ids.
 *
 * @param document     index of the document
 * @param choice       index of the choice; of the window where a whole text is scored; else 0
 * @param context      ids before the continuation, at least one, uncut
 * @param continuation ids that are scored; none where a text is to be generated
 * @param input        what the model reads: the last of context and continuation that fit, without the last one of the continuation, whose logits
 *                     at its last {@code continuation.length} places predict the continuation; to generate, the last of the context that leave room
 * @param truncated    whether ids of the context were cut away on the left
 */
public record Request(int document, int choice, int[] context, int[] continuation, int[] input, boolean truncated) {

    /** To score a continuation: the last maxLength + 1 ids, all but the last of which are read. */
    static Request scored(int document, int choice, int[] context, int[] continuation, int maxLength) {
        int[] whole = Arrays.copyOf(context, context.length + continuation.length);
        System.arraycopy(continuation, 0, whole, context.length, continuation.length);
        int from = Math.max(0, whole.length - maxLength - 1);
        return new Request(document, choice, context, continuation, Arrays.copyOfRange(whole, from, whole.length - 1), from > 0);
    }

    /** To generate after the last ids of a context. */
    static Request generated(int document, int[] context, int room) {
        int from = Math.max(0, context.length - room);
        return new Request(document, 0, context, new int[0], Arrays.copyOfRange(context, from, context.length), from > 0);
    }
}
