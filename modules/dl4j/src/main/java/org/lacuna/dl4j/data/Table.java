package org.lacuna.dl4j.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * Examples from a CSV: a row each, numbers, one column of them the label. A first row that is not all numbers names the columns.
 *
 * @param features row by row
 * @param labels   one for each row
 * @param column   which one they are, counted from 0
 * @param whole    false if the file has more rows than {@link #MOST_ROWS}, of which these are the first
 */
public record Table(List<float[]> features, double[] labels, int column, boolean whole) {
    /** What is held in memory, and drawn from for intervals. */
    public static final int MOST_ROWS = 10_000;
    private static final int MOST_VALUES = 1 << 26;
    private static final int TOLD = 10;

    /**
     * Reads the file.
     *
     * @param label the label's column by its name; null for the last one
     * @throws InputException if it is no such table; the message names lines and columns
     */
    public static Table read(Path file, String label) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file; expected a CSV of numbers, an example a row");
        }
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8);
                MappingIterator<String[]> rows = new CsvMapper().enable(CsvParser.Feature.WRAP_AS_ARRAY).enable(CsvParser.Feature.TRIM_SPACES)
                        .enable(CsvParser.Feature.SKIP_EMPTY_LINES).readerFor(String[].class).readValues(reader)) {
            return read(file, label, rows);
        } catch (JsonProcessingException e) {
            String line = e.getLocation() == null ? "" : "line " + e.getLocation().getLineNr() + ": ";
            throw new InputException(file + ": not a CSV: " + line + "a cell in quotes that does not end, or goes on behind its closing quote; expected numbers separated by commas", e);
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": not UTF-8 text", e);
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    private static Table read(Path file, String label, MappingIterator<String[]> rows) throws IOException {
        List<String> problems = new ArrayList<>();
        List<float[]> features = new ArrayList<>();
        List<Double> labels = new ArrayList<>();
        String[] names = null;
        int columns = -1;
        int at = -1;
        for (int row = 1; rows.hasNextValue(); row++) {
            String[] cells = rows.nextValue();
            if (columns < 0) {
                columns = cells.length;
                names = Arrays.stream(cells).allMatch(Table::isNumber) ? null : cells;
                at = column(file, label, names, columns);
                if (names != null) {
                    continue;
                }
            }
            if (features.size() == MOST_ROWS || (long) columns * features.size() > MOST_VALUES) {
                return table(file, features, labels, at, problems, false);
            }
            if (cells.length != columns) {
                problem(problems, file + ": row " + row + " has " + cells.length + " columns, the first has " + columns);
                continue;
            }
            float[] values = new float[columns - 1];
            for (int c = 0; c < columns; c++) {
                double value = isNumber(cells[c]) ? Double.parseDouble(cells[c]) : Double.NaN;
                if (!Double.isFinite((float) value)) {
                    problem(problems, file + ": row " + row + ", column " + (names == null ? Integer.toString(c + 1) : names[c]) + ": \"" + cells[c] + "\" is no finite number");
                }
                if (c == at) {
                    labels.add(value);
                } else {
                    values[c < at ? c : c - 1] = (float) value;
                }
            }
            features.add(values);
        }
        return table(file, features, labels, at, problems, true);
    }

    /** Whether the first column is what the last one is not, though labels are taken from there: a class from 0 in each row. */
    public boolean labelMayBeFirst() {
        return column == features.get(0).length && Arrays.stream(labels).anyMatch(label -> !isClass(label)) && features.stream().allMatch(row -> isClass(row[0]));
    }

    private static boolean isClass(double value) {
        return value >= 0 && value == Math.rint(value);
    }

    private static int column(Path file, String label, String[] names, int columns) {
        if (columns < 2) {
            throw new InputException(file + ": has one column; expected numbers and a label, separated by commas");
        }
        if (label == null) {
            return columns - 1;
        }
        int at = names == null ? -1 : Arrays.asList(names).indexOf(label);
        if (at < 0) {
            throw new InputException("--label: " + file + (names == null ? " does not name its columns in its first row"
                    : " has no column \"" + label + "\"; there are " + String.join(", ", Arrays.asList(names).subList(0, Math.min(TOLD, columns))) + (columns > TOLD ? ", …" : "")));
        }
        return at;
    }

    private static Table table(Path file, List<float[]> features, List<Double> labels, int column, List<String> problems, boolean whole) {
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        if (features.size() < 2) {
            throw new InputException(file + ": has " + features.size() + " examples; at least 2 are needed for an interval");
        }
        return new Table(features, labels.stream().mapToDouble(Double::doubleValue).toArray(), column, whole);
    }

    private static void problem(List<String> problems, String problem) {
        problems.add(problem);
        if (problems.size() == TOLD) {
            throw new InputException(problems);
        }
    }

    private static boolean isNumber(String cell) {
        try {
            Double.parseDouble(cell);
            return true;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
