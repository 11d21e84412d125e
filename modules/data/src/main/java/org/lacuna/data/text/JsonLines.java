package org.lacuna.data.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/** JSON lines: each line that is not blank is an object, and one of its fields, a string, is a document. */
final class JsonLines implements Documents.InFile {

    private static final int MOST_NAMES = 20;
    private static final int MOST_OF_A_NAME = 40;

    private final SourceFile file;
    private final String field;
    private final int largest;
    private final JsonFactory json;
    private final InputStream stream;
    private final byte[] buffer = new byte[1 << 16];
    private int from;
    private int to;
    private byte[] line = new byte[1 << 12];
    private int length;
    private long number;
    /** Bytes, uncompressed, before the line. */
    private long offset;
    private long passed;
    private long position;

    JsonLines(SourceFile file, String field, int largest) {
        this.file = file;
        this.field = field;
        this.largest = largest;
        this.json = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(largest).build())
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .build();
        this.stream = file.open(read -> position = read);
    }

    @Override
    public Document next() {
        while (readLine()) {
            if (!isBlank()) {
                return Documents.held(text());
            }
        }
        return null;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void close() {
        try {
            stream.close();
        } catch (IOException e) {
            throw SourceFile.unreadable(file.path().toString(), e);
        }
    }

    private String where() {
        return file.path() + ": line " + number;
    }

    /** The next line without its end; false at the end of the file. */
    private boolean readLine() {
        offset = passed;
        length = 0;
        boolean any = false;
        number++;
        while (true) {
            if (from == to && !fill()) {
                return any;
            }
            any = true;
            int end = from;
            while (end < to && buffer[end] != '\n') {
                end++;
            }
            append(end - from);
            boolean whole = end < to;
            passed += end - from + (whole ? 1 : 0);
            from = whole ? end + 1 : end;
            if (whole) {
                return true;
            }
        }
    }

    private boolean fill() {
        try {
            from = 0;
            to = Math.max(0, stream.read(buffer, 0, buffer.length));
            return to > 0;
        } catch (IOException e) {
            throw SourceFile.unreadable(where(), e);
        }
    }

    private void append(int count) {
        if (count > largest - length) {
            throw new InputException(where() + ": more than " + largest + " bytes, the most that a line may have here (256 MB, or an eighth of the"
                    + " heap, which -Xmx sets); expected one JSON object a line, each ended by a line feed");
        }
        if (length + count > line.length) {
            line = Arrays.copyOf(line, (int) Math.min(largest, Math.max(length + count, 2L * line.length)));
        }
        System.arraycopy(buffer, from, line, length, count);
        length += count;
    }

    private boolean isBlank() {
        for (int i = 0; i < length; i++) {
            if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
                return false;
            }
        }
        return true;
    }

    private String text() {
        int invalid = Utf8.invalidAt(line, 0, length);
        if (invalid >= 0) {
            throw Utf8.refused(where(), offset + invalid, line[invalid]);
        }
        try (JsonParser parser = json.createParser(line, 0, length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new InputException(where() + ": " + kind(parser.currentToken()) + "; expected a JSON object with the text in its field \"" + field + "\"");
            }
            String text = field(parser);
            if (parser.nextToken() != null) {
                throw new InputException(where() + ": goes on after the object; expected one JSON object a line");
            }
            checkPairs(text);
            return text;
        } catch (JsonProcessingException e) {
            throw new InputException(where() + ": not JSON: " + Json.reason(e) + (e.getLocation() == null ? "" : ", column " + e.getLocation().getColumnNr())
                    + "; expected an object with the text in its field \"" + field + "\"", e);
        } catch (IOException e) {
            throw SourceFile.unreadable(where(), e);
        }
    }

    private String field(JsonParser parser) throws IOException {
        String text = null;
        Set<String> others = new LinkedHashSet<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (!name.equals(field)) {
                if (others.size() < MOST_NAMES) {
                    others.add(name.length() > MOST_OF_A_NAME ? name.substring(0, MOST_OF_A_NAME) + "…" : name);
                }
                parser.skipChildren();
            } else if (value != JsonToken.VALUE_STRING) {
                throw new InputException(where() + ": field \"" + field + "\" is " + kind(value) + "; expected a string");
            } else if (text != null) {
                throw new InputException(where() + ": field \"" + field + "\" is there twice; expected it once");
            } else {
                text = parser.getText();
            }
        }
        if (text == null) {
            throw new InputException(where() + ": no field \"" + field + "\"; the fields there are: "
                    + (others.isEmpty() ? "none" : String.join(", ", others)) + " (data.field names the one that holds the text)");
        }
        return text;
    }

    private static String kind(JsonToken token) {
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            case VALUE_STRING -> "a string";
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
            case VALUE_TRUE, VALUE_FALSE -> "true or false";
            default -> "null";
        };
    }

    private void checkPairs(String text) {
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (Character.isSurrogate(unit)) {
                if (!Character.isHighSurrogate(unit) || i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    throw new InputException(String.format("%s: field \"%s\" holds half of a surrogate pair (\\u%04x), which is no character;"
                            + " remove it, or put \\ufffd in its place", where(), field, (int) unit));
                }
                i++;
            }
        }
    }
}
