package org.lacuna.data.jinja;

/** What a template can call. */
interface Callable {
    Object call(Arguments arguments, Budget budget);
}
