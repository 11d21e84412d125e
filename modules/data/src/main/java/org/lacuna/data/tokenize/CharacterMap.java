package org.lacuna.data.tokenize;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;

/**
 * Checks the {@code precompiled_charsmap} of a {@code Precompiled} normaliser, SentencePiece's table of what characters are replaced by. It is
 * walked natively without bounds of its own, so every step that any text could take must stay inside.
 *
 * <p>The table in Base64: the size of a trie in bytes as 32 bits, the trie as a double array of 32-bit units (Darts-clone), little-endian, then
 * the replacements, UTF-8, each ended by a zero byte. A unit holds a label (its low 8 bits), an offset from its own position to those of its
 * children, and whether it ends a key; then the unit at the offset alone, its highest bit set, says where the replacement begins.
 */
final class CharacterMap {
    private static final int VALUE = 1 << 31;
    private static final int ENDS_KEY = 1 << 8;
    private static final int LONGEST = 64;

    private CharacterMap() {
    }

    /**
     * Checks a table.
     *
     * @param base64 its spelling in the file
     * @return the most bytes that one character becomes
     * @throws IllegalArgumentException if it could lead outside of itself, or grow a text more than is sensible
     */
    static int longestReplacement(String base64) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.remaining() < Integer.BYTES) {
            throw new IllegalArgumentException("is too short");
        }
        int size = bytes.getInt();
        if (size < Integer.BYTES || size % Integer.BYTES != 0 || size > bytes.remaining()) {
            throw new IllegalArgumentException("names a size of " + size + " bytes for its trie, which can't be");
        }
        int[] units = new int[size / Integer.BYTES];
        bytes.asIntBuffer().get(units);
        bytes.position(bytes.position() + size);
        byte[] texts = new byte[bytes.remaining()];
        bytes.get(texts);
        int longest = 1;
        for (int i = 0; i < units.length; i++) {
            // A value is never entered as a node: the highest bit is part of the label that a step compares.
            if ((units[i] & VALUE) == 0) {
                longest = Math.max(longest, node(units, i, texts));
            }
        }
        return longest;
    }

    private static int node(int[] units, int index, byte[] texts) {
        int unit = units[index];
        int children = index ^ unit >>> 10 << ((unit & 1 << 9) >>> 6);
        if (children < 0 || (children | 0xFF) >= units.length) {
            throw new IllegalArgumentException("has a trie that leads outside of itself");
        }
        if ((unit & ENDS_KEY) == 0) {
            return 0;
        }
        int begin = units[children] & ~VALUE;
        if (begin >= texts.length || continues(texts[begin])) {
            throw new IllegalArgumentException("has a replacement that begins outside of the table or inside of a character");
        }
        int end = begin;
        while (end < texts.length && texts[end] != 0) {
            end++;
        }
        if (end - begin > LONGEST) {
            throw new IllegalArgumentException("replaces by more than " + LONGEST + " bytes");
        }
        return end - begin;
    }

    private static boolean continues(byte value) {
        return (value & 0xC0) == 0x80;
    }
}
