package org.lacuna.data.story;

import static org.lacuna.data.story.Lexicon.*;

/**
 * The alternatives at each place of the grammar. Within each, no text begins another (tested): hence the spaces and full
 * stops that many of them end with.
 */
final class Choices {

    static final Words OPENINGS = Words.weighted("4 Once upon a time there was ", "2 Long ago there lived ",
            "2 In a far land there lived ", "3 This is the story of ", "2 Here is the tale of ", "2 Let me tell you about ");
    static final int FIRST_PRESENT_OPENING = 3;
    static final Words ROLES = MEN.or(WOMEN).then(" named ");
    static final Words RELATIONS = BROTHERS.or(SISTERS).or(FRIENDS).then(" named ");
    static final Words NAMES = BOYS.or(GIRLS).then(". ");
    static final Words BOYS_NAMES = BOYS.then(". ");
    static final Words GIRLS_NAMES = GIRLS.then(". ");
    static final Words HOMES = DWELLINGS.then(" near the ");
    static final Words LAST_PLACES = PLACES.then(". ");
    static final Words COUNTS = NUMBERS.first(9).then(" ");
    static final Words LAST_COUNTS = NUMBERS.first(9).then(". ");
    static final Words OWNED_COLOURS = COLOURS.then(" ");
    static final Words FOODS_AND = FOODS.then(" and ");
    static final Words LAST_FOODS = FOODS.then(". ");

    /** Subjects, after the two heroes' names and the pronoun of the one spoken of last: {@link #THEY} and so on. */
    static final String[] OTHER_SUBJECTS = {"300 they ", "450 the ", "200 there ", "150 it "};
    static final int HERO_SUBJECTS = 3;
    static final int THEY = 3;
    static final int THE = 4;
    static final int THERE = 5;
    static final int SUBJECTS = 7;
    static final String[] CONNECTIVES = {"180 Then ", "120 Soon ", "120 After that ", "90 One day ", "90 Later ",
        "60 Suddenly ", "60 On the next day ", "60 One night ", "60 Every morning ", "60 At last "};
    static final String STOP = "600 In the end ";

    private static final String[] BE = {"is ", "are ", "was ", "were "};
    static final String[] HAVE = {"has ", "have ", "had ", "had "};
    static final String[] SAY = {"says", "say", "said", "said"};
    static final String[] EAT = {"eats ", "eat ", "ate ", "ate "};

    /** Verbs by form, in the order motion, action, handling, (of people:) intending, being, (of one hero:) the others. */
    static final Words[] VERBS_OF_BEINGS = new Words[FORMS];
    static final Words[] VERBS_OF_BOTH = new Words[FORMS];
    static final Words[] VERBS_OF_HERO = new Words[FORMS];
    static final Words[] VERBS_WITHOUT_COUNTING = new Words[FORMS];
    static final int ACTIONS = MOTION[BASE].size();
    static final int HANDLINGS = ACTIONS + ACTION[BASE].size();
    static final int INTENDINGS = HANDLINGS + HANDLING[BASE].size();
    static final int BEING_SO = INTENDINGS + INTENDING[BASE].size();
    /** What only one hero does, counted from {@link #BEING_SO}. */
    static final int SAYING = 1;
    static final int ASKING = 2;
    static final int PUTTING = 3;
    static final int GETTING = 4;
    static final int GIVING = 5;
    static final Words BARE_VERBS = MOTION[BASE].or(ACTION[BASE]);

    static final Words DIRECTIONS = Words.weighted("6 to the ", "2 towards the ", "2 through the ", "2 past the ",
            "2 around the ");
    static final Words AFTER_PLACE = Words.weighted("6 . ", "1  every day. ", "1  to find ", "1  to buy ");
    static final Words LAST_ADVERBS = ADVERBS.then(". ");
    static final Words LOCATIONS = Words.weighted("4 in the ", "3 near the ", "2 behind the ", "2 beside the ");

    /** What stands before things, by whose they may be: {@link #HIS} and so on. */
    static final Words[] DETERMINERS = new Words[4];
    static final int HIS = 0;
    static final int HER = 1;
    static final int THEIR = 2;
    static final int ITS = 3;
    static final int ARTICLES = ARTICLE_LOOKS.size();
    static final int EITHER_NUMBER = ARTICLES + 2;
    /** A thing or things at the end of a sentence, or followed by more. */
    static final Words ONE_THING = THING.then(". ").or(THING.then(" "));
    static final Words MANY_THINGS = THINGS.then(". ").or(THINGS.then(" "));
    static final Words ANY_THINGS = ONE_THING.or(MANY_THINGS);
    static final Words[] AFTER_THING = new Words[FORMS];
    static final Words LAST_QUALITIES = QUALITIES.then(". ");

    static final Words FEELINGS_SHOWN = ALL_FEELINGS.then(". ").or(ALL_FEELINGS.then(" and "));
    static final Words ADVERBS_SAID = ADVERBS.then(".\" ");
    static final Words FEELINGS_SAID = ALL_FEELINGS.then(".\" ");
    static final Words STATEMENTS = Words.weighted("3 am ", "3 want to ", "2 like ", "2 live in the ");

    /** Animals, animal, people, person. */
    static final Words ANY_BEINGS = ANIMALS.or(ANIMAL).or(PERSONS).or(PERSON).then(" ");
    static final Words BESIDES = Words.weighted("9000 near the ", "5000 behind the ", "5000 beside the ", "5000 with the ");
    static final Words ANY_THINGS_BETWEEN = THING.then(" ").or(THINGS.then(" "));
    static final Words[] VERBS_OR_BESIDES = new Words[FORMS];
    static final Words[] THERE_BE = {Words.weighted("3 is ", "2 are "), Words.weighted("3 was ", "2 were ")};
    static final Words GROUPS = NUMBERS.then(" ");
    static final Words ONE_ANIMAL = ANIMAL.then(" ");
    static final Words MANY_ANIMALS = ANIMALS.then(" ");
    static final Words[] AFTER_GROUP = {Words.weighted("2 . ", "1  and it "), Words.weighted("2 . ", "1  and they ")};
    static final Words[] WEATHER = new Words[2];

    static final Words PUT_THINGS = THING.then(" in the ");
    static final Words LAST_CONTAINERS = CONTAINERS.then(". ");
    /** Numbers up to the index: how many things may change hands. */
    static final int MOST_GIVEN = 5;
    static final Words[] SOME = new Words[MOST_GIVEN + 1];
    static final Words QUESTIONS = Words.weighted("4 How many ", "3 What do you like to eat?", "3 Where do you live?",
            "2 What is your name?", "3 What colour ", "6 Where is the ");
    static final int HOW_MANY = 0;
    static final int WHAT_TO_EAT = 1;
    static final int WHERE_HOME = 2;
    static final int WHAT_NAME = 3;
    static final int WHAT_COLOUR = 4;
    static final int WHERE_IS = 5;
    static final Words ENDINGS = Words.weighted("3 The end.", "2 They were never seen again.", "2 That is all I know.",
            "1 What a day!", "2 And nobody was sad any more.", "1 Sleep well!");

    static {
        String[] ask = {"asks ", "ask ", "asked ", "asked "};
        String[] put = {"puts ", "put ", "put ", "put "};
        String[] get = {"gets ", "get ", "got ", "got "};
        String[] give = {"gives ", "give ", "gave ", "gave "};
        for (int form = 0; form < FORMS; form++) {
            VERBS_OF_BEINGS[form] = MOTION[form].or(ACTION[form]).or(HANDLING[form]);
            VERBS_OR_BESIDES[form] = VERBS_OF_BEINGS[form].or(BESIDES);
            VERBS_OF_BOTH[form] = VERBS_OF_BEINGS[form].or(INTENDING[form]).or(Words.weighted("5000 " + BE[form]));
            VERBS_OF_HERO[form] = VERBS_OF_BOTH[form].or(Words.weighted("4000 " + SAY[form] + ", \"I ", "8000 " + ask[form],
                    "4000 " + put[form], "3000 " + get[form], "7000 " + give[form]));
            VERBS_WITHOUT_COUNTING[form] = VERBS_OF_HERO[form].first(BEING_SO + GETTING);
            AFTER_THING[form] = LOCATIONS.or(Words.weighted("6 because " + (form % 2 == ONE ? "it " : "they ") + BE[form]));
        }
        String[] possessives = {"his ", "her ", "their ", "its "};
        for (int who = 0; who < possessives.length; who++) {
            DETERMINERS[who] = ARTICLE_LOOKS.or(Words.weighted("4000 the ", "4000 " + possessives[who], "1200 two ",
                    "1000 three ", "800 four ", "600 five ", "500 six ", "400 some ", "400 many "));
        }
        for (int most = 1; most <= MOST_GIVEN; most++) {
            SOME[most] = NUMBERS.first(most).then(" ");
        }
        for (int past = 0; past < 2; past++) {
            String be = BE[2 * past];
            WEATHER[past] = Words.weighted("3 " + be + "raining. ", "2 " + be + "snowing. ", "3 " + be + "very cold. ",
                    "2 " + be + "a warm day. ", "2 " + be + "getting dark. ", "1 " + be + "almost noon. ",
                    "1 " + be + "windy. ");
        }
    }

    private Choices() {
    }
}
