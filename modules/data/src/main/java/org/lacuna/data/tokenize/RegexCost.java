package org.lacuna.data.tokenize;

import java.util.ArrayList;
import java.util.List;

/**
 * Bounds how often a regular expression of a {@code tokenizer.json} can step back while it looks for one match.
 *
 * <p>The expressions are Oniguruma's, and Hugging Face's library ends the process where one steps back ten million times; a hostile file
 * could bring that about with a short text. So an expression is taken only if its steps, for a text of n characters, are at most
 * {@code perCharacter}·n + a constant, whatever the text. That holds for those of published models: in each alternative at most one
 * unbounded repetition can be stepped back into. What is refused with it: back references, recursion, callouts and the like, and an unbounded
 * repetition of something that can itself match in several ways.
 *
 * <p>The bound: a step back is a character or a place that is not as asked. Each node has a number of ways in which it can match at one place,
 * and three counts of steps back, polynomials in n of which the leading term is kept: over {@code all} ways; until the {@code first} that
 * matches, or none; and where it is known that none does, {@code fail}, at most {@code first}. In a sequence what can't fail any more is not
 * stepped back into, so of the elements behind the last one that can fail only the first way counts.
 */
final class RegexCost {
    private static final int LONGEST = 10_000;
    private static final int DEEPEST = 20;
    private static final int MOST_STEPS = 100_000;
    private static final String ESCAPED_CLASSES = "dDwWsShH";
    private static final String ESCAPED_ANCHORS = "bBAzZG";

    /** The leading term {@code factor}·n^{@code degree}. */
    private record Term(int degree, double factor) {
        static final Term ONE = new Term(0, 1);
        static final Term ZERO = new Term(0, 0);

        Term plus(Term other) {
            if (degree != other.degree) {
                return degree > other.degree ? this : other;
            }
            return new Term(degree, factor + other.factor);
        }

        Term times(Term other) {
            return new Term(degree + other.degree, factor * other.factor);
        }
    }

    private record Node(Term ways, Term all, Term first, Term fail, boolean canFail, boolean canBeEmpty) {
        /** One character, or nothing at all at a place that is as asked. */
        static Node plain(boolean canBeEmpty) {
            return new Node(Term.ONE, Term.ONE, Term.ONE, Term.ONE, true, canBeEmpty);
        }

        /** What is matched in its first way or not at all: look-around and atomic groups. */
        Node once(boolean fails, boolean empty) {
            return new Node(Term.ONE, first, first, first, fails, empty);
        }
    }

    private final String pattern;
    private int at;
    private int depth;
    private int unbounded;
    private int perCharacter;
    private boolean canBeEmpty;

    private RegexCost(String pattern) {
        this.pattern = pattern;
    }

    /**
     * The bound.
     *
     * @param pattern in Oniguruma's syntax
     * @throws IllegalArgumentException if there is no such bound, or the expression uses what is not known here
     */
    static RegexCost of(String pattern) {
        if (pattern.length() > LONGEST) {
            throw new IllegalArgumentException("is longer than " + LONGEST + " characters");
        }
        RegexCost parser = new RegexCost(pattern);
        Node node = parser.alternatives();
        if (parser.at < pattern.length()) {
            throw parser.unknown("\")\"");
        }
        Term cost = node.first;
        if (cost.degree > 1 || cost.factor > MOST_STEPS) {
            throw new IllegalArgumentException("can step back too often while it looks for a match");
        }
        parser.perCharacter = cost.degree == 0 ? 0 : (int) Math.ceil(cost.factor);
        parser.canBeEmpty = node.canBeEmpty;
        return parser;
    }

    /** Steps back per character of a text, 0 if their number does not depend on it. */
    int perCharacter() {
        return perCharacter;
    }

    /** Whether it may match at a place without taking a character. */
    boolean canBeEmpty() {
        return canBeEmpty;
    }

    private Node alternatives() {
        if (++depth > DEEPEST) {
            throw new IllegalArgumentException("has groups more than " + DEEPEST + " deep");
        }
        Node sum = sequence();
        while (next('|')) {
            Node other = sequence();
            sum = new Node(sum.ways.plus(other.ways), sum.all.plus(other.all), sum.first.plus(other.first), sum.fail.plus(other.fail),
                    sum.canFail && other.canFail, sum.canBeEmpty || other.canBeEmpty);
        }
        depth--;
        return sum;
    }

    private Node sequence() {
        List<Node> nodes = new ArrayList<>();
        while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
            Node node = quantified(atom());
            nodes.add(node);
        }
        int last = nodes.size() - 1;
        while (last >= 0 && !nodes.get(last).canFail) {
            last--;
        }
        Term ways = Term.ONE;
        Term all = Term.ZERO;
        Term first = Term.ZERO;
        Term fail = Term.ZERO;
        boolean empty = true;
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            all = all.plus(ways.times(node.all));
            if (i < last) {
                first = first.plus(ways.times(node.all));
                fail = fail.plus(ways.times(node.all));
            } else if (i == last) {
                Term others = ways.degree > 0 ? ways : new Term(0, ways.factor - 1);
                first = first.plus(others.times(node.fail)).plus(node.first);
                fail = fail.plus(ways.times(node.fail));
            } else {
                first = first.plus(node.first);
            }
            ways = ways.times(node.ways);
            empty &= node.canBeEmpty;
        }
        return new Node(ways, all, first, fail, last >= 0, empty);
    }

    private Node quantified(Node atom) {
        int least;
        int most;
        if (at == pattern.length()) {
            return atom;
        }
        int start = at;
        switch (pattern.charAt(at)) {
            case '*' -> {
                at++;
                least = 0;
                most = Integer.MAX_VALUE;
            }
            case '+' -> {
                at++;
                least = 1;
                most = Integer.MAX_VALUE;
            }
            case '?' -> {
                at++;
                least = 0;
                most = 1;
            }
            case '{' -> {
                int[] range = range();
                if (range == null) {
                    return atom;
                }
                least = range[0];
                most = range[1];
            }
            default -> {
                return atom;
            }
        }
        boolean counted = pattern.charAt(start) == '{';
        if (counted && least == most && at < pattern.length() && pattern.charAt(at) == '?') {
            throw unknown("\"?\" behind a number of repetitions, which means different things,");
        }
        boolean possessive = !counted && next('+');
        if (!possessive) {
            next('?');
        }
        if (at < pattern.length() && "*+?".indexOf(pattern.charAt(at)) >= 0) {
            throw unknown("a repetition of a repetition");
        }
        Node repeated = most == Integer.MAX_VALUE ? unbounded(atom, least) : bounded(atom, least, most);
        return possessive ? repeated.once(repeated.canFail, repeated.canBeEmpty) : repeated;
    }

    private Node unbounded(Node atom, int least) {
        if (atom.ways.degree > 0 || atom.ways.factor > 1 || atom.canBeEmpty) {
            throw new IllegalArgumentException("repeats without bound what can match in several ways (before position " + at + ")");
        }
        unbounded++;
        Term n = new Term(1, 1);
        boolean canFail = least > 0 && atom.canFail;
        if (atom.equals(Node.plain(false))) {
            // It steps back where the last character was, and nowhere before.
            return new Node(n, Term.ONE, Term.ONE, Term.ONE, canFail, least == 0);
        }
        Term fail = new Term(0, Math.max(1, least)).times(atom.all);
        return new Node(n, n.times(atom.all), n.times(atom.first).plus(fail), fail, canFail, least == 0);
    }

    private Node bounded(Node atom, int least, int most) {
        if (most == 0) {
            return new Node(Term.ONE, Term.ONE, Term.ONE, Term.ONE, false, true);
        }
        Term ways = least == 0 ? Term.ONE : null;
        Term power = Term.ONE;
        Term all = Term.ZERO;
        for (int count = 1; count <= most; count++) {
            all = all.plus(power.times(atom.all));
            power = power.times(atom.ways);
            if (count >= least) {
                ways = ways == null ? power : ways.plus(power);
            }
            if (all.factor > MOST_STEPS) {
                throw new IllegalArgumentException("repeats too often (before position " + at + ")");
            }
        }
        boolean single = atom.ways.degree == 0 && atom.ways.factor == 1;
        Term fail = single ? new Term(0, Math.max(1, least)).times(atom.all) : all;
        return new Node(ways, all, single ? new Term(0, most).times(atom.first) : all, fail, least > 0 && atom.canFail,
                least == 0 || atom.canBeEmpty);
    }

    /** {m}, {m,}, {,n} or {m,n}; null where a brace stands for itself. */
    private int[] range() {
        int close = pattern.indexOf('}', at);
        String inside = close < 0 ? "" : pattern.substring(at + 1, close);
        if (!inside.matches("[0-9]{1,5}(,[0-9]{0,5})?|,[0-9]{1,5}")) {
            return null;
        }
        at = close + 1;
        int comma = inside.indexOf(',');
        int least = comma == 0 ? 0 : Integer.parseInt(comma < 0 ? inside : inside.substring(0, comma));
        String upper = comma < 0 ? inside : inside.substring(comma + 1);
        int most = upper.isEmpty() ? Integer.MAX_VALUE : Integer.parseInt(upper);
        if (most < least) {
            throw unknown("a repetition that counts down");
        }
        return new int[] {least, most};
    }

    private Node atom() {
        int character = pattern.codePointAt(at);
        at += Character.charCount(character);
        return switch (character) {
            case '(' -> group();
            case '[' -> {
                skipClass();
                yield Node.plain(false);
            }
            case '\\' -> escape();
            case '^', '$' -> Node.plain(true);
            case '*', '+', '?' -> throw unknown("a repetition of nothing");
            default -> Node.plain(false);
        };
    }

    private Node group() {
        if (!next('?')) {
            if (at < pattern.length() && pattern.charAt(at) == '*') {
                throw unknown("\"(*\"");
            }
            return closed(alternatives());
        }
        int start = at;
        if (next('=') || next('!')) {
            return closed(alternatives()).once(true, true);
        }
        if (next('>')) {
            Node inside = closed(alternatives());
            return inside.once(inside.canFail, inside.canBeEmpty);
        }
        if (next('<')) {
            if (next('=') || next('!')) {
                int before = unbounded;
                Node behind = closed(alternatives());
                if (unbounded > before) {
                    // What stands behind is tried at every length that it can have.
                    throw new IllegalArgumentException("looks back without bound (before position " + at + ")");
                }
                return behind.once(true, true);
            }
            at = pattern.indexOf('>', start) + 1;
            if (at == 0 || !pattern.substring(start + 1, at - 1).matches("[A-Za-z_][A-Za-z0-9_]*")) {
                at = start;
                throw unknown("a group of this kind");
            }
            return closed(alternatives());
        }
        while (at < pattern.length() && "im-".indexOf(pattern.charAt(at)) >= 0) {
            at++;
        }
        if (!next(':')) {
            throw unknown("a group of this kind");
        }
        return closed(alternatives());
    }

    private Node closed(Node inside) {
        if (!next(')')) {
            throw unknown("a group without its end");
        }
        return inside;
    }

    private Node escape() {
        if (at == pattern.length()) {
            throw unknown("a backslash at the end");
        }
        char escaped = pattern.charAt(at++);
        if (escaped == 'p' || escaped == 'P') {
            skipBraces();
        } else if (escaped == 'x') {
            if (at < pattern.length() && pattern.charAt(at) == '{') {
                skipBraces();
            } else {
                skipHexadecimal(2);
            }
        } else if (escaped == 'u') {
            skipHexadecimal(4);
        } else if (escaped == 'R') {
            return new Node(new Term(0, 2), new Term(0, 2), new Term(0, 2), new Term(0, 2), true, false);
        } else if (ESCAPED_ANCHORS.indexOf(escaped) >= 0) {
            return Node.plain(true);
        } else if (escaped > '~' || Character.isLetterOrDigit(escaped) && (ESCAPED_CLASSES + "tnrfva0e").indexOf(escaped) < 0) {
            throw unknown("\"\\" + escaped + "\"");
        }
        return Node.plain(false);
    }

    private void skipHexadecimal(int digits) {
        if (at + digits > pattern.length() || !pattern.substring(at, at + digits).matches("[0-9a-fA-F]+")) {
            throw unknown("a character code that is none");
        }
        at += digits;
    }

    private void skipBraces() {
        int close = pattern.indexOf('}', at);
        if (close < 0 || pattern.charAt(at) != '{' || !pattern.substring(at + 1, close).matches("\\^?[A-Za-z0-9_ -]{1,60}")) {
            throw unknown("braces that do not name a character");
        }
        at = close + 1;
    }

    /** Past the end of a class whose opening bracket was read. */
    private void skipClass() {
        int open = 1;
        boolean fresh = true;
        next('^');
        while (open > 0) {
            if (at == pattern.length()) {
                throw unknown("a class without its end");
            }
            char character = pattern.charAt(at++);
            if (character == '\\') {
                if (at == pattern.length()) {
                    throw unknown("a backslash at the end");
                }
                at++;
            } else if (character == '[') {
                if (++open > DEEPEST) {
                    throw unknown("classes more than " + DEEPEST + " deep");
                }
                next('^');
                fresh = true;
                continue;
            } else if (character == ']') {
                if (fresh) {
                    throw unknown("a class that begins with \"]\"");
                }
                open--;
            }
            fresh = false;
        }
    }

    private boolean next(char character) {
        if (at < pattern.length() && pattern.charAt(at) == character) {
            at++;
            return true;
        }
        return false;
    }

    private IllegalArgumentException unknown(String what) {
        return new IllegalArgumentException("has " + what + " at position " + at + ", which Lacuna does not let through");
    }
}
