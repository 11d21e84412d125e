package org.lacuna.data.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lacuna.data.jinja.Token.Kind;

/**
 * Cuts a template into tokens, with {@code trim_blocks} and {@code lstrip_blocks} on: the line feed after a block or comment, and white space
 * between a line's beginning and one, are dropped. A minus inside of a delimiter drops all white space on its side, a plus none.
 */
final class Lexer {
    private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*+raw\\s*+(?:-%}\\s*+|%})");
    private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*+endraw\\s*+(?:\\+%}|-%}\\s*+|%}\\n?)");
    private static final Pattern NUMBER = Pattern.compile("(\\d++)(\\.\\d++)?([eE][+-]?\\d++)?");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*+");
    private static final Pattern OPERATOR = Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+*/%~\\[\\](){}<>=.:|,]");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private final Deque<Character> open = new ArrayDeque<>();
    private int at;
    private int counted;
    private int line = 1;
    private boolean lineBegins = true;

    private Lexer(String source) {
        this.source = source;
    }

    /** The tokens of a template, {@link Kind#END} last. */
    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        try {
            lexer.read();
        } catch (TemplateException e) {
            throw e.at(lexer.line());
        }
        return lexer.tokens;
    }

    private int line() {
        while (counted < at) {
            if (source.charAt(counted++) == '\n') {
                line++;
            }
        }
        return line;
    }

    private void add(Kind kind, String text) {
        tokens.add(new Token(kind, text, line()));
    }

    private void read() {
        while (true) {
            int tag = nextTag();
            if (tag < 0) {
                text(source.substring(at));
                at = source.length();
                add(Kind.END, "");
                return;
            }
            char kind = source.charAt(tag + 1);
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            text(stripped(source.substring(at, tag), sign, kind != '{'));
            at = tag;
            if (kind == '#') {
                comment();
            } else if (kind == '{' || !raw()) {
                at += sign == '-' || sign == '+' ? 3 : 2;
                add(kind == '{' ? Kind.VARIABLE_BEGIN : Kind.BLOCK_BEGIN, "");
                code(kind == '%');
            }
            lineBegins = source.charAt(at - 1) == '\n';
        }
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private void text(String text) {
        if (!text.isEmpty()) {
            add(Kind.TEXT, text);
        }
    }

    /** A text without the white space in front of a tag that goes with the tag. */
    private String stripped(String text, char sign, boolean block) {
        if (sign == '-') {
            return Strings.stripEnd(text);
        }
        int begin = text.lastIndexOf('\n') + 1;
        if (sign != '+' && block && (begin > 0 || lineBegins) && Strings.strip(text.substring(begin)).isEmpty()) {
            return text.substring(0, begin);
        }
        return text;
    }

    private void comment() {
        int end = source.indexOf("#}", at + 2);
        if (end < 0) {
            throw new TemplateException("a comment has no end; expected #}");
        }
        char sign = source.charAt(end - 1);
        at = end + 2;
        afterTag(sign, true);
    }

    /** Goes over what is dropped behind a delimiter that ends a tag. */
    private void afterTag(char sign, boolean block) {
        if (sign == '-') {
            skipSpace();
        } else if (sign != '+' && block && at < source.length() && source.charAt(at) == '\n') {
            at++;
        }
    }

    private void skipSpace() {
        while (at < source.length() && Strings.isSpace(source.charAt(at))) {
            at++;
        }
    }

    private boolean raw() {
        Matcher begin = RAW.matcher(source).region(at, source.length());
        if (!begin.lookingAt()) {
            return false;
        }
        Matcher end = END_RAW.matcher(source);
        if (!end.find(begin.end())) {
            throw new TemplateException("raw has no end; expected {% endraw %}");
        }
        at = begin.end();
        lineBegins = source.charAt(at - 1) == '\n';
        String sign = end.group(1);
        text(stripped(source.substring(at, end.start()), sign.isEmpty() ? ' ' : sign.charAt(0), true));
        at = end.end();
        return true;
    }

    private void code(boolean block) {
        String end = block ? "%}" : "}}";
        open.clear();
        while (true) {
            skipSpace();
            if (at == source.length()) {
                throw new TemplateException("a tag has no end; expected " + end);
            }
            char sign = source.charAt(at);
            boolean signed = (sign == '-' || block && sign == '+') && source.startsWith(end, at + 1);
            if (open.isEmpty() && (signed || source.startsWith(end, at))) {
                add(block ? Kind.BLOCK_END : Kind.VARIABLE_END, "");
                at += signed ? 3 : 2;
                afterTag(signed ? sign : ' ', block);
                return;
            }
            token(sign);
        }
    }

    private void token(char first) {
        if (first == '\'' || first == '"') {
            string(first);
        } else if (first >= '0' && first <= '9') {
            number();
        } else if (!spelled(NAME, Kind.NAME) && !spelled(OPERATOR, Kind.OPERATOR)) {
            throw new TemplateException("unexpected character '" + first + "'");
        }
    }

    private void number() {
        Matcher number = NUMBER.matcher(source).region(at, source.length());
        number.lookingAt();
        boolean item = at > 0 && source.charAt(at - 1) == '.';
        String text = item ? number.group(1) : number.group();
        add(item || number.group(2) == null && number.group(3) == null ? Kind.INTEGER : Kind.FLOAT, text);
        at += text.length();
    }

    private boolean spelled(Pattern pattern, Kind kind) {
        Matcher matcher = pattern.matcher(source).region(at, source.length());
        if (!matcher.lookingAt()) {
            return false;
        }
        if (kind == Kind.OPERATOR) {
            balance(matcher.group().charAt(0));
        }
        add(kind, matcher.group());
        at = matcher.end();
        return true;
    }

    private void balance(char operator) {
        switch (operator) {
            case '(' -> open.push(')');
            case '[' -> open.push(']');
            case '{' -> open.push('}');
            case ')', ']', '}' -> {
                if (open.isEmpty() || open.pop() != operator) {
                    throw new TemplateException("unexpected '" + operator + "'");
                }
            }
            default -> { }
        }
    }

    private void string(char quote) {
        int end = at + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw new TemplateException("a string has no end; expected " + quote);
        }
        add(Kind.STRING, Strings.unescape(source.substring(at + 1, end)));
        at = end + 1;
    }
}
