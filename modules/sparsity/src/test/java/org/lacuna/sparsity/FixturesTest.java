package org.lacuna.sparsity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FixturesTest {
    @ParameterizedTest
    @ValueSource(strings = {"rules", "curves"})
    void filesAreTheOnesWhoseSumsWereRecorded(String folder) throws Exception {
        for (String line : new String(Fixtures.bytes(folder + "/SHA256SUMS"), StandardCharsets.UTF_8).split("\n")) {
            String[] sumAndName = line.split(" +");
            byte[] sum = MessageDigest.getInstance("SHA-256").digest(Fixtures.bytes(folder + "/" + sumAndName[1]));
            assertEquals(sumAndName[0], HexFormat.of().formatHex(sum), sumAndName[1]);
        }
    }
}
