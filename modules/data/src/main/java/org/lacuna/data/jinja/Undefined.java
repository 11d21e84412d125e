package org.lacuna.data.jinja;

/**
 * What a name that stands for nothing gives: it is false, printed as nothing and has no elements.
 *
 * @param what how a message calls it
 */
record Undefined(String what) {

    TemplateException refused() {
        return new TemplateException(what + " is undefined");
    }
}
