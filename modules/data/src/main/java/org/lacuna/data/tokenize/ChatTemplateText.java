package org.lacuna.data.tokenize;

/**
 * The template that spells out conversations for a model, as its files have it.
 *
 * @param where what a message calls it: its file, and the key if it is one of several
 * @param text  the template, Jinja; not read yet
 */
public record ChatTemplateText(String where, String text) {
}
