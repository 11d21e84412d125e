package org.lacuna.data.story;

/** One of the two people of a story, and what the grammar must remember of them. */
final class Hero {

    final String name;
    final boolean woman;
    /** Place among the men's and women's names together. */
    final int nameIndex;
    int things;
    String food;

    Hero(int nameIndex) {
        this.nameIndex = nameIndex;
        this.woman = nameIndex >= Lexicon.BOYS.size();
        this.name = woman ? Lexicon.GIRLS.text(nameIndex - Lexicon.BOYS.size()) : Lexicon.BOYS.text(nameIndex);
    }
}
