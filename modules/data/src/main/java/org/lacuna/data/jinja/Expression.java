package org.lacuna.data.jinja;

/** Something that has a value. */
interface Expression {
    Object value(Scope scope);
}
