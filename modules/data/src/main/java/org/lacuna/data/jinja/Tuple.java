package org.lacuna.data.jinja;

import java.util.AbstractList;
import java.util.List;

/** A list that is spelled with parentheses and equals no other kind. */
final class Tuple extends AbstractList<Object> {
    private final List<?> elements;

    Tuple(List<?> elements) {
        this.elements = elements;
    }

    @Override
    public Object get(int index) {
        return elements.get(index);
    }

    @Override
    public int size() {
        return elements.size();
    }
}
