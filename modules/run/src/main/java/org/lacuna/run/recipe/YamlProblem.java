package org.lacuna.run.recipe;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.reader.ReaderException;

/** What is wrong with a text that is no YAML, for whoever has to mend the file: where, what, and what was expected. */
public final class YamlProblem {
    /** A pattern of what the parser says, and what that means. */
    private record Known(Pattern said, String means) {
        Known(String said, String means) {
            this(Pattern.compile(said), means);
        }
    }

    /** The first that is found tells the most. */
    private static final List<Known> KNOWN = List.of(
            new Known("mapping values are not allowed", "a colon where no key can stand; expected one key a line, and quotes around a value with \": \" in it"),
            new Known("TAB", "a tab; expected spaces to indent with"),
            new Known("cannot start any token", "a character that no value begins with; expected quotes around it"),
            new Known("sequence entries are not allowed", "an element of a list where none can stand; expected each in a line of its own, all indented alike"),
            new Known("duplicate key", "a key that is there twice; expected it once"),
            new Known("Number of aliases", "says the same again by aliases (*name) more often than is read"),
            new Known("unknown escape character|escape sequence", "a backslash in double quotes that begins nothing; expected \\\\ for it, or single quotes"),
            new Known("flow sequence", "a list that begins with [ and does not go on or end; expected a comma or ]"),
            new Known("flow mapping", "a mapping that begins with { and does not go on or end; expected a comma or }"),
            new Known("quoted scalar", "a text in quotes that does not end; expected the closing quote"),
            new Known("could not find expected ':'", "a line that is neither a key nor goes on with a value; expected key: value"),
            new Known("but found another document", "a second document behind ---; expected one"),
            new Known("block end", "something else than a key of the mapping or an element of the list that it stands in; expected the same indentation for all of these"),
            new Known("expected the node content", "nothing where a value was begun; expected one, or a closing bracket"),
            new Known("(?i)alias", "an alias of what has no name here; expected quotes around a value that begins with *"),
            new Known("(?i)tag", "a tag, which begins with !; expected none, or quotes around the value"),
            new Known("(?i)anchor", "a name behind & that can't be one; expected none, or quotes around the value"),
            new Known("(?i)nesting depth", "is nested deeper than is read"),
            new Known("(?i)code ?point|exceeds the limit", "is longer than is read"));

    private YamlProblem() {}

    /** The line that it was found in, counted from 1, where that is known. */
    static Optional<Integer> line(YAMLException e) {
        return mark(e).map(mark -> mark.getLine() + 1);
    }

    /** The problem, with line and column where they are known. */
    public static String of(YAMLException e) {
        return mark(e).map(mark -> "line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) + ": ").orElse("") + what(e);
    }

    /** The same without the line. */
    static String inLine(YAMLException e) {
        return mark(e).map(mark -> "column " + (mark.getColumn() + 1) + ": ").orElse("") + what(e);
    }

    private static Optional<Mark> mark(YAMLException e) {
        return e instanceof MarkedYAMLException marked ? Optional.ofNullable(marked.getProblemMark()) : Optional.empty();
    }

    private static String what(YAMLException e) {
        if (e instanceof ReaderException reader) {
            return "a character that no text holds (U+" + String.format("%04X", reader.getCodePoint()) + "); expected text";
        }
        String said = e instanceof MarkedYAMLException marked ? marked.getContext() + " " + marked.getProblem() : String.valueOf(e.getMessage());
        return KNOWN.stream().filter(known -> known.said.matcher(said).find()).map(Known::means).findFirst().orElse("is no YAML; expected key: value in lines of their own");
    }
}
