package org.lacuna.data.jinja;

/** What one rendering may take: a template can ask for any amount in a few characters. */
final class Budget {
    private static final long MOST_STEPS = 10_000_000;
    private static final long MOST_MADE = 1L << 26;
    /** Characters that are looked through in the time of a step, log₂. */
    private static final int READ_BITS = 8;

    private final boolean strict;
    private long steps;
    private long made;

    Budget() {
        this(false);
    }

    /** @param strict whether what stands for nothing may not be printed or gone over, as with Jinja's StrictUndefined */
    Budget(boolean strict) {
        this.strict = strict;
    }

    /** Refuses what stands for nothing where the rendering is strict. */
    void use(Undefined undefined) {
        if (strict) {
            throw undefined.refused();
        }
    }

    /** Counts an evaluation. */
    void step() {
        take(1);
    }

    private void take(long count) {
        steps += count;
        if (steps > MOST_STEPS || steps < 0) {
            throw new TemplateException("takes more than " + MOST_STEPS + " steps for one conversation");
        }
    }

    /** Counts a text that is about to be looked through. */
    void read(String text) {
        take(text.length() >> READ_BITS);
    }

    /** Counts a text in which another is about to be looked for: at each place as far as both are the same, which may be to the other's end. */
    void search(String text, String wanted) {
        take(text.length() * (1L + wanted.length()) >> READ_BITS);
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
