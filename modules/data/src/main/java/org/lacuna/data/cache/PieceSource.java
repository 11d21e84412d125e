package org.lacuna.data.cache;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.data.text.Characters;
import org.lacuna.data.text.Document;
import org.lacuna.data.text.Documents;
import org.lacuna.data.text.Split;
import org.lacuna.data.text.TextSource;

/**
 * A source as pieces in their order, and pieces as chunks of some size: the same ones each time, so that a number of chunks says how
 * much is done.
 */
final class PieceSource implements AutoCloseable {

    private static final int STRETCH = 1 << 14;

    private final Documents documents;
    private final PieceCutter cutter;
    private final boolean ends;
    private final Split split;
    private final double validationFraction;
    private final long trainCharacters;
    private final int chunkSize;
    private long characters;
    private Characters text;
    private boolean validation;
    private boolean begun;
    private Piece held;

    /** {@code trainCharacters}: for the split by position, those before validation begins. */
    PieceSource(TokenizedText source, long trainCharacters, PieceCutter cutter, int chunkSize) {
        this.documents = new Documents(source.source(), source.field());
        this.cutter = cutter;
        this.ends = !source.source().isOneText();
        this.split = source.split();
        this.validationFraction = source.validationFraction();
        this.trainCharacters = trainCharacters;
        this.chunkSize = chunkSize;
    }

    /** The code points of all documents, and one for each end-of-text. */
    static long count(TextSource source, String field, java.util.function.LongConsumer position) {
        long count = 0;
        char[] stretch = new char[STRETCH];
        try (Documents documents = new Documents(source, field)) {
            for (Document document = documents.next(); document != null; document = documents.next()) {
                long before = count;
                try (Characters text = document.open()) {
                    for (int read = text.read(stretch, 0, STRETCH); read >= 0; read = text.read(stretch, 0, STRETCH)) {
                        count += Character.codePointCount(stretch, 0, read);
                        position.accept(documents.position());
                    }
                }
                if (count > before && !source.isOneText()) {
                    count++;
                }
            }
        }
        return count;
    }

    /** Bytes of the files that are read. */
    long position() {
        return documents.position();
    }

    /** The next pieces, together at least of the size of a chunk where there are so many; empty at the end. */
    List<Piece> chunk() {
        List<Piece> chunk = new ArrayList<>();
        long size = 0;
        while (size < chunkSize) {
            Piece piece = next();
            if (piece == null) {
                break;
            }
            chunk.add(piece);
            size += Math.max(1, piece.text().length());
        }
        return chunk;
    }

    private Piece next() {
        if (held != null) {
            Piece piece = held;
            held = null;
            return piece;
        }
        while (true) {
            if (text == null && !open()) {
                return null;
            }
            String piece = cutter.next();
            if (piece != null) {
                begun = true;
                return ofOnePart(piece);
            }
            closeText();
            if (begun && ends) {
                boolean after = split == Split.POSITION ? characters >= trainCharacters : validation;
                characters++;
                return new Piece("", after, true);
            }
        }
    }

    private boolean open() {
        Document document = documents.next();
        if (document == null) {
            return false;
        }
        validation = split == Split.HASH && Split.inValidation(document, validationFraction);
        begun = false;
        text = document.open();
        cutter.start(text);
        return true;
    }

    private Piece ofOnePart(String piece) {
        if (split == Split.HASH) {
            return new Piece(piece, validation, false);
        }
        long left = trainCharacters - characters;
        int count = piece.codePointCount(0, piece.length());
        characters += count;
        if (left <= 0 || left >= count) {
            return new Piece(piece, left <= 0, false);
        }
        int place = piece.offsetByCodePoints(0, (int) left);
        held = new Piece(piece.substring(place), true, false);
        return new Piece(piece.substring(0, place), false, false);
    }

    private void closeText() {
        if (text != null) {
            text.close();
            text = null;
        }
    }

    @Override
    public void close() {
        closeText();
        documents.close();
    }
}
