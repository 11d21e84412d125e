package org.lacuna.zoo.signature;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.bouncycastle.openpgp.PGPException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;

class SignaturesTest {
    @TempDir
    Path temp;
    private Path file;
    private Path signature;
    private TestKey ann;

    @BeforeEach
    void makeFileAndKey() throws IOException, PGPException {
        file = Files.writeString(temp.resolve("model.zip"), "a model");
        signature = temp.resolve("model.zip.asc");
        ann = new TestKey(temp, "ann", 100, 0, false);
    }

    @Test
    void aSignedFileIsVerified() throws IOException {
        String fingerprint = Signatures.sign(file, signature, ann.secret, TestKey.PASSPHRASE);
        assertEquals(40, fingerprint.length());
        assertEquals(fingerprint, Signatures.verify(file, signature, ann.open));
        assertTrue(Files.readString(signature).startsWith("-----BEGIN PGP SIGNATURE-----\n"), Files.readString(signature));
        Files.writeString(file, "a modem");
        assertRefused("is not of these bytes", () -> Signatures.verify(file, signature, ann.open));
    }

    @Test
    void keysMayLieOneBehindTheOther() throws IOException, PGPException {
        TestKey bob = new TestKey(temp, "bob", 100, 0, false);
        Signatures.sign(file, signature, ann.secret, TestKey.PASSPHRASE);
        assertRefused("which is not in", () -> Signatures.verify(file, signature, bob.open));
        Files.writeString(bob.open, Files.readString(bob.open) + Files.readString(ann.open));
        Signatures.verify(file, signature, bob.open);
    }

    @Test
    void revokedAndExpiredKeysAreRefused() throws IOException, PGPException {
        TestKey revoked = new TestKey(temp, "revoked", 100, 0, true);
        Signatures.sign(file, signature, revoked.secret, TestKey.PASSPHRASE);
        assertRefused("is revoked", () -> Signatures.verify(file, signature, revoked.open));
        TestKey expired = new TestKey(temp, "expired", 100, 50, false);
        assertRefused("is revoked or expired", () -> Signatures.sign(file, signature, expired.secret, TestKey.PASSPHRASE));
        TestKey soon = new TestKey(temp, "soon", 100, 103, false);
        Signatures.sign(file, signature, soon.secret, TestKey.PASSPHRASE);
        assertEventuallyExpired(soon);
        TestKey valid = new TestKey(temp, "valid", 100, 1000, false);
        Signatures.sign(file, signature, valid.secret, TestKey.PASSPHRASE);
        Signatures.verify(file, signature, valid.open);
    }

    @Test
    void wrongPassphrasesAndFilesAreTold() throws IOException {
        assertRefused("the passphrase does not open", () -> Signatures.sign(file, signature, ann.secret, "wrong".toCharArray()));
        assertFalse(Files.exists(signature));
        assertRefused("not secret keys", () -> Signatures.sign(file, signature, ann.open, TestKey.PASSPHRASE));
        assertRefused("no such file", () -> Signatures.verify(file, signature, ann.open));
        Files.writeString(signature, "nothing");
        assertRefused("not an OpenPGP signature", () -> Signatures.verify(file, signature, ann.open));
        Files.write(signature, new byte[100_000]);
        assertRefused("more than", () -> Signatures.verify(file, signature, ann.open));
    }

    /** Whatever happens to a signature, what it says is not believed; only what isn't signed itself may change. */
    @Test
    void damagedSignaturesAreRefused() throws IOException {
        Signatures.sign(file, signature, ann.secret, TestKey.PASSPHRASE);
        byte[] bytes = Files.readAllBytes(signature);
        Files.writeString(file, "another");
        Random random = new Random(1);
        for (int i = 0; i < 300; i++) {
            byte[] changed = bytes.clone();
            changed[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(7));
            Files.write(signature, changed);
            assertThrows(InputException.class, () -> Signatures.verify(file, signature, ann.open));
        }
    }

    @Test
    void passphrasesComeFromFilesAndTheEnvironment() throws IOException {
        Path secret = Files.writeString(temp.resolve("passphrase"), "correct horse\nmore\n");
        assertArrayEquals(TestKey.PASSPHRASE, Passphrase.ofFile(secret));
        assertRefused("is not set", () -> Passphrase.ofEnvironment("LACUNA_NO_SUCH_VARIABLE"));
        assertRefused("first line", () -> Passphrase.ofFile(temp));
    }

    private void assertEventuallyExpired(TestKey key) {
        long end = System.nanoTime() + 20_000_000_000L;
        while (System.nanoTime() < end) {
            try {
                Signatures.verify(file, signature, key.open);
                Thread.sleep(50);
            } catch (InputException e) {
                assertTrue(e.getMessage().contains(" expired "), e.getMessage());
                return;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        throw new AssertionError("still valid");
    }

    private static void assertRefused(String part, Executable action) {
        InputException e = assertThrows(InputException.class, action);
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }
}
