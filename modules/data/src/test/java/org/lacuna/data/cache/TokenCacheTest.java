package org.lacuna.data.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.Corpus;
import org.lacuna.data.TokenSequence;
import org.lacuna.data.random.SplitMix;
import org.lacuna.data.text.Split;
import org.lacuna.data.text.TextCorpus;
import org.lacuna.data.text.TextSource;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

class TokenCacheTest {

    /** Small pieces, chunks of a few of them, a journal that is written to often, mappings of 128 bytes. */
    private static final Tuning SMALL = new Tuning(40, 40, 300, 100, 400, 3, 7);

    @TempDir
    private Path temporary;
    private Path cache;
    private Path text;

    @BeforeEach
    void name() {
        cache = temporary.resolve("cache");
        text = temporary.resolve("text");
    }

    private static String story(int number) {
        SplitMix random = SplitMix.stream(11, number);
        StringBuilder story = new StringBuilder("Story " + number + " é漢😀.");
        for (long words = 5 + random.below(120); words > 0; words--) {
            story.append(random.below(9) == 0 ? ".\n" : " ").append("w").append(random.below(1000));
        }
        return story.toString();
    }

    private void writeStories(int from, int to) throws IOException {
        Files.createDirectories(text);
        for (int i = from; i < to; i++) {
            Files.writeString(text.resolve("story" + i), story(i));
        }
    }

    private static TokenizedText bytes(Path path, Split split, double validationFraction) {
        return new TokenizedText(TextSource.of(path), "text", new ByteTokenizer(), "bytes", split, validationFraction);
    }

    private TokenCache quiet() {
        return new TokenCache(cache, BuildProgress.SILENT, SMALL, () -> { });
    }

    private static int[] ids(TokenSequence tokens) {
        int[] ids = new int[(int) tokens.length()];
        tokens.copy(0, ids, 0, ids.length);
        return ids;
    }

    private static void assertSame(Corpus expected, Corpus corpus) {
        assertArrayEquals(ids(expected.train()), ids(corpus.train()));
        assertArrayEquals(ids(expected.validation()), ids(corpus.validation()));
        assertEquals(expected.validationBytes(), corpus.validationBytes());
        assertEquals(expected.name(), corpus.name());
        assertEquals(expected.vocabularySize(), corpus.vocabularySize());
    }

    /** The names and bytes of all that is in the cache. */
    private Map<String, String> files() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(cache)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                files.put(cache.relativize(path).toString(), java.util.Arrays.toString(Files.readAllBytes(path)));
            }
        }
        return files;
    }

    private Path folder() throws IOException {
        try (Stream<Path> paths = Files.list(cache)) {
            return paths.filter(Files::isDirectory).findFirst().orElseThrow();
        }
    }

    /** A byte tokenizer that counts how much it is asked to encode. */
    private static final class Counting implements Tokenizer {

        private final ByteTokenizer bytes = new ByteTokenizer();
        private final java.util.concurrent.atomic.AtomicLong characters = new java.util.concurrent.atomic.AtomicLong();
        private int vocabularySize = 70_000;

        @Override
        public int vocabularySize() {
            return vocabularySize;
        }

        @Override
        public int[] encode(String piece) {
            characters.addAndGet(piece.length());
            return bytes.encode(piece);
        }

        @Override
        public int[] encodeWithSpecial(String piece) {
            return encode(piece);
        }

        @Override
        public int[] leading() {
            return new int[0];
        }

        @Override
        public String decode(int[] tokens) {
            return bytes.decode(tokens);
        }

        @Override
        public String decodeWithoutSpecial(int[] tokens) {
            return bytes.decodeWithoutSpecial(tokens);
        }

        @Override
        public java.util.OptionalInt beginOfText() {
            return bytes.beginOfText();
        }

        @Override
        public java.util.OptionalInt endOfText() {
            return bytes.endOfText();
        }

        @Override
        public java.util.OptionalInt padding() {
            return bytes.padding();
        }

        @Override
        public java.util.OptionalInt unknown() {
            return bytes.unknown();
        }

        @Override
        public void save(Path tokenizerJson) {
            bytes.save(tokenizerJson);
        }
    }

    @Test
    void theSameTokensAsInMemory() throws IOException {
        writeStories(0, 30);
        Files.writeString(text.resolve("spelled"), "one<|endoftext|>two\nthree<|endoftext|>");
        Files.writeString(text.resolve("empty"), "");
        for (double fraction : new double[] {0.1, 0.5, 0.37}) {
            assertSame(TextCorpus.open(text, fraction), quiet().open(bytes(text, Split.POSITION, fraction)));
        }
        Path one = Files.writeString(temporary.resolve("one.txt"), story(1) + "<|endoftext|>" + story(2));
        // At each place, so also inside of what is spelled out and between a text and the end after it.
        int characters = (int) Files.readString(one).codePoints().count();
        for (int place = 1; place < characters; place += 3) {
            double fraction = 1 - (place + 0.5) / characters;
            assertSame(TextCorpus.open(one, fraction), quiet().open(bytes(one, Split.POSITION, fraction)));
        }
        Files.writeString(Files.createDirectory(temporary.resolve("two")).resolve("a"), "abc");
        Files.writeString(temporary.resolve("two/b"), "def");
        for (double fraction : new double[] {0.2, 0.35, 0.5, 0.6, 0.7}) {
            assertSame(TextCorpus.open(temporary.resolve("two"), fraction), quiet().open(bytes(temporary.resolve("two"), Split.POSITION, fraction)));
        }
    }

    @Test
    void whatIsKeptIsFoundAgainAndWhatChangedIsMadeAnew() throws IOException {
        writeStories(0, 20);
        Counting tokenizer = new Counting();
        TokenizedText first = new TokenizedText(TextSource.of(text), "text", tokenizer, "a", Split.HASH, 0.3);
        Corpus made = quiet().open(first);
        long once = tokenizer.characters.get();
        Map<String, String> before = files();
        Corpus found = quiet().open(first);
        assertEquals(once, tokenizer.characters.get(), "nothing is encoded again");
        assertSame(made, found);
        assertEquals(made.sha256(), found.sha256());
        assertEquals(before, files());
        assertEquals(Set.of("train.bin", "validation.bin", "tokens.json"), Set.of(folder().toFile().list()));
        assertEquals(4 * made.train().length(), Files.size(folder().resolve("train.bin")), "70,000 ids take 4 bytes");

        List<TokenizedText> others = List.of(
                new TokenizedText(TextSource.of(text), "text", tokenizer, "b", Split.HASH, 0.3),
                new TokenizedText(TextSource.of(text), "text", tokenizer, "a", Split.POSITION, 0.3),
                new TokenizedText(TextSource.of(text), "text", tokenizer, "a", Split.HASH, 0.4),
                bytes(text, Split.HASH, 0.3));
        Set<String> hashes = new HashSet<>(Set.of(made.sha256()));
        for (TokenizedText other : others) {
            assertTrue(hashes.add(quiet().open(other).sha256()));
        }
        Files.writeString(text.resolve("story7"), story(7).replace("Story", "Stork"));
        assertTrue(hashes.add(quiet().open(new TokenizedText(TextSource.of(text), "text", tokenizer, "a", Split.HASH, 0.3)).sha256()));
        long whole = tokenizer.characters.get();
        assertTrue(whole > 4 * once, "each was made: " + whole + " of " + once);
        assertEquals(6, hashes.size());
    }

    @Test
    void aFieldIsPartOfTheKeyWhereThereAreFields() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 30; i++) {
            lines.append("{\"text\":\"a ").append(i).append("\",\"body\":\"b ").append(i).append("\"}\n");
        }
        Path file = Files.writeString(temporary.resolve("x.jsonl"), lines);
        Corpus a = quiet().open(new TokenizedText(TextSource.of(file), "text", new ByteTokenizer(), "bytes", Split.HASH, 0.5));
        Corpus b = quiet().open(new TokenizedText(TextSource.of(file), "body", new ByteTokenizer(), "bytes", Split.HASH, 0.5));
        assertNotEquals(a.sha256(), b.sha256());
        String all = a.tokenizer().orElseThrow().decode(ids(b.train())) + a.tokenizer().orElseThrow().decode(ids(b.validation()));
        assertEquals(30, all.split("<\\|endoftext\\|>").length);
        assertTrue(all.contains("b 17<|endoftext|>"));
        writeStories(0, 20);
        TokenizedText plain = bytes(text, Split.HASH, 0.3);
        assertEquals(plain.key("h"), new TokenizedText(plain.source(), "body", plain.tokenizer(), "bytes", Split.HASH, 0.3).key("h"));
    }

    @Test
    void aSplitByHashMovesNothingWhenDocumentsAreAdded() throws IOException {
        writeStories(100, 160);
        Corpus few = quiet().open(bytes(text, Split.HASH, 0.3));
        writeStories(0, 100);
        writeStories(160, 200);
        Corpus more = quiet().open(bytes(text, Split.HASH, 0.3));
        Set<String> trainBefore = documents(few, few.train());
        Set<String> validationBefore = documents(few, few.validation());
        assertEquals(60, trainBefore.size() + validationBefore.size());
        Set<String> train = documents(more, more.train());
        Set<String> validation = documents(more, more.validation());
        assertEquals(200, train.size() + validation.size());
        assertTrue(train.containsAll(trainBefore) && validation.containsAll(validationBefore));
        assertTrue(validation.stream().noneMatch(train::contains));
        assertTrue(validation.size() > 35 && validation.size() < 85, validation.size() + " of 200");
        long bytes = 0;
        for (String document : validation) {
            bytes += document.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
        }
        assertEquals(bytes, more.validationBytes());
    }

    private static Set<String> documents(Corpus corpus, TokenSequence tokens) {
        return new HashSet<>(List.of(corpus.tokenizer().orElseThrow().decode(ids(tokens)).split("<\\|endoftext\\|>")));
    }

    @Test
    void whatCantBeSplitOrReadIsRefusedAndLeavesNothing() throws IOException {
        writeStories(0, 2);
        assertRefused(bytes(text, Split.HASH, 0.001), "the hash of each document's text puts all 2 documents into training");
        Path file = Files.writeString(temporary.resolve("x.jsonl"), "{\"text\":\"abc\"}\n");
        assertRefused(bytes(file, Split.HASH, 0.73), "puts its one document into validation");
        assertRefused(bytes(Files.writeString(file, "\n"), Split.HASH, 0.5), "holds no text");
        assertRefused(bytes(Files.writeString(file, "\n"), Split.POSITION, 0.5), "holds no text");
        assertRefused(bytes(Files.writeString(file, "{\"text\":\"\"}\n"), Split.POSITION, 0.5), "holds no text");
        assertRefused(bytes(Files.writeString(file, "{\"text\":\"abc\"}\n"), Split.POSITION, 0.8), "4 characters are too few");
        assertRefused(bytes(Files.writeString(file, "{\"text\":\"abc\"}\n{\"text\":1}"), Split.POSITION, 0.5), "x.jsonl: line 2: field");
        assertRefused(bytes(Files.writeString(file, "{\"text\":\"abc\"}\n{\"text\":1}"), Split.HASH, 0.5), "x.jsonl: line 2: field");
        try (Stream<Path> left = Files.list(cache)) {
            assertTrue(left.allMatch(path -> path.toString().endsWith(".lock")));
        }
    }

    private void assertRefused(TokenizedText source, String expected) {
        String message = assertThrows(InputException.class, () -> quiet().open(source)).getMessage();
        assertTrue(message.contains(expected), message);
    }

    @Test
    void aTextThatChangesMeanwhileIsRefused() throws IOException {
        writeStories(0, 20);
        Path last = text.resolve("story9");
        TokenCache changing = new TokenCache(cache, BuildProgress.SILENT, SMALL, () -> {
            try {
                Files.writeString(last, story(9) + "!");
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        String message = assertThrows(InputException.class, () -> changing.open(bytes(text, Split.HASH, 0.3))).getMessage();
        assertTrue(message.contains("story9: was changed while it was read"), message);
    }

    @Test
    void aCacheThatCantBeWrittenSaysHowToNameAnother() throws IOException {
        writeStories(0, 20);
        cache = Files.writeString(temporary.resolve("file"), "").resolve("below");
        String message = assertThrows(RunException.class, () -> quiet().open(bytes(text, Split.HASH, 0.3))).getMessage();
        assertTrue(message.contains("data.cache"), message);
    }

    @Test
    void damageIsFoundAndMadeGood() throws IOException {
        writeStories(0, 20);
        TokenizedText source = bytes(text, Split.HASH, 0.3);
        Corpus made = quiet().open(source);
        Map<String, String> whole = files();
        int[] train = ids(made.train());
        for (String name : List.of("train.bin", "validation.bin", "tokens.json")) {
            Path file = folder().resolve(name);
            byte[] bytes = Files.readAllBytes(file);
            List<byte[]> damaged = new ArrayList<>(List.of(new byte[0], java.util.Arrays.copyOf(bytes, bytes.length - 1), java.util.Arrays.copyOf(bytes, bytes.length + 2)));
            for (int place : new int[] {0, bytes.length / 2, bytes.length - 2}) {
                byte[] flipped = bytes.clone();
                flipped[place] ^= 4;
                damaged.add(flipped);
            }
            for (byte[] with : damaged) {
                // As another program would, in a new file: this process still has the old one mapped.
                Files.delete(file);
                Files.write(file, with);
                assertSame(made, quiet().open(source));
                assertTrue(name.endsWith("json") || whole.equals(files()), "a blank of the JSON file may have changed, nothing else");
            }
            Files.delete(file);
            assertSame(made, quiet().open(source));
            assertEquals(whole, files());
        }
        Path index = folder().resolve("tokens.json");
        Files.writeString(index, Files.readString(index).replaceFirst("\"text_bytes\" : [0-9]", "\"text_bytes\" : 7"));
        assertSame(made, quiet().open(source));
        assertEquals(whole, files());
        assertArrayEquals(train, ids(made.train()), "what was open stays as it was");
    }

    /** What a test stops a build with; no other code catches it. */
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void aBuildThatIsKilledAtAnyMomentGoesOnToTheSameBytes() throws IOException {
        writeStories(0, 40);
        for (Split split : Split.values()) {
            Counting tokenizer = new Counting();
            TokenizedText source = new TokenizedText(TextSource.of(text), "text", tokenizer, "a", split, 0.3);
            int[] moments = new int[1];
            new TokenCache(cache, BuildProgress.SILENT, SMALL, () -> moments[0]++).open(source);
            Map<String, String> whole = files();
            long once = tokenizer.characters.get();
            assertTrue(moments[0] > 40, moments[0] + " moments");
            SplitMix random = new SplitMix(split.ordinal());
            for (int round = 0; round < 12; round++) {
                int kill = round < 4 ? moments[0] - 1 - round : (int) random.below(moments[0]);
                clear();
                tokenizer.characters.set(0);
                killAt(kill, source);
                if (round % 3 == 0) {
                    killAt((int) random.below(moments[0] - kill / 2), source);
                }
                if (round % 2 == 0) {
                    leaveHalfWritten();
                }
                quiet().open(source);
                assertEquals(whole, files(), "killed at " + kill);
                // Two kills and a window of chunks at each cost less than twice the work.
                assertTrue(tokenizer.characters.get() < 3 * once);
            }
            clear();
            tokenizer.characters.set(0);
            killAt(moments[0] - 1, source);
            long before = tokenizer.characters.get();
            quiet().open(source);
            assertTrue(before > 0);
            assertEquals(before, tokenizer.characters.get(), "what was finished is not encoded again");
            clear();
        }
    }

    private void killAt(int moment, TokenizedText source) {
        int[] left = {moment};
        TokenCache killed = new TokenCache(cache, BuildProgress.SILENT, SMALL, () -> {
            if (left[0]-- == 0) {
                throw new Killed();
            }
        });
        try {
            killed.open(source);
        } catch (Killed e) {
            assertTrue(left[0] < 0);
        }
    }

    /** What a crash of the machine leaves: bytes that were never forced, half a record. */
    private void leaveHalfWritten() throws IOException {
        try (Stream<Path> paths = Files.walk(cache)) {
            for (Path path : paths.filter(p -> p.getParent().toString().endsWith(".part")).toList()) {
                Files.write(path, new byte[] {1, 2, 3, 4, 5, 6, 7}, StandardOpenOption.APPEND);
            }
        }
    }

    @Test
    void anUnfinishedBuildThatIsDamagedBeginsAnew() throws IOException {
        writeStories(0, 40);
        TokenizedText source = bytes(text, Split.HASH, 0.3);
        quiet().open(source);
        Map<String, String> whole = files();
        for (String name : List.of("train.bin", "validation.bin", "journal")) {
            for (boolean cut : new boolean[] {true, false}) {
                clear();
                killAt(50, source);
                Path file;
                try (Stream<Path> paths = Files.walk(cache)) {
                    file = paths.filter(path -> path.endsWith(name)).findFirst().orElseThrow();
                }
                byte[] bytes = Files.readAllBytes(file);
                assertTrue(bytes.length > 100);
                bytes[20] ^= 1;
                Files.write(file, cut ? java.util.Arrays.copyOf(bytes, 10) : bytes);
                quiet().open(source);
                assertEquals(whole, files());
            }
        }
    }

    private void clear() throws IOException {
        try (Stream<Path> paths = Files.walk(cache)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    @Test
    void threadsAtOnceMakeItOnce() throws Exception {
        writeStories(0, 40);
        Counting tokenizer = new Counting();
        TokenizedText source = new TokenizedText(TextSource.of(text), "text", tokenizer, "a", Split.HASH, 0.3);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Corpus>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                all.add(threads.submit(() -> new TokenCache(cache, BuildProgress.SILENT, SMALL, TokenCacheTest::pause).open(source)));
            }
            Corpus first = all.get(0).get(60, TimeUnit.SECONDS);
            for (Future<Corpus> other : all) {
                assertSame(first, other.get(60, TimeUnit.SECONDS));
            }
        } finally {
            threads.shutdownNow();
        }
        long characters = 0;
        for (int i = 0; i < 40; i++) {
            characters += story(i).length();
        }
        assertEquals(characters, tokenizer.characters.get());
    }

    private static void pause() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Another process that opens the text. */
    static final class Opener {
        public static void main(String[] args) {
            Corpus corpus = new TokenCache(Path.of(args[0]), BuildProgress.SILENT, SMALL, () -> { }).open(bytes(Path.of(args[1]), Split.HASH, 0.3));
            System.out.println(corpus.sha256() + " " + java.util.Arrays.hashCode(ids(corpus.train())) + " " + java.util.Arrays.hashCode(ids(corpus.validation())));
        }
    }

    @Test
    void processesAtOnceMakeItOnce() throws Exception {
        writeStories(0, 40);
        TokenizedText source = bytes(text, Split.HASH, 0.3);
        Files.createDirectories(cache);
        List<Process> processes = new ArrayList<>();
        String name = source.key(source.source().sha256(read -> { })).substring(0, 32);
        CacheLock lock = new CacheLock(cache.resolve(name + ".lock"), () -> { });
        for (int i = 0; i < 2; i++) {
            processes.add(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m", "-cp",
                    System.getProperty("java.class.path"), Opener.class.getName(), cache.toString(), text.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start());
        }
        Thread.sleep(1500);
        assertTrue(processes.stream().allMatch(Process::isAlive), "both wait for the lock");
        assertFalse(Files.exists(cache.resolve(name)));
        lock.close();
        Corpus corpus = quiet().open(source);
        String expected = corpus.sha256() + " " + java.util.Arrays.hashCode(ids(corpus.train())) + " " + java.util.Arrays.hashCode(ids(corpus.validation()));
        for (Process process : processes) {
            assertEquals(expected, new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).strip());
            assertEquals(0, process.waitFor());
        }
        assertEquals(Set.of(name + ".lock", name), Set.of(cache.toFile().list()));
    }

    @Test
    void theUsersCache() {
        Path home = Path.of("/home/u");
        assertEquals(home.resolve(".cache/lacuna/tokens"), TokenCache.defaultFolder(Map.of(), home));
        assertEquals(Path.of("/x/lacuna/tokens"), TokenCache.defaultFolder(Map.of("XDG_CACHE_HOME", "/x"), home));
        assertEquals(home.resolve(".cache/lacuna/tokens"), TokenCache.defaultFolder(Map.of("XDG_CACHE_HOME", "relative"), home));
    }

    @Test
    void anIdOutsideOfTheVocabularyIsTheTokenizersFault() throws IOException {
        writeStories(0, 20);
        Counting tokenizer = new Counting();
        tokenizer.vocabularySize = 200;
        assertRefused(new TokenizedText(TextSource.of(text), "text", tokenizer, "a", Split.HASH, 0.3), "data.tokenizer: gives the id ");
    }
}
