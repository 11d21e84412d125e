package org.lacuna.run.provenance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProvenanceTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    @TempDir
    Path folder;

    @Test
    void collectsWithWhatTheCallerKnows() {
        ObjectNode json = Provenance.collect(Map.of("seed", IntNode.valueOf(7), "nd4j", TextNode.valueOf("1.0"))).toJson();
        assertTrue(json.get("lacuna").textValue().matches("[0-9]+\\.[0-9]+\\.[0-9]+.*"), json::toString);
        assertEquals(7, json.get("seed").intValue());
        assertEquals("1.0", json.get("nd4j").textValue());
        assertTrue(json.get("cores").intValue() >= 1);
        assertTrue(json.get("memory_bytes").longValue() > 0);
        assertTrue(json.get("time").textValue().matches("....-..-..T..:..:..Z"), json::toString);
        assertTrue(json.has("git_commit") && json.has("cpu") && json.has("os") && json.has("java"));
    }

    @Test
    void readsTheFlagsThatKernelsChooseBy() {
        Machine amd = Machine.of("processor\t: 0\nmodel name\t: Zen: 4\nflags\t\t: fpu sse4_2 fma avx avx2 avx512f avx512_bf16 amx_tile rdrand\n"
                + "\nprocessor\t: 1\nmodel name\t: other\nflags\t\t: fpu\n");
        assertEquals("Zen: 4", amd.cpu());
        assertEquals(List.of("amx_tile", "avx", "avx2", "avx512_bf16", "avx512f", "fma", "sse4_2"), amd.cpuFlags());
        assertEquals(512, amd.vectorBits());
        assertEquals(256, Machine.of("flags : avx avx2\n").vectorBits());
        assertEquals(128, Machine.of("Features : asimd fp\n").vectorBits());
        assertEquals(0, Machine.of("").vectorBits());
        assertFalse(Machine.of("").cpu().isEmpty());
    }

    private void write(String file, String text) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    @Test
    void findsTheCommitOfABranchFromBelow() throws IOException {
        write(".git/HEAD", "ref: refs/heads/a/b\n");
        write(".git/refs/heads/a/b", COMMIT + "\n");
        Path below = Files.createDirectories(folder.resolve("x/y"));
        assertEquals(Optional.of(COMMIT), WorkingCopy.commit(below));
    }

    @Test
    void findsADetachedHeadAndAPackedBranch() throws IOException {
        write(".git/HEAD", COMMIT + "\n");
        assertEquals(Optional.of(COMMIT), WorkingCopy.commit(folder));
        write(".git/HEAD", "ref: refs/heads/main\n");
        write(".git/packed-refs", "# pack-refs with: peeled\n" + "f".repeat(40) + " refs/heads/xmain\n" + COMMIT
                + " refs/heads/main\n^" + "e".repeat(40) + "\n");
        assertEquals(Optional.of(COMMIT), WorkingCopy.commit(folder));
    }

    @Test
    void findsTheCommitOfALinkedWorkTree() throws IOException {
        write("main/.git/refs/heads/topic", COMMIT + "\n");
        write("main/.git/worktrees/wt/HEAD", "ref: refs/heads/topic\n");
        write("main/.git/worktrees/wt/commondir", "../..\n");
        write("wt/.git", "gitdir: " + folder.resolve("main/.git/worktrees/wt") + "\n");
        assertEquals(Optional.of(COMMIT), WorkingCopy.commit(folder.resolve("wt")));
    }

    @Test
    void isEmptyWhereThereIsNoneOrItMakesNoSense() throws IOException {
        write(".git/HEAD", "ref: refs/heads/main\n");
        assertEquals(Optional.empty(), WorkingCopy.commit(folder));
        write(".git/HEAD", "rubbish");
        assertEquals(Optional.empty(), WorkingCopy.commit(folder));
        write("sub/.git", "gitdir: /nowhere\n");
        assertEquals(Optional.empty(), WorkingCopy.commit(folder.resolve("sub")));
        write("odd/.git", "a\0b");
        assertEquals(Optional.empty(), WorkingCopy.commit(folder.resolve("odd")));
    }
}
