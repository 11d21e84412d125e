package org.lacuna.eval.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

class ResultStoreTest {
    @TempDir
    private Path folder;

    private static JsonNode finding(double value) {
        return Json.object().put("loss", value);
    }

    @Test
    void whatWasKeptIsThereAgainToTheBit() {
        double value = Math.nextUp(0.1);
        try (ResultStore store = ResultStore.open(folder.resolve("new/folder"))) {
            assertEquals(Optional.empty(), store.of("a"));
            store.keep("a", finding(value));
            store.keep("b", finding(2));
            assertEquals(Optional.of(finding(value)), store.of("a"));
        }
        try (ResultStore store = ResultStore.open(folder.resolve("new/folder"))) {
            assertEquals(2, store.size());
            assertEquals(value, store.of("a").orElseThrow().get("loss").doubleValue());
            assertEquals(Optional.of(Json.parse("b", Json.line(finding(2)))), store.of("b"));
            assertEquals(Optional.empty(), store.of("c"));
        }
    }

    @Test
    void aLineIsLostAndNoMoreWhereverAProcessDies() throws IOException {
        try (ResultStore store = ResultStore.open(folder)) {
            store.keep("a", finding(1));
            store.keep("b", finding(2));
        }
        byte[] whole = Files.readAllBytes(folder.resolve(ResultStore.FILE));
        int first = new String(whole).indexOf('\n') + 1;
        for (int length = first; length < whole.length; length++) {
            Path cut = Files.createDirectories(folder.resolve("cut" + length));
            Files.write(cut.resolve(ResultStore.FILE), Arrays.copyOf(whole, length));
            try (ResultStore store = ResultStore.open(cut)) {
                assertEquals(Optional.of(1.0), store.of("a").map(json -> json.get("loss").doubleValue()));
                assertEquals(Optional.empty(), store.of("b"), "cut to " + length);
                store.keep("c", finding(3));
            }
            try (ResultStore store = ResultStore.open(cut)) {
                // What was written whole but for its line's end is ended by the next line.
                assertEquals(length == whole.length - 1, store.of("b").isPresent(), "cut to " + length);
                assertEquals(Optional.of(3.0), store.of("c").map(json -> json.get("loss").doubleValue()));
            }
        }
    }

    @Test
    void aDamagedLineIsPassedOver() throws IOException {
        try (ResultStore store = ResultStore.open(folder)) {
            store.keep("a", finding(1.5));
            store.keep("b", finding(2.5));
        }
        Path file = folder.resolve(ResultStore.FILE);
        String text = Files.readString(file);
        for (String damaged : List.of(text.replace("1.5", "1.25"), text.replaceFirst("\"a\"", "\"x\""), "rubbish\n{}\n[]\n\n" + text.replaceFirst("\\{", "["), text.replaceFirst("check", "chick"))) {
            Files.writeString(file, damaged);
            try (ResultStore store = ResultStore.open(folder)) {
                assertEquals(Optional.empty(), store.of("a"), damaged);
                assertEquals(2.5, store.of("b").orElseThrow().get("loss").doubleValue(), damaged);
            }
        }
    }

    @Test
    void twoStoresOnOneFolderSeeEachOthersLines() {
        try (ResultStore one = ResultStore.open(folder); ResultStore two = ResultStore.open(folder)) {
            one.keep("a", finding(1));
            assertTrue(two.of("a").isPresent());
            two.keep("b", finding(2));
            one.keep("c", finding(3));
            assertTrue(one.of("b").isPresent());
            assertTrue(two.of("c").isPresent());
        }
    }

    @Test
    void linesOfManyThreadsAndStoresDoNotMix() throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int s = 0; s < 4; s++) {
            int from = s * 100;
            threads.add(new Thread(() -> {
                try (ResultStore store = ResultStore.open(folder)) {
                    for (int i = from; i < from + 100; i++) {
                        store.keep("q" + i, finding(i));
                    }
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        try (ResultStore store = ResultStore.open(folder)) {
            assertEquals(400, store.size());
            for (int i = 0; i < 400; i++) {
                assertEquals(i, store.of("q" + i).orElseThrow().get("loss").doubleValue());
            }
        }
    }

    @Test
    void somethingElseInItsPlaceIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertTrue(assertThrows(InputException.class, () -> ResultStore.open(file)).getMessage().contains("something else is there"));
        Files.createDirectories(folder.resolve("taken").resolve(ResultStore.FILE));
        assertThrows(InputException.class, () -> ResultStore.open(folder.resolve("taken")));
        assertEquals("", Files.readString(file));
    }
}
