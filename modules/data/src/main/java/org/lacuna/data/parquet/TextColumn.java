package org.lacuna.data.parquet;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Type;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type.Repetition;
import org.lacuna.run.InputException;

/**
 * A top-level column of byte strings.
 *
 * @param name   as in the schema
 * @param index  its place among the columns of a row group, which are the leaves of the schema
 * @param levels the definition level of a value that is there: 0 if required, 1 if it may be null
 */
record TextColumn(String name, int index, int levels) {

    private static final int DEEPEST = 100;
    private static final int MOST_NAMES = 40;

    /** Walks over the schema, which is a tree in depth-first order. */
    private static final class Walk {

        private final List<SchemaElement> elements;
        private final Path file;
        private int at = 1;
        private int leaves;

        Walk(List<SchemaElement> elements, Path file) {
            this.elements = elements;
            this.file = file;
        }

        SchemaElement element() {
            if (at >= elements.size()) {
                throw new InputException(file + ": damaged: its schema ends early");
            }
            return elements.get(at);
        }

        void skip(int depth) {
            int children = element().getNum_children();
            at++;
            if (children == 0) {
                leaves++;
            }
            for (int child = 0; child < children && depth < DEEPEST; child++) {
                skip(depth + 1);
            }
            if (depth == DEEPEST) {
                throw new InputException(file + ": its schema is deeper than " + DEEPEST);
            }
        }
    }

    static TextColumn find(FileMetaData footer, String name, Path file) {
        List<SchemaElement> elements = footer.getSchema();
        Walk walk = new Walk(elements, file);
        int fields = elements.isEmpty() ? 0 : elements.get(0).getNum_children();
        List<String> names = new ArrayList<>();
        for (int field = 0; field < fields; field++) {
            SchemaElement element = walk.element();
            if (element.getName().equals(name)) {
                return of(element, walk.leaves, file);
            }
            if (names.size() < MOST_NAMES) {
                names.add(element.getName());
            }
            walk.skip(0);
        }
        throw new InputException(file + ": no column \"" + name + "\"; the columns there are: "
                + (names.isEmpty() ? "none" : String.join(", ", names)) + " (data.field names the one that holds the text)");
    }

    private static TextColumn of(SchemaElement element, int index, Path file) {
        boolean repeated = element.getRepetition_type() == FieldRepetitionType.REPEATED;
        if (element.getNum_children() > 0 || repeated || element.getType() != Type.BYTE_ARRAY) {
            String kind = element.getNum_children() > 0 ? "a group of columns" : repeated ? "a list" : "of type " + element.getType();
            throw new InputException(file + ": column \"" + element.getName() + "\" is " + kind + "; expected one text a row (BYTE_ARRAY, UTF-8)");
        }
        return new TextColumn(element.getName(), index, element.getRepetition_type() == FieldRepetitionType.REQUIRED ? 0 : 1);
    }

    /** As Parquet's column reader wants it. */
    ColumnDescriptor descriptor() {
        PrimitiveType type = new PrimitiveType(levels == 0 ? Repetition.REQUIRED : Repetition.OPTIONAL, PrimitiveTypeName.BINARY, name);
        return new ColumnDescriptor(new String[] {name}, type, 0, levels);
    }
}
