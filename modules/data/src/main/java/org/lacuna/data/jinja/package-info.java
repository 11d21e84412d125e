/**
 * The template language of chat templates: the part of Jinja that models' {@code chat_template} use, with Python's values. Templates come from
 * strangers: they reach nothing but the values that they are given, and time, memory and output are bounded.
 */
package org.lacuna.data.jinja;
