package org.lacuna.data.tokenize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.InputException;

/** Damaged and hostile files are refused with a message; none ends the process, as the native library would. */
class HostileTokenizerTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> TEXTS = List.of("", " ", "Hello  world's 123", "<|endoftext|> a<|eot_id|>\r\n\n é漢😀\0", "a".repeat(300), "  \n".repeat(50));

    /** What an object of a file may be exchanged for. */
    private static final List<String> STAGES = List.of("null", "{'type':'NFKC'}", "{'type':'NFD'}", "{'type':'StripAccents'}", "{'type':'Lowercase'}",
            "{'type':'Nmt'}", "{'type':'BertNormalizer','clean_text':true,'handle_chinese_chars':true,'strip_accents':true,'lowercase':true}",
            "{'type':'Prepend','prepend':''}", "{'type':'Prepend','prepend':'▁'}", "{'type':'Strip','strip_left':true,'strip_right':true}",
            "{'type':'Replace','pattern':{'String':' '},'content':''}", "{'type':'Replace','pattern':{'Regex':'[a-e]+|\\\\s'},'content':'éé'}",
            "{'type':'Replace','pattern':{'Regex':'.'},'content':''}", "{'type':'Replace','pattern':{'String':''},'content':'é'}",
            "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}", "{'type':'ByteLevel'}", "{'type':'BertPreTokenizer'}",
            "{'type':'Metaspace','replacement':'▁','add_prefix_space':true}", "{'type':'Metaspace','replacement':'▁','prepend_scheme':'first','split':true}",
            "{'type':'Digits','individual_digits':true}", "{'type':'Whitespace'}", "{'type':'WhitespaceSplit'}", "{'type':'UnicodeScripts'}",
            "{'type':'Punctuation','behavior':'MergedWithNext'}", "{'type':'CharDelimiterSplit','delimiter':'e'}",
            "{'type':'Split','pattern':{'String':''},'behavior':'Isolated','invert':false}",
            "{'type':'Split','pattern':{'Regex':'(?=l)|^'},'behavior':'MergedWithPrevious','invert':true}",
            "{'type':'Split','pattern':{'Regex':'o*'},'behavior':'Removed','invert':false}", "{'Regex':'.*'}", "{'Regex':''}", "{'String':''}",
            "{'type':'BertProcessing','sep':['x',1],'cls':['y',2]}", "{'type':'RobertaProcessing','sep':['x',1],'cls':['y',2],'trim_offsets':true,'add_prefix_space':true}",
            "{'type':'TemplateProcessing','single':[{'Sequence':{'id':'A','type_id':0}},{'Sequence':{'id':'A','type_id':1}}],'pair':[],'special_tokens':{}}",
            "{'type':'WordPiece','prefix':'##','cleanup':true}", "{'type':'BPEDecoder','suffix':'e'}", "{'type':'CTC','pad_token':'a','word_delimiter_token':'l','cleanup':true}",
            "{'type':'ByteFallback'}", "{'type':'Fuse'}", "{'type':'Strip','content':'a','start':2,'stop':0}",
            "{'direction':'Left','max_length':0,'strategy':'LongestFirst','stride':9}",
            "{'strategy':{'Fixed':99},'direction':'Left','pad_to_multiple_of':0,'pad_id':1,'pad_type_id':0,'pad_token':'x'}",
            "{'type':'WordPiece','unk_token':'[UNK]','continuing_subword_prefix':'##','max_input_chars_per_word':0,'vocab':{'[UNK]':0,'a':1,'##a':2}}",
            "{'type':'WordLevel','unk_token':'[UNK]','vocab':{'[UNK]':7,'a':1}}", "{'type':'Unigram','unk_id':0,'vocab':[['<unk>',0],['a',-1.5],['a',-1],['',3]]}",
            "{'type':'Unigram','unk_id':null,'vocab':[['l',1e308],['ll',-1e308],['é',0]],'byte_fallback':true}",
            "{'type':'Unigram','unk_id':9,'vocab':[]}", "{'type':'BPE','vocab':{'a':0,'':1},'merges':[['','a']],'end_of_word_suffix':'e','fuse_unk':true,'unk_token':'a'}");

    @TempDir
    Path folder;

    private Path file;
    private ObjectNode gpt2;
    private ObjectNode llama3;

    @BeforeEach
    void unpack() throws IOException {
        file = folder.resolve("tokenizer.json");
        gpt2 = (ObjectNode) JSON.readTree(Fixtures.unpack("gpt2-style-512", folder).resolve("tokenizer.json").toFile());
        llama3 = (ObjectNode) JSON.readTree(Fixtures.unpack("llama3-style-640", folder).resolve("tokenizer.json").toFile());
    }

    private Tokenizer load(String content) throws IOException {
        Files.writeString(file, content);
        return Tokenizers.load(file);
    }

    private void assertRefused(String expected, String content) {
        String message = assertThrows(InputException.class, () -> load(content)).getMessage();
        assertTrue(message.startsWith(file + ": ") && message.contains(expected) && message.lines().count() == 1, message);
    }

    /** The tokenizer with a change, which the library would not survive or not read. */
    private void assertRefused(String expected, Consumer<ObjectNode> change) {
        ObjectNode changed = gpt2.deepCopy();
        change.accept(changed);
        assertRefused(expected, changed.toString());
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text.replace('\'', '"'));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatIsNoTokenizerIsRefused() throws IOException {
        assertRefused("is empty", "");
        assertRefused("not valid JSON", "{\"model\": ");
        assertRefused("not a JSON object", "[]");
        assertRefused("no model", "{}");
        assertRefused("no tokens", "{\"model\": {}}");
        assertRefused("not valid JSON", gpt2 + "{}");
        assertRefused("goes on after its end", llama3 + " ".repeat(70_000) + "{}");
        assertRefused("the key \"model\" is there twice", gpt2.toString().replaceFirst("\\{", "{\"model\": {},"));
        assertRefused("tokenizers can't read it", root -> ((ObjectNode) root.path("model")).put("merges", 1));
        assertRefused("tokenizers can't read it", root -> ((ArrayNode) root.at("/model/merges")).addArray().add("no").add("such"));
        assertRefused("gives the token \"x\" the id -1", root -> ((ObjectNode) root.at("/model/vocab")).put("x", -1));
        assertRefused("gives the token \"x\" no id", root -> ((ObjectNode) root.at("/model/vocab")).put("x", "1"));
        assertRefused("puts the token 9999 into a text", root -> root.set("post_processor", json("{'type':'BertProcessing','sep':['x',1],'cls':['y',9999]}")));
        assertRefused("dropout", root -> ((ObjectNode) root.path("model")).put("dropout", 0.5));
        Files.write(file, new byte[] {'{', (byte) 0xFF});
        assertTrue(assertThrows(InputException.class, () -> Tokenizers.load(file)).getMessage().contains("not UTF-8"));
        try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
            large.setLength((128L << 20) + 1);
        }
        assertTrue(assertThrows(InputException.class, () -> Tokenizers.load(file)).getMessage().contains("at most 134217728"));
        assertThrows(InputException.class, () -> Tokenizers.load(folder));
    }

    @Test
    void whatTheLibraryDoesNotSurviveIsRefused() {
        assertRefused("continuing_subword_prefix", root -> ((ObjectNode) root.path("model")).put("continuing_subword_prefix", "####"));
        assertRefused("beyond ASCII", root -> ((ObjectNode) root.path("model")).put("continuing_subword_prefix", "é"));
        assertRefused("not in its special_tokens", root -> root.set("post_processor", json("{'type':'TemplateProcessing','single':["
                + "{'SpecialToken':{'id':'<x>','type_id':0}},{'Sequence':{'id':'A','type_id':0}}],'pair':[],'special_tokens':{}}")));
        assertRefused("names the sequence \"B\"", root -> root.set("post_processor",
                json("{'type':'TemplateProcessing','single':[{'Sequence':{'id':'B','type_id':0}}],'pair':[],'special_tokens':{}}")));
        assertRefused("\"stop\"", root -> root.set("decoder", json("{'type':'Strip','content':'a','start':1,'stop':1}")));
        assertRefused("does not know: \"New\"", root -> root.set("normalizer", json("{'type':'New'}")));
        assertRefused("does not know: \"New\"", root -> root.set("pre_tokenizer", json("{'type':'Sequence','pretokenizers':[{'type':'New'}]}")));
        assertRefused("no type", root -> root.set("decoder", json("{'content':'a'}")));
        assertRefused("too many stages", root -> root.set("normalizer", json("{'type':'Sequence','normalizers':["
                + "{'type':'NFC'},".repeat(64) + "{'type':'NFC'}]}")));
        assertRefused("too much of a text", root -> root.set("normalizer", json("{'type':'Sequence','normalizers':["
                + "{'type':'Replace','pattern':{'String':'a'},'content':'aaaa'},".repeat(9) + "{'type':'NFC'}]}")));
        assertRefused("where there is nothing", root -> root.set("normalizer", json("{'type':'Replace','pattern':{'String':''},'content':'é'}")));
        assertRefused("where there is nothing", root -> root.set("decoder", json("{'type':'Replace','pattern':{'Regex':'a*'},'content':'é'}")));
        assertRefused("steps grow with the text", root -> root.set("decoder", json("{'type':'Replace','pattern':{'Regex':'a*b'},'content':'é'}")));
        assertRefused("puts nothing in front", root -> root.set("normalizer", json("{'type':'Prepend','prepend':''}")));
        assertRefused("more than 100 characters", root -> root.set("normalizer", json("{'type':'Prepend','prepend':'" + "a".repeat(101) + "'}")));
    }

    /** The library takes minutes to prepare the search for them. */
    @Test
    void longAddedTokensAreRefused() {
        assertRefused("has an added token of 1001 characters; expected at most 1000", root -> ((ObjectNode) root.path("added_tokens").get(0)).put("content", "x".repeat(1001)));
    }

    @Test
    void expressionsThatStepBackWithoutBoundAreRefused() {
        for (String expression : List.of("(a+)+$", "(a|a)*b", "\\s*\\s*x", "(\\w+\\s?)*:", "(a?){50}b", "(x+x+)+y", "[ab]+[bc]+[cd]+!", "(?=(a*)*)",
                "(a|b|ab)*c", "a{0,2000}a{0,2000}b", "(a)\\1", "(?<n>a\\g<n>?)", "\\X", "(?~ab)", "(*FAIL)", "a**", "[]a]", "(", "a)", "[a", "\\",
                "(?x: a)", "a{99999}b{99999}", "(a{3}?)*b", "(?<=a*b)c", "a.+(?<=b*+b)c", "(?:(?!a*b)[ab])*", "(?>a+a*+a|a)*", "(".repeat(30) + ")".repeat(30), "a".repeat(10_001))) {
            String quoted = JsonNodeFactory.instance.textNode(expression).toString();
            assertRefused("regular expression", root -> {
                try {
                    root.set("pre_tokenizer", JSON.readTree("{\"type\":\"Split\",\"pattern\":{\"Regex\":" + quoted + "},\"behavior\":\"Isolated\",\"invert\":false}"));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }
    }

    /** In the manner of GPT-2, Llama 3, o200k, DeepSeek, Bloom, CLIP, and of those that group digits from the right. */
    @Test
    void expressionsOfPublishedModelsAreTaken() {
        assertEquals(1, RegexCost.of("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+").perCharacter());
        assertEquals(2, RegexCost.of("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+").perCharacter());
        assertEquals(4, RegexCost.of("[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t)?|"
                + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|"
                + "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+").perCharacter());
        assertEquals(2, RegexCost.of("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
                + "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+").perCharacter());
        assertEquals(0, RegexCost.of(" ?[^(\\s|[.,!?…。，、।۔،])]+").perCharacter());
        assertEquals(0, RegexCost.of("<\\|startoftext\\|>|'s|'t|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+").perCharacter());
        assertTrue(RegexCost.of("\\p{N}{1,3}(?=(?:\\p{N}{3})*(?:\\P{N}|$))").perCharacter() <= 50);
        assertEquals(0, RegexCost.of(" {2,}").perCharacter());
        assertEquals(0, RegexCost.of("[0-9][0-9][0-9]").perCharacter());
    }

    /** The bound is met: in a run of one letter each of these alternatives is left again at each place, 8 of the 10 million steps that end it. */
    @Test
    void theLongestTextAtOnceIsSafe() throws IOException {
        String expression = "a*b|".repeat(40) + "a+";
        assertEquals(40, RegexCost.of(expression).perCharacter());
        gpt2.set("pre_tokenizer", json("{'type':'Split','pattern':{'Regex':'" + expression + "'},'behavior':'Isolated','invert':false}"));
        Tokenizer tokenizer = load(gpt2.toString());
        String longest = "a".repeat(200_000);
        assertEquals(longest, tokenizer.decode(tokenizer.encode(longest)));
        assertTrue(assertThrows(InputException.class, () -> tokenizer.encode(longest + "a")).getMessage().contains("at most 200000 characters at once"));
    }

    @Test
    void aCharacterMapStaysInsideOfItself() {
        // Two blocks of units: "a" (unit 'a' ^ 1) ends a key; its children begin at 256 ^ …, where the value stands.
        int[] units = new int[512];
        units[0] = 1 << 10;
        int child = 1 ^ 'a';
        units[child] = 'a' | 1 << 8 | (child ^ 256) << 10;
        units[256] = 1 << 31 | 2;
        assertEquals(2, CharacterMap.longestReplacement(spelled(units, "x\0éé".substring(0, 3))));
        assertThrows(IllegalArgumentException.class, () -> CharacterMap.longestReplacement(spelled(units, "x\0")), "begins behind the end");
        assertThrows(IllegalArgumentException.class, () -> CharacterMap.longestReplacement(spelled(units, "xé")), "begins inside of a character");
        units[child] = 'a' | 1 << 8 | (child ^ 512) << 10;
        assertThrows(IllegalArgumentException.class, () -> CharacterMap.longestReplacement(spelled(units, "x\0y")), "children behind the end");
        assertThrows(IllegalArgumentException.class, () -> CharacterMap.longestReplacement(spelled(new int[255], "")));
        assertThrows(IllegalArgumentException.class, () -> CharacterMap.longestReplacement("AAA="));
        assertThrows(IllegalArgumentException.class, () -> CharacterMap.longestReplacement("no Base64"));
        assertRefused("precompiled_charsmap", root -> root.set("normalizer", json("{'type':'Precompiled','precompiled_charsmap':'AAAAAAAA'}")));
    }

    private static String spelled(int[] units, String texts) {
        ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * units.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(4 * units.length);
        for (int unit : units) {
            bytes.putInt(unit);
        }
        bytes.put(texts.getBytes(StandardCharsets.UTF_8));
        return Base64.getEncoder().encodeToString(Arrays.copyOf(bytes.array(), bytes.position()));
    }

    @Test
    void noMutationEndsTheProcess() throws IOException {
        Random random = new Random(Long.getLong("lacuna.fuzz.seed", 11));
        int rounds = Integer.getInteger("lacuna.fuzz.rounds", 300);
        int loaded = 0;
        for (int round = 0; round < rounds; round++) {
            ObjectNode original = round % 2 == 0 ? gpt2 : llama3;
            String mutated = round % 3 == 0 ? bytes(original.toString(), random) : values(original, random).toString();
            try {
                Tokenizer tokenizer = load(mutated);
                loaded++;
                use(tokenizer);
            } catch (InputException e) {
                assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
            }
        }
        assertTrue(loaded > rounds / 10 && loaded < rounds, loaded + " of " + rounds + " could be loaded");
    }

    private static void use(Tokenizer tokenizer) {
        for (String text : TEXTS) {
            int[] ids = tokenizer.encodeWithSpecial(text);
            tokenizer.decode(ids);
            tokenizer.decodeWithoutSpecial(ids);
            tokenizer.decode(tokenizer.encode(text));
        }
        int some = Math.min(tokenizer.vocabularySize(), 2000);
        tokenizer.decode(IntStream.range(0, some).toArray());
        for (int id = 0; id < some; id += 7) {
            tokenizer.decodeWithoutSpecial(new int[] {id});
        }
    }

    private static String bytes(String json, Random random) {
        StringBuilder text = new StringBuilder(json);
        // Most of a file is vocabulary, so half of the changes are made near its ends.
        for (int change = 0; change <= random.nextInt(3); change++) {
            int place = random.nextBoolean() ? random.nextInt(text.length()) : random.nextInt(600);
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(place, (char) (' ' + random.nextInt(95)));
                case 1 -> text.deleteCharAt(place);
                case 2 -> text.insert(place, "0123456789{}[]\",:\\".charAt(random.nextInt(18)));
                default -> text.setLength(Math.max(place, 1000));
            }
        }
        return text.toString();
    }

    private static ObjectNode values(ObjectNode original, Random random) {
        ObjectNode root = original.deepCopy();
        List<JsonPointer> small = new ArrayList<>();
        List<JsonPointer> all = new ArrayList<>();
        pointers(root, JsonPointer.empty(), all);
        all.stream().filter(pointer -> !pointer.toString().matches("/model/(vocab|merges)/.*")).forEach(small::add);
        for (int change = 0; change <= random.nextInt(2); change++) {
            List<JsonPointer> from = random.nextInt(4) == 0 ? all : small;
            JsonPointer place = from.get(random.nextInt(from.size()));
            JsonNode parent = root.at(place.head());
            JsonNode value = value(root.at(place), root, all, random);
            if (parent instanceof ObjectNode object) {
                object.set(place.last().getMatchingProperty(), value);
            } else if (parent.has(place.last().getMatchingIndex())) {
                ((ArrayNode) parent).set(place.last().getMatchingIndex(), value);
            }
        }
        return root;
    }

    /** Mostly another value of the kind that was there, so that the file still means something. */
    private static JsonNode value(JsonNode old, ObjectNode root, List<JsonPointer> all, Random random) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        List<JsonNode> odd = List.of(nodes.nullNode(), json("''"), json("0"), json("-1"), json("2147483648"), json("18446744073709551615"),
                json("1.5"), json("true"), json("[]"), json("{}"), json("'é'"), json("' '"));
        if (random.nextInt(6) == 0) {
            return odd.get(random.nextInt(odd.size()));
        }
        if (old.isBoolean()) {
            return nodes.booleanNode(!old.booleanValue());
        }
        if (old.isInt()) {
            return nodes.numberNode(random.nextBoolean() ? random.nextInt(700) : random.nextInt(1 << 26));
        }
        if (old.isTextual()) {
            JsonNode other = root.at(all.get(random.nextInt(all.size())));
            return other.isTextual() ? other : nodes.textNode(random.nextBoolean() ? old.asText() + " " : old.asText().substring(old.asText().length() / 2));
        }
        if (old.isArray()) {
            ArrayNode shorter = old.deepCopy();
            if (!shorter.isEmpty()) {
                shorter.remove(random.nextInt(shorter.size()));
            }
            return shorter;
        }
        return json(STAGES.get(random.nextInt(STAGES.size())));
    }

    private static void pointers(JsonNode node, JsonPointer at, List<JsonPointer> into) {
        if (node.isObject()) {
            for (Iterator<Map.Entry<String, JsonNode>> fields = node.fields(); fields.hasNext();) {
                Map.Entry<String, JsonNode> field = fields.next();
                JsonPointer below = at.appendProperty(field.getKey());
                into.add(below);
                pointers(field.getValue(), below, into);
            }
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                into.add(at.appendIndex(i));
                pointers(node.get(i), at.appendIndex(i), into);
            }
        }
    }

    @Test
    void unpairedSurrogatesAndForeignIdsAreRefused() throws IOException {
        Tokenizer tokenizer = load(gpt2.toString());
        for (String text : List.of("a\uD800b", "\uDC00", "\uD83D", "\uDE00\uD83D")) {
            assertThrows(InputException.class, () -> tokenizer.encode(text));
        }
        assertArrayEquals(new int[] {511}, tokenizer.encode("<|endoftext|>"));
        assertTrue(assertThrows(InputException.class, () -> tokenizer.decode(new int[] {1, 512})).getMessage().contains("512 at position 1"));
        assertThrows(InputException.class, () -> tokenizer.decodeWithoutSpecial(new int[] {-1}));
    }
}
