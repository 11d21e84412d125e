package org.lacuna.data.story;

import static org.lacuna.data.story.Choices.*;
import static org.lacuna.data.story.Lexicon.*;

/**
 * The probabilistic grammar of the stories, as the telling of one. Each choice is made by the {@link Pen} among texts of
 * which none begins another, and is written at once; what is not chosen follows from what was. So a text shows its choices
 * one after the other from left to right, and has one derivation.
 *
 * <p>A story introduces two heroes, their home, things that they own and count, and what they like to eat; then things
 * happen until "In the end". What reaches further than a few letters, and must be learnt to predict the text:
 * <ul>
 *   <li>names that recur, and pronouns and possessives of the hero's sex and number;
 *   <li>the tense, chosen once a story, and verbs that agree with a subject that stands before other nouns;
 *   <li>how many things each hero has, given away and got, told as sums;
 *   <li>questions, whose answers stand earlier in the story.
 * </ul>
 */
final class Grammar {

    /** Events before the story may stop. */
    private static final int EVENTS = 4;
    /** Most things that the heroes may have together: the last number that has a word. */
    private static final int MOST = NUMBERS.size();

    private final Pen pen;
    private int tense;
    private Hero first;
    private Hero second;
    /** Who {@code he} or {@code she} is. */
    private Hero last;
    private String home;
    private String colour;
    private int thing;
    /** The thing that was last put somewhere, and where; null before that. */
    private String hidden;
    private String container;
    /** Beginnings and subjects of sentences, by whether the pronoun is that of a woman; made when first needed. */
    private final Words[] beginnings = new Words[2];
    private final Words[] subjects = new Words[2];

    Grammar(Pen pen) {
        this.pen = pen;
    }

    /** Tells one story from its beginning to its end. */
    void tell() {
        introduce();
        int events = 0;
        while (event(events >= EVENTS)) {
            events++;
        }
        conclude();
    }

    private void introduce() {
        tense = pen.choose(OPENINGS) >= FIRST_PRESENT_OPENING ? PRESENT : PAST;
        pen.choose(ARTICLE_ADJECTIVES);
        boolean woman = pen.choose(ROLES) >= MEN.size();
        first = new Hero(woman ? BOYS.size() + pen.choose(GIRLS_NAMES) : pen.choose(BOYS_NAMES));

        say(first.name, " ", HAVE[tense]);
        pen.choose(ARTICLE_ADJECTIVES);
        second = new Hero(relative(pen.choose(RELATIONS)));

        say("They ", tense == PAST ? "lived in " : "live in ");
        pen.choose(ARTICLE_ADJECTIVES);
        String dwelling = DWELLINGS.text(pen.choose(HOMES));
        home = dwelling + " near the " + PLACES.text(pen.choose(LAST_PLACES));

        say(first.name, " ", HAVE[tense]);
        first.things = 1 + pen.choose(COUNTS);
        colour = COLOURS.text(pen.choose(OWNED_COLOURS));
        thing = pen.choose(first.things == 1 ? THING : THINGS);
        say(" and ", second.name, " ", HAVE[tense]);
        second.things = 1 + pen.choose(LAST_COUNTS);

        String like = tense == PAST ? " liked " : " likes ";
        say(first.name, like);
        first.food = FOODS.text(pen.choose(FOODS_AND));
        say(second.name, like);
        second.food = FOODS.text(pen.choose(LAST_FOODS));
        last = first;
    }

    /** The name of a relative or friend, whose sex the word may leave open; never the first hero's. */
    private int relative(int relation) {
        if (relation < BROTHERS.size()) {
            return pen.choose(BOYS_NAMES, first.woman ? -1 : first.nameIndex);
        }
        if (relation < BROTHERS.size() + SISTERS.size()) {
            return BOYS.size() + pen.choose(GIRLS_NAMES, first.woman ? first.nameIndex - BOYS.size() : -1);
        }
        return pen.choose(NAMES, first.nameIndex);
    }

    /** One event, or the words that end the story, if it may stop. False: it ends. */
    private boolean event(boolean mayStop) {
        int pronoun = last.woman ? 1 : 0;
        if (beginnings[pronoun] == null) {
            subjects[pronoun] = subjects();
            Words capital = subjects[pronoun].spelled(subjects[pronoun].texts().stream()
                    .map(text -> Character.toUpperCase(text.charAt(0)) + text.substring(1)).toList());
            beginnings[pronoun] = capital.or(Words.weighted(CONNECTIVES)).or(Words.weighted(STOP));
        }
        int stop = beginnings[pronoun].size() - 1;
        int subject = pen.choose(beginnings[pronoun], mayStop ? -1 : stop);
        if (subject == stop) {
            return false;
        }
        if (subject >= SUBJECTS) {
            subject = pen.choose(subjects[pronoun]);
        }
        switch (subject) {
            case 0 -> hero(first);
            case 1 -> hero(second);
            case HERO_SUBJECTS - 1 -> hero(last);
            case THEY -> both();
            case THE -> beings();
            case THERE -> group();
            default -> pen.choose(WEATHER[tense / 2]);
        }
        return true;
    }

    private Words subjects() {
        return Words.weighted("350 " + first.name + " ", "300 " + second.name + " ", "450 " + (last.woman ? "she " : "he "))
                .or(Words.weighted(OTHER_SUBJECTS));
    }

    private void hero(Hero hero) {
        last = hero;
        int form = tense + ONE;
        boolean countable = hero.things > 1 && first.things + second.things + MOST_GIVEN <= MOST;
        int verb = pen.choose((countable ? VERBS_OF_HERO : VERBS_WITHOUT_COUNTING)[form]);
        switch (verb - BEING_SO) {
            case SAYING -> statement(hero);
            case ASKING -> question(other(hero));
            case PUTTING -> putting();
            case GETTING -> getting(hero);
            case GIVING -> giving(hero, other(hero));
            default -> predicate(verb, form, hero.woman ? HER : HIS, hero.food);
        }
    }

    private void both() {
        int form = tense + MANY;
        predicate(pen.choose(VERBS_OF_BOTH[form]), form, THEIR, null);
    }

    /** What follows a verb that anybody can do. */
    private void predicate(int verb, int form, int possessive, String food) {
        if (verb < ACTIONS) {
            motion(possessive);
        } else if (verb < HANDLINGS) {
            pen.choose(LAST_ADVERBS);
        } else if (verb < INTENDINGS) {
            object(possessive);
        } else if (verb < BEING_SO) {
            if (pen.choose(BARE_VERBS) < ACTIONS) {
                motion(possessive);
            } else {
                pen.choose(LAST_ADVERBS);
            }
        } else {
            feeling(form, food);
        }
    }

    private void motion(int possessive) {
        pen.choose(DIRECTIONS);
        pen.choose(PLACES);
        if (pen.choose(AFTER_PLACE) >= 2) {
            object(possessive);
        }
    }

    private void object(int possessive) {
        int determiner = pen.choose(DETERMINERS[possessive]);
        int number = ONE;
        int noun;
        if (determiner < ARTICLES) {
            noun = pen.choose(ONE_THING);
        } else {
            pen.choose(LOOKS);
            if (determiner < EITHER_NUMBER) {
                noun = pen.choose(ANY_THINGS);
                number = noun < ONE_THING.size() ? ONE : MANY;
            } else {
                noun = pen.choose(MANY_THINGS);
                number = MANY;
            }
        }
        if (noun % ONE_THING.size() >= THING.size()) {
            if (pen.choose(AFTER_THING[tense + number]) < LOCATIONS.size()) {
                pen.choose(LAST_PLACES);
            } else {
                pen.choose(LAST_QUALITIES);
            }
        }
    }

    /** Feelings have consequences: who is sad weeps, who is hungry eats what he likes. */
    private void feeling(int form, String food) {
        int feeling = pen.choose(FEELINGS_SHOWN);
        if (feeling < ALL_FEELINGS.size()) {
            return;
        }
        int kind = kindOfFeeling(feeling - ALL_FEELINGS.size());
        if (kind < REACTIONS.length) {
            pen.choose(REACTIONS[kind][form]);
            pen.choose(LAST_ADVERBS);
        } else {
            pen.write(EAT[form]);
            if (food == null) {
                pen.choose(LAST_FOODS);
            } else {
                say(food, ". ");
            }
        }
    }

    private void beings() {
        int being = pen.choose(ANY_BEINGS);
        boolean animal = being < ANIMALS.size() + ANIMAL.size();
        boolean many = being < ANIMALS.size() || !animal && being < ANY_BEINGS.size() - PERSON.size();
        int form = tense + (many ? MANY : ONE);
        int verb = pen.choose(VERBS_OR_BESIDES[form]);
        if (verb >= VERBS_OF_BEINGS[form].size()) {
            pen.choose(ANY_THINGS_BETWEEN);
            verb = pen.choose(VERBS_OF_BEINGS[form]);
        }
        // A person whose sex is not known has their things.
        predicate(verb, form, animal && !many ? ITS : THEIR, null);
    }

    private void group() {
        int number = pen.choose(THERE_BE[tense / 2]);
        if (number == ONE) {
            pen.choose(ARTICLE_ADJECTIVES);
            pen.choose(ONE_ANIMAL);
        } else {
            pen.choose(GROUPS, 0);
            pen.choose(ADJECTIVES);
            pen.choose(MANY_ANIMALS);
        }
        pen.choose(LOCATIONS);
        pen.choose(PLACES);
        if (pen.choose(AFTER_GROUP[number]) == 1) {
            pen.choose(ACTION[tense + number]);
            pen.choose(LAST_ADVERBS);
        }
    }

    private void statement(Hero hero) {
        switch (pen.choose(STATEMENTS)) {
            case 0 -> pen.choose(FEELINGS_SAID);
            case 1 -> {
                pen.choose(ACTION[BASE]);
                pen.choose(ADVERBS_SAID);
            }
            case 2 -> say(hero.food, ".\" ");
            default -> say(home, ".\" ");
        }
    }

    /** A question to the other hero, and the answer, which stands earlier in the story. */
    private void question(Hero asked) {
        say(asked.name, ", \"");
        switch (pen.choose(QUESTIONS, hidden == null ? WHERE_IS : -1)) {
            case HOW_MANY -> say(colour, " ", THINGS.text(thing), " do you have?\" \"I have ",
                    NUMBERS.text(asked.things - 1));
            case WHAT_TO_EAT -> say("\" \"I like ", asked.food);
            case WHERE_HOME -> say("\" \"In the ", home);
            case WHAT_NAME -> say("\" \"My name is ", asked.name);
            case WHAT_COLOUR -> say(asked.things == 1 ? "is your " : "are your ", things(asked.things),
                    asked.things == 1 ? "?\" \"It is " : "?\" \"They are ", colour);
            default -> say(hidden, "?\" \"It is in the ", container);
        }
        say(",\" ", SAY[tense], " ", asked.name, ". ");
        last = asked;
    }

    private void putting() {
        pen.choose(ARTICLE_LOOKS);
        hidden = THING.text(pen.choose(PUT_THINGS));
        container = CONTAINERS.text(pen.choose(LAST_CONTAINERS));
    }

    private void getting(Hero hero) {
        int more = 1 + pen.choose(SOME[MOST_GIVEN]);
        hero.things += more;
        say("more ", colour, " ", things(more), ". Now ", hero.name, " ", HAVE[tense], NUMBERS.text(hero.things - 1), ". ");
    }

    private void giving(Hero giver, Hero taker) {
        say(taker.name, " ");
        int given = 1 + pen.choose(SOME[Math.min(MOST_GIVEN, giver.things - 1)]);
        giver.things -= given;
        taker.things += given;
        say("of the ", colour, " ", THINGS.text(thing), ". Now ", giver.name, " ", HAVE[tense],
                NUMBERS.text(giver.things - 1), " and ", taker.name, " ", HAVE[tense], NUMBERS.text(taker.things - 1), ". ");
    }

    private void conclude() {
        say("they ");
        pen.choose(MOTION[tense + MANY]);
        say("home to the ", home, ". ", first.name, " ", HAVE[tense], NUMBERS.text(first.things - 1), " ", colour, " ",
                things(first.things), " and ", second.name, " ", HAVE[tense], NUMBERS.text(second.things - 1), ". ");
        pen.choose(ENDINGS);
    }

    private String things(int number) {
        return (number == 1 ? THING : THINGS).text(thing);
    }

    private Hero other(Hero hero) {
        return hero == first ? second : first;
    }

    private void say(String... texts) {
        for (String text : texts) {
            pen.write(text);
        }
    }
}
