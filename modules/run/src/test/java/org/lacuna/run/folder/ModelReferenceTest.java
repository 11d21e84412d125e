package org.lacuna.run.folder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;

class ModelReferenceTest {
    @TempDir
    Path folder;

    /** Registered in the tests' META-INF/services. */
    public static final class Shelf implements ModelResolver {
        @Override
        public String scheme() {
            return "shelf";
        }

        @Override
        public Path resolve(String name) {
            return Path.of("shelf", name);
        }
    }

    private static Path resolve(Object reference) {
        return new ModelReference(reference.toString()).checkpoint();
    }

    private static String refusal(Object reference) {
        return assertThrows(InputException.class, () -> resolve(reference)).getMessage();
    }

    @Test
    void aCheckpointIsItself() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{}");
        assertEquals(folder, resolve(folder));
    }

    @Test
    void aRunIsItsLatestCheckpoint() throws IOException {
        Files.createDirectories(folder.resolve("checkpoints"));
        assertEquals(folder + ": this run has no checkpoint yet", refusal(folder));
        Files.createDirectories(folder.resolve("checkpoints/step-000002"));
        Files.createDirectories(folder.resolve("checkpoints/step-000010"));
        assertEquals(folder.resolve("checkpoints/step-000010"), resolve(folder));
    }

    @Test
    void aNameIsThatOfARun() throws IOException {
        String name = folder.getFileName().toString();
        assertEquals(name + ": no such folder, and none in runs/ of that name; expected a checkpoint or a run", refusal(name));
        Path run = Path.of("runs", name);
        Path checkpoint = run.resolve("checkpoints/step-000003");
        Files.createDirectories(checkpoint);
        try {
            assertEquals(checkpoint, resolve(name));
        } finally {
            for (Path made : List.of(checkpoint, checkpoint.getParent(), run)) {
                Files.delete(made);
            }
            Files.delete(run.getParent()); // nothing else of this module is there
        }
    }

    @Test
    void aSchemeGoesToItsResolver() {
        assertEquals(Path.of("shelf/a/b"), resolve("shelf:a/b"));
        assertEquals("attic:a: no such folder, and \"attic:\" is no known kind of model reference (known: shelf:)", refusal("attic:a"));
    }

    @Test
    void tellsWhatIsThereInstead() throws IOException {
        assertEquals(folder + ": neither a checkpoint (no config.json) nor a run (no checkpoints/)", refusal(folder));
        assertEquals(folder.resolve("x") + ": no such folder; expected a checkpoint or a run", refusal(folder.resolve("x")));
        Path file = Files.writeString(folder.resolve("f"), "");
        assertEquals(file + ": is a file; expected the folder of a checkpoint or of a run", refusal(file));
        assertEquals("the name of the model is empty; expected the folder of a checkpoint or of a run", refusal(""));
        assertEquals("an unusable model reference; expected the folder of a checkpoint or of a run", refusal("a\0b"));
    }
}
