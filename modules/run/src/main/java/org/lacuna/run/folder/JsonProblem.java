package org.lacuna.run.folder;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What is wrong with a text that is no JSON, or not the JSON that a record is made of, for whoever has to mend the file: where, what, and what was expected. */
final class JsonProblem {
    private static final int MOST_SHOWN = 40;
    private static final String VALUE = "a value (a text in double quotes, a number, true, false, null, [ or {)";
    private static final String QUOTED = "a key in double quotes";

    /** What the parser says where it meets a wrong character, and what can stand there. */
    private static final Map<String, String> EXPECTED = Map.of(
            "double-quote to start field name", QUOTED,
            "comma to separate Object entries", "a comma or }",
            "comma to separate Array entries", "a comma or ]",
            "colon to separate field name and value", "a colon behind the key");

    private static final Pattern CHARACTER = Pattern.compile("Unexpected character \\((?:'(.)' \\(code (\\d+)|CTRL-CHAR, code (\\d+))", Pattern.DOTALL);
    private static final Pattern MARK = Pattern.compile("Unexpected close marker '(.)': expected '(.)'");
    private static final Pattern TOKEN = Pattern.compile("(?:Unrecognized token|Non-standard token) '([^']*)'");
    private static final Pattern KEY = Pattern.compile("Duplicate field '([^']*)'");
    private static final Pattern LIMIT = Pattern.compile("(?:maximum allowed|maximum length) \\((\\d+)");

    private JsonProblem() {}

    static String of(JsonProcessingException e) {
        String message = e.getOriginalMessage() == null ? "" : e.getOriginalMessage();
        return place(e.getLocation()) + what(e, message);
    }

    /** A text of one line needs no line's number, which would be taken for that of the file. */
    private static String place(JsonLocation at) {
        if (at == null || at.getLineNr() < 1 || at.getColumnNr() < 1) {
            return "";
        }
        return (at.getLineNr() == 1 ? "" : "line " + at.getLineNr() + ", ") + "column " + at.getColumnNr() + ": ";
    }

    private static String what(JsonProcessingException e, String message) {
        if (e instanceof JsonEOFException) {
            return "the text ends before what was begun is closed; is it cut off?";
        }
        if (e instanceof StreamConstraintsException) {
            return "is longer or nested deeper than is read" + first(LIMIT, message).map(most -> ": at most " + most).orElse("");
        }
        if (e instanceof UnrecognizedPropertyException unknown) {
            return "an unknown key " + quoted(unknown.getPropertyName()) + known(unknown.getKnownPropertyIds());
        }
        if (e instanceof InvalidFormatException wrong) {
            return "found " + quoted(String.valueOf(wrong.getValue())) + "; expected " + kind(wrong.getTargetType());
        }
        if (e instanceof ValueInstantiationException refused && refused.getCause() != null && refused.getCause().getMessage() != null) {
            return refused.getCause().getMessage();
        }
        if (e instanceof MismatchedInputException wrong) {
            return mismatch(wrong, message);
        }
        return syntax(message);
    }

    private static String mismatch(MismatchedInputException e, String message) {
        if (message.startsWith("Trailing token")) {
            return "goes on behind the value; expected one value and nothing else";
        }
        if (message.startsWith("Duplicate field")) {
            return twice(message);
        }
        // The path that goes with these names the key.
        if (message.contains("creator property") || message.contains("map `null`")) {
            return "is missing or null; expected " + (e.getTargetType() == null || e.getTargetType().isRecord() ? "a value" : kind(e.getTargetType()));
        }
        if (message.startsWith("No content")) {
            return "is empty; expected " + kind(e.getTargetType());
        }
        return "found something else than " + kind(e.getTargetType());
    }

    private static String syntax(String message) {
        Matcher mark = MARK.matcher(message);
        if (mark.find()) {
            return "found " + mark.group(1) + " where " + mark.group(2) + " is missing";
        }
        if (message.startsWith("Duplicate field")) {
            return twice(message);
        }
        if (message.startsWith("Illegal unquoted character")) {
            return "a line's end or another control character within a text; expected it written as \\n, \\t or \\u and its number";
        }
        if (message.contains("character escape") || message.contains("hex-digit") || message.contains("escape sequence")) {
            return "a backslash that begins nothing; expected \\n, \\t, \\\", \\\\, \\/ or \\u and four digits";
        }
        if (message.contains("UTF-8")) {
            return "bytes that are not UTF-8";
        }
        if (message.startsWith("Invalid numeric value") || message.contains("point not followed by a digit") || message.contains("out of range")) {
            return "a number as JSON has none; expected one such as 12, -0.5 or 1e-3";
        }
        Optional<String> token = first(TOKEN, message);
        if (token.isPresent()) {
            return "found " + shown(token.get()) + "; expected " + VALUE;
        }
        Matcher character = CHARACTER.matcher(message);
        if (character.find()) {
            String expected = EXPECTED.entrySet().stream().filter(known -> message.contains(known.getKey())).map(Map.Entry::getValue).findFirst().orElse(VALUE);
            return "found " + (character.group(1) == null ? "a control character (code " + character.group(3) + ")" : character.group(1)) + "; expected " + expected;
        }
        return "is no JSON; expected " + VALUE;
    }

    private static String twice(String message) {
        return "the key " + quoted(first(KEY, message).orElse("")) + " is there twice; expected it once";
    }

    private static String known(Collection<Object> keys) {
        return keys == null || keys.isEmpty() ? "" : "; expected one of " + keys.stream().map(String::valueOf).sorted().collect(Collectors.joining(", "));
    }

    private static String kind(Class<?> type) {
        if (type == null) {
            return "another kind of value";
        }
        if (type.isEnum()) {
            return "one of " + Arrays.stream(type.getEnumConstants()).map(constant -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", "));
        }
        if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
            return "a whole number";
        }
        if (type == double.class || type == Double.class || type == float.class || Number.class.isAssignableFrom(type)) {
            return "a number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (type == String.class) {
            return "a text";
        }
        return Collection.class.isAssignableFrom(type) || type.isArray() ? "a list [...]" : "an object {...}";
    }

    private static Optional<String> first(Pattern pattern, String message) {
        Matcher found = pattern.matcher(message);
        return found.find() ? Optional.of(found.group(1)) : Optional.empty();
    }

    private static String quoted(String text) {
        return "\"" + shown(text) + "\"";
    }

    private static String shown(String text) {
        return text.length() > MOST_SHOWN ? text.substring(0, MOST_SHOWN) + "…" : text;
    }
}
