package org.lacuna.data.jinja;

/** What one rendering may take: a template can ask for any amount in a few characters. */
final class Budget {
    private static final long MOST_STEPS = 10_000_000;
    private static final long MOST_MADE = 1L << 26;

    private long steps;
    private long made;

    /** Counts an evaluation. */
    void step() {
        if (++steps > MOST_STEPS) {
            throw new TemplateException("takes more than " + MOST_STEPS + " steps for one conversation");
        }
    }

    /** Counts characters of texts, and elements of lists, that are about to be made. */
    void make(long count) {
        made += count;
        if (made > MOST_MADE || made < 0) {
            throw new TemplateException("makes more than " + MOST_MADE + " characters and elements for one conversation");
        }
    }

    /** Counts a value that was made and is no larger than what it was made from. */
    Object made(Object value) {
        step();
        make(value instanceof String text ? text.length() : value instanceof java.util.List<?> list ? list.size()
                : value instanceof java.util.Map<?, ?> map ? map.size() : 0);
        return value;
    }
}
