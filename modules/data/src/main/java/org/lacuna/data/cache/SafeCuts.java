package org.lacuna.data.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.lacuna.data.TokenSequence;
import org.lacuna.data.story.StoryCorpus;
import org.lacuna.data.text.Characters;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;

/**
 * At which places a tokenizer does not care whether a text is cut: the tokens of the parts are those of the whole. That is so if no
 * token of the vocabulary goes across such a place, and nothing is done at the beginnings and ends of texts, which is tried out on a
 * text that is cut at thousands of them. It is so for byte-level BPE, whose patterns keep words apart; not for one that puts something
 * before each text, as most of SentencePiece do.
 *
 * @param lines at the beginnings of lines, as {@link PieceCutter} finds them
 * @param words between words of ASCII: before a space between two visible characters, before a line feed after a letter or digit, and
 *              after one line feed between a visible character and a letter or digit
 */
record SafeCuts(boolean lines, boolean words) {

    /** Nowhere, as far as is known. */
    static final SafeCuts NONE = new SafeCuts(false, false);

    private static final int TOKENS = 40_000;
    private static final int LINE = 30;
    private static final int[] LINES = {2, 3, 5, 7};
    private static final Pattern ACROSS_A_LINE = Pattern.compile("[^\\s]\\n[\\p{L}\\p{N}]");
    private static final Pattern ACROSS_A_WORD = Pattern.compile("[!-~] |[a-zA-Z0-9]\\n|[!-~]\\n[a-zA-Z0-9]");

    static SafeCuts of(Tokenizer tokenizer) {
        boolean lines = true;
        boolean words = true;
        for (int id = 0; id < tokenizer.vocabularySize(); id++) {
            try {
                String token = tokenizer.decode(new int[] {id});
                lines &= !ACROSS_A_LINE.matcher(token).find();
                words &= !ACROSS_A_WORD.matcher(token).find();
            } catch (InputException e) {
                // What can't be told apart from a token that goes across.
                return NONE;
            }
        }
        String text = text();
        int[] whole = tokenizer.encode(text);
        return new SafeCuts(lines && Arrays.equals(whole, ids(tokenizer, linesOf(text))), words && Arrays.equals(whole, ids(tokenizer, wordsOf(text))));
    }

    /** The next place after {@code begin} that is a safe one between words, or the end of the text. */
    static int endOfWord(String text, int begin) {
        for (int place = begin + 1; place < text.length() - 1; place++) {
            char here = text.charAt(place);
            char before = text.charAt(place - 1);
            if (here == ' ' && isVisible(before) && isVisible(text.charAt(place + 1)) || here == '\n' && isAlphanumeric(before)
                    || before == '\n' && isAlphanumeric(here) && place >= 2 && isVisible(text.charAt(place - 2))) {
                return place;
            }
        }
        return text.length();
    }

    private static boolean isVisible(char unit) {
        return unit > ' ' && unit <= '~';
    }

    private static boolean isAlphanumeric(char unit) {
        return unit >= 'a' && unit <= 'z' || unit >= 'A' && unit <= 'Z' || unit >= '0' && unit <= '9';
    }

    private static List<String> wordsOf(String text) {
        List<String> words = new ArrayList<>();
        for (int begin = 0; begin < text.length(); begin = endOfWord(text, begin)) {
            words.add(text.substring(begin, endOfWord(text, begin)));
        }
        return words;
    }

    private static List<String> linesOf(String text) {
        List<String> lines = new ArrayList<>();
        PieceCutter cutter = new PieceCutter(LINE, text.length());
        cutter.start(Characters.of(text));
        for (String piece = cutter.next(); piece != null; piece = cutter.next()) {
            lines.add(piece);
        }
        return lines;
    }

    private static int[] ids(Tokenizer tokenizer, List<String> parts) {
        return parts.stream().flatMapToInt(part -> Arrays.stream(tokenizer.encode(part))).toArray();
    }

    /** Stories with line feeds after sentences, after words, and with letters, digits and characters of other scripts around them. */
    private static String text() {
        TokenSequence tokens = StoryCorpus.generate(1, TOKENS, 0.1).train();
        int[] ids = new int[TOKENS];
        tokens.copy(0, ids, 0, TOKENS);
        String[] words = new ByteTokenizer().decode(ids).replace(ByteTokenizer.END_OF_TEXT_SPELLING, "。\n漢字 12 345\n34 é\nß 😀\n").split(" ");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < words.length; i++) {
            text.append(words[i]).append(i % LINES[i / 100 % LINES.length] == 0 ? '\n' : ' ');
        }
        return text.toString();
    }
}
