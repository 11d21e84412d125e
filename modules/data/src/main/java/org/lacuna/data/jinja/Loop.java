package org.lacuna.data.jinja;

import java.util.List;

/** What {@code loop} is inside of a for. */
final class Loop {
    private final List<?> items;
    private int index = -1;

    Loop(List<?> items) {
        this.items = items;
    }

    void advance() {
        index++;
    }

    Object get(String name) {
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) items.size() - index;
            case "revindex0" -> items.size() - 1L - index;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            case "previtem" -> index > 0 ? items.get(index - 1) : new Undefined("the item before the first");
            case "nextitem" -> index + 1 < items.size() ? items.get(index + 1) : new Undefined("the item after the last");
            default -> throw new TemplateException("loop has no '" + name + "' here; it has index, index0, revindex, revindex0, first, last, length, previtem and nextitem");
        };
    }
}
