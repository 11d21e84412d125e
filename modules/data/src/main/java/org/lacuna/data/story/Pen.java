package org.lacuna.data.story;

/**
 * What the grammar is told with. A writer makes the choices and writes the text; a reader, given a text, finds the choices
 * in it. The grammar is the same for both, which is why a text has one derivation.
 */
interface Pen {

    /**
     * Chooses one of some words and writes it.
     *
     * @param words    what to choose from
     * @param excluded index of one that may not be chosen, −1 for none
     * @return index of the chosen one
     */
    int choose(Words words, int excluded);

    /**
     * Writes what is not a choice.
     *
     * @param text ASCII
     */
    void write(String text);

    /** Chooses among all of some words. */
    default int choose(Words words) {
        return choose(words, -1);
    }
}
