package org.lacuna.data.task;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.lacuna.data.text.Documents;
import org.lacuna.data.text.Lines;
import org.lacuna.data.text.SourceFile;
import org.lacuna.data.text.TextSource;
import org.lacuna.run.InputException;
import org.lacuna.run.NamePattern;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.TextFile;

/** Reads documents from files of JSON lines in the folder of task data. */
final class Sources {
    private static final int MOST_DOCUMENTS = 1_000_000;
    /** Of the heap, what all lines of a task may have: their texts are held several times. */
    private static final int SHARE = 16;
    private static final long LARGEST_LABELS = 64L << 20;
    private static final int MOST_OF_A_LABEL = 1000;
    private static final String LABEL = "label";

    private final List<Path> folders;
    private final List<Source> read = new ArrayList<>();
    private long characters;

    private Sources(List<Path> folders) {
        this.folders = folders;
    }

    /**
     * Reads files.
     *
     * @param folders where they may be; the first that has a file counts
     * @param names  of files in them; one with a * in its last part stands for all that fit, in the order of their names
     * @param labels a file with one label a line
     * @param most   documents that are needed; those behind are not read
     * @return at least one document
     * @throws InputException if a file is missing, empty or none, or its labels are not as many as its documents
     */
    static List<Source> read(List<Path> folders, List<String> names, Optional<String> labels, int most) {
        Sources sources = new Sources(folders);
        Set<Path> seen = new HashSet<>();
        for (String name : names) {
            for (Path file : sources.files(name)) {
                if (!seen.add(file)) {
                    throw new InputException(file + ": is named twice, by " + name + " and before, so that its documents would count twice; name each file once");
                }
                sources.lines(file, most);
            }
        }
        labels.ifPresent(sources::label);
        return List.copyOf(sources.read);
    }

    private List<Path> files(String name) {
        if (!name.contains("*")) {
            return List.of(file(name));
        }
        for (Path folder : folders) {
            Path file = folder.resolve(name);
            NamePattern fits = new NamePattern(file.getFileName().toString());
            if (Files.isDirectory(file.getParent())) {
                try (Stream<Path> all = Files.list(file.getParent())) {
                    List<Path> files = all.filter(path -> fits.matches(path.getFileName().toString())).sorted().toList();
                    if (!files.isEmpty()) {
                        return files;
                    }
                } catch (IOException | UncheckedIOException e) {
                    throw missing(name, e);
                }
            }
        }
        throw missing(name, null);
    }

    private Path file(String name) {
        return folders.stream().map(folder -> folder.resolve(name)).filter(Files::isRegularFile).findFirst().orElseThrow(() -> missing(name, null));
    }

    private InputException missing(String name, Exception cause) {
        Path file = folders.get(folders.size() - 1).resolve(name);
        return new InputException(file + ": no such file" + (folders.size() > 1 ? ", nor is there one beside the task file" : "")
                + "; the data of tasks is not part of Lacuna, so download it into the folder of task data (--task-data FOLDER)", cause);
    }

    private void lines(Path file, int most) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file; expected a file of JSON lines");
        }
        SourceFile source = TextSource.of(file).files().get(0);
        if (source.form() != SourceFile.Form.JSON_LINES) {
            throw new InputException(file + ": its name is not that of JSON lines; expected .jsonl or .ndjson, also with .gz or .zst");
        }
        int before = read.size();
        try (Lines lines = new Lines(source, Documents.largest())) {
            while (read.size() < most && lines.next()) {
                add(lines.where(), file.toString(), lines.text());
            }
        }
        if (read.size() == before && before < most) {
            throw new InputException(file + ": holds no documents; expected a JSON object in each line");
        }
    }

    private void add(String where, String file, String line) {
        characters += line.length();
        if (characters > Runtime.getRuntime().maxMemory() / SHARE || read.size() == MOST_DOCUMENTS) {
            throw new InputException(where + ": more than " + (read.size() == MOST_DOCUMENTS ? MOST_DOCUMENTS + " documents"
                    : Runtime.getRuntime().maxMemory() / SHARE + " characters (a sixteenth of the heap, which -Xmx sets)") + " up to here; expected fewer");
        }
        JsonNode json = Json.parse(where, line);
        if (!json.isObject()) {
            throw new InputException(where + ": is no JSON object; expected {\"field\": value, …}");
        }
        read.add(new Source(where, file, object(where, json)));
    }

    private static Map<String, Object> object(String where, JsonNode json) {
        Map<String, Object> values = new LinkedHashMap<>();
        json.fields().forEachRemaining(field -> values.put(text(where, field.getKey()), value(where, field.getValue())));
        return values;
    }

    private static Object value(String where, JsonNode json) {
        if (json.isObject()) {
            return object(where, json);
        }
        if (json.isArray()) {
            List<Object> list = new ArrayList<>();
            json.forEach(element -> list.add(value(where, element)));
            return list;
        }
        if (json.isBoolean()) {
            return json.booleanValue();
        }
        if (json.isIntegralNumber()) {
            // A number beyond 64 bits prints as its digits.
            return json.canConvertToLong() ? (Object) json.longValue() : json.asText();
        }
        return json.isNumber() ? (Object) json.doubleValue() : json.isTextual() ? text(where, json.textValue()) : null;
    }

    private static String text(String where, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!Character.isSurrogatePair(text.charAt(i), i + 1 < text.length() ? text.charAt(i + 1) : ' ')) {
                    throw new InputException(String.format("%s: holds half of a surrogate pair (\\u%04x), which is no character; remove it", where,
                            (int) text.charAt(i)));
                }
                i++;
            }
        }
        return text;
    }

    private void label(String name) {
        Path file = file(name);
        if (file.toFile().length() > LARGEST_LABELS) {
            throw new InputException(file + ": has " + file.toFile().length() + " bytes; expected a label a line, at most " + LARGEST_LABELS + " bytes");
        }
        List<String> labels = TextFile.read(file).lines().map(String::strip).toList();
        if (labels.size() != read.size()) {
            throw new InputException(file + ": has " + labels.size() + " labels for " + read.size() + " documents; expected one a line");
        }
        for (int i = 0; i < labels.size(); i++) {
            read.set(i, labelled(read.get(i), labels.get(i), file + ": line " + (i + 1)));
        }
    }

    private static Source labelled(Source document, String label, String where) {
        if (label.isEmpty() || label.length() > MOST_OF_A_LABEL) {
            throw new InputException(where + ": " + (label.isEmpty() ? "is empty" : "has " + label.length() + " characters") + "; expected a label");
        }
        Map<String, Object> fields = new LinkedHashMap<>(document.fields());
        if (fields.put(LABEL, label.matches("\\d{1,9}") ? (Object) Long.parseLong(label) : label) != null) {
            throw new InputException(document.where() + ": has a field label of its own, and another one in the file of labels; expected one");
        }
        return new Source(document.where(), document.file(), fields);
    }
}
