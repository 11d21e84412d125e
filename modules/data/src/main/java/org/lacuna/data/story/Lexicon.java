package org.lacuna.data.story;

import java.util.ArrayList;
import java.util.List;

/** The words of the stories, by what the grammar does with them. */
final class Lexicon {

    /** Forms of a verb: present or past, with a singular or a plural subject. */
    static final int PRESENT = 0;
    static final int PAST = 2;
    static final int ONE = 0;
    static final int MANY = 1;
    static final int FORMS = 4;
    /** The infinitive. */
    static final int BASE = PRESENT + MANY;

    static final Words BOYS = Words.falling("Tom,Ben,Sam,Max,Jack,Leo,Tim,Finn,Noah,Oscar,Henry,Paul,Peter,Hugo,Felix,"
            + "Martin,Simon,Oliver,David,Carl,Anton,Victor,Luke,Adam,Edward,Frank,George,Robin,Arthur,Walter,Philip,Ralph");
    static final Words GIRLS = Words.falling("Lily,Mia,Anna,Emma,Sue,Lucy,Ella,Rose,Nora,Clara,Julia,Alice,Sara,Molly,Ruby,"
            + "Grace,Hanna,Ida,Maria,Sophie,Vera,Wendy,Zoe,Kate,Jane,Olive,Dora,Flora,Greta,Laura,Martha,Polly");

    static final Words MEN = Words.falling("boy,king,prince,man,grandfather,shepherd,wizard,uncle,father,gentleman,"
            + "fisherman,monk");
    static final Words WOMEN = Words.falling("girl,queen,princess,woman,grandmother,milkmaid,witch,aunt,mother,lady,"
            + "seamstress,nun");
    static final Words BROTHERS = Words.falling("brother,son,nephew,grandson");
    static final Words SISTERS = Words.falling("sister,daughter,niece,granddaughter");
    static final Words FRIENDS = Words.falling("friend,cousin,neighbour,helper,pupil,guest");

    private static final String ADJECTIVE_LIST = "little,big,old,young,small,kind,clever,brave,strange,quiet,funny,poor,rich,"
            + "tall,tiny,gentle,lazy,wise,clumsy,loyal,ugly,lovely,greedy,curious,noisy,famous,patient,polite,silly,"
            + "stubborn,eager,careful,grumpy,friendly,elegant,shy,proud,bold,idle,odd";
    static final Words ADJECTIVES = Words.falling(ADJECTIVE_LIST).then(" ");
    /** The same with the article that fits. */
    static final Words ARTICLE_ADJECTIVES = withArticle(ADJECTIVES);

    static final Words LOOKS = Words.falling("red,new,broken,shiny,heavy,wooden,empty,golden,dirty,soft,yellow,round,old,"
            + "clean,silver,tiny,sharp,striped,huge,cheap,green,dusty,handy,painted,thin,orange,wet,rusty,light,expensive,"
            + "enormous,narrow,ordinary,crooked,smooth,flat").then(" ");
    static final Words ARTICLE_LOOKS = withArticle(LOOKS);
    static final Words QUALITIES = Words.falling("pretty,heavy,warm,useful,cheap,rare,strong,loud,cold,magical,dangerous,"
            + "delicious,perfect,special,fragile,hidden,bright,colourful,famous,precious");
    static final Words COLOURS = Words.falling("red,blue,green,yellow,white,black,brown,pink,purple,grey,golden,silver");

    private static final String[] THING_NOUNS = nouns("ball,book,cup,coat,hat,key,lamp,box+es,letter,map,picture,plate,ring,rope,"
            + "shoe,spoon,stone,stick,toy,wheel,bell,bottle,brush+es,button,candle,chair,clock,coin,drum,feather,flag,flower,"
            + "hammer,kite,kni/fe/ves,ladder,mirror,needle,pencil,pillow,ribbon,scar/f/ves,shell,sword,table,umbrella,wagon,"
            + "whistle,doll,blanket,jewel,trumpet");
    static final Words THING = Words.falling(THING_NOUNS[0]);
    static final Words THINGS = Words.falling(THING_NOUNS[1]);

    private static final String[] ANIMAL_NOUNS = nouns("dog,cat,bird,horse,cow,lamb,fox+es,rabbit,frog,bear,mouse=mice,"
            + "goose=geese,duck,pig,goat,wol/f/ves,owl,bee,butterfl/y/ies,lion,monkey,squirrel,turtle,hen,donkey,snake,dragon");
    static final Words ANIMAL = Words.falling(ANIMAL_NOUNS[0]);
    static final Words ANIMALS = Words.falling(ANIMAL_NOUNS[1]);
    private static final String[] PERSON_NOUNS = nouns("farmer,teacher,soldier,doctor,baker,child=children,thie/f/ves,sailor,"
            + "giant,fair/y/ies,elf=elves,hunter,merchant,painter,stranger,miller,nurse,knight,singer");
    static final Words PERSON = Words.falling(PERSON_NOUNS[0]);
    static final Words PERSONS = Words.falling(PERSON_NOUNS[1]);

    static final Words PLACES = Words.falling("river,forest,hill,market,garden,lake,school,village,sea,bridge,mountain,field,"
            + "barn,tower,mill,church,castle,well,harbour,cave,road,station,park,island,beach,library,stable,valley,meadow,"
            + "shop,theatre,palace,swamp,waterfall,desert,orchard");
    static final Words DWELLINGS = Words.falling("house,cottage,hut,cabin,farmhouse,tent,mansion,flat,caravan,boathouse");
    static final Words CONTAINERS = Words.falling("basket,drawer,cupboard,sack,chest,bucket,pocket,trunk,suitcase,jar,"
            + "wardrobe,barrel");
    static final Words FOODS = Words.falling("apples,bread,cheese,soup,cake,honey,pears,rice,eggs,fish,plums,nuts,porridge,"
            + "cherries,potatoes,pancakes,grapes,beans,butter,chocolate,onions,carrots,berries,noodles");
    static final Words ADVERBS = Words.falling("happily,loudly,softly,all day,quietly,for a long time,slowly,in the sun,"
            + "all night,sadly,in the rain,by the fire,again,alone,without a word,like a child,until dark,very well,badly,"
            + "in the dark,for a while,with joy,under a tree,at once");
    static final Words NUMBERS = Words.even("one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve,thirteen,"
            + "fourteen,fifteen,sixteen,seventeen,eighteen,nineteen,twenty");

    /** Verbs by form; written as base, third person, past. */
    static final Words[] MOTION = verbs("go goes went,walk walks walked,run runs ran,hurry hurries hurried,march marches marched,"
            + "race races raced,ride rides rode,swim swims swam,wander wanders wandered,travel travels travelled,"
            + "return returns returned,dash dashes dashed,crawl crawls crawled,drive drives drove,skip skips skipped,"
            + "sail sails sailed,rush rushes rushed,stroll strolls strolled,limp limps limped,gallop gallops galloped");
    static final Words[] ACTION = verbs("play plays played,sing sings sang,laugh laughs laughed,sleep sleeps slept,"
            + "dance dances danced,wait waits waited,work works worked,cry cries cried,smile smiles smiled,rest rests rested,"
            + "shout shouts shouted,whistle whistles whistled,sigh sighs sighed,listen listens listened,think thinks thought,"
            + "dream dreams dreamed,yawn yawns yawned,sneeze sneezes sneezed,kneel kneels knelt,whisper whispers whispered,"
            + "giggle giggles giggled,tremble trembles trembled,snore snores snored,hide hides hid,pray prays prayed");
    static final Words[] HANDLING = verbs("find finds found,see sees saw,buy buys bought,keep keeps kept,make makes made,"
            + "carry carries carried,draw draws drew,break breaks broke,clean cleans cleaned,bring brings brought,"
            + "paint paints painted,hold holds held,lose loses lost,choose chooses chose,wash washes washed,catch catches caught,"
            + "sell sells sold,lift lifts lifted,steal steals stole,drop drops dropped,mend mends mended,throw throws threw,"
            + "kick kicks kicked,borrow borrows borrowed,need needs needed,forget forgets forgot,admire admires admired,"
            + "polish polishes polished,measure measures measured,burn burns burned");
    static final Words[] INTENDING = verbs("want to wants to wanted to,try to tries to tried to,begin to begins to began to,"
            + "like to likes to liked to,have to has to had to,hope to hopes to hoped to,decide to decides to decided to,"
            + "learn to learns to learned to");

    /** Feelings by kind; the kind decides what follows from them. */
    static final Words[] FEELINGS = {
        Words.falling("happy,glad,cheerful,excited,delighted,joyful"),
        Words.falling("sad,lonely,unhappy,upset,miserable,gloomy"),
        Words.falling("tired,sleepy,weary,exhausted"),
        Words.falling("afraid,scared,frightened,nervous,worried"),
        Words.falling("hungry,starving"),
    };
    static final Words ALL_FEELINGS = FEELINGS[0].or(FEELINGS[1]).or(FEELINGS[2]).or(FEELINGS[3]).or(FEELINGS[4]);
    /** What people do who feel so, by kind (the hungry eat), then by form. */
    static final Words[][] REACTIONS = {
        verbs("smile smiles smiled,laugh laughs laughed,dance dances danced,sing sings sang,cheer cheers cheered"),
        verbs("cry cries cried,sigh sighs sighed,weep weeps wept,moan moans moaned"),
        verbs("sleep sleeps slept,rest rests rested,yawn yawns yawned,snore snores snored"),
        verbs("tremble trembles trembled,hide hides hid,scream screams screamed,shiver shivers shivered"),
    };

    private Lexicon() {
    }

    /** Which kind of feeling a place in {@link #ALL_FEELINGS} is. */
    static int kindOfFeeling(int index) {
        int kind = 0;
        int before = 0;
        while (index >= before + FEELINGS[kind].size()) {
            before += FEELINGS[kind++].size();
        }
        return kind;
    }

    private static Words withArticle(Words adjectives) {
        return adjectives.spelled(adjectives.texts().stream()
                .map(adjective -> ("aeiou".indexOf(adjective.charAt(0)) >= 0 ? "an " : "a ") + adjective).toList());
    }

    /**
     * Singulars and plurals of nouns: {@code ball} has -s, {@code box+es} adds an ending, {@code kni/fe/ves} changes it,
     * {@code mouse=mice} has a plural of its own.
     */
    private static String[] nouns(String list) {
        List<String> singulars = new ArrayList<>();
        List<String> plurals = new ArrayList<>();
        for (String noun : list.split(",")) {
            String[] changed = noun.split("/");
            String[] added = noun.split("\\+");
            String[] own = noun.split("=");
            singulars.add(changed.length == 3 ? changed[0] + changed[1] : added.length == 2 ? added[0] : own[0]);
            plurals.add(changed.length == 3 ? changed[0] + changed[2] : added.length == 2 ? added[0] + added[1]
                    : own.length == 2 ? own[1] : noun + "s");
        }
        return new String[] {String.join(",", singulars), String.join(",", plurals)};
    }

    /** Verbs by form, each followed by a space. A verb of two words takes two of six. */
    private static Words[] verbs(String list) {
        List<List<String>> forms = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (String verb : list.split(",")) {
            String[] words = verb.split(" ");
            int each = words.length / 3;
            for (int form = 0; form < 3; form++) {
                forms.get(form).add(String.join(" ", List.of(words).subList(form * each, (form + 1) * each)) + " ");
            }
        }
        Words base = Words.falling(list).spelled(forms.get(0));
        Words past = base.spelled(forms.get(2));
        return new Words[] {base.spelled(forms.get(1)), base, past, past};
    }
}
