package org.lacuna.zoo.signature;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPrivateKey;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPPublicKeyRingCollection;
import org.bouncycastle.openpgp.PGPSecretKey;
import org.bouncycastle.openpgp.PGPSecretKeyRing;
import org.bouncycastle.openpgp.PGPSecretKeyRingCollection;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.PGPSignatureList;
import org.bouncycastle.openpgp.PGPSignatureSubpacketGenerator;
import org.bouncycastle.openpgp.PGPUtil;
import org.bouncycastle.openpgp.bc.BcPGPObjectFactory;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPBESecretKeyDecryptorBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentVerifierBuilderProvider;
import org.bouncycastle.openpgp.operator.bc.BcPGPDigestCalculatorProvider;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;

/**
 * Signs files and checks signatures, by keys that {@code gpg --armor --export-secret-keys} and {@code gpg --armor --export} wrote. The file of
 * public keys is the reader's trust: who is in it may publish, whose key in it is revoked or expired may not.
 */
public final class Signatures {
    private static final int MAX_KEYS_BYTES = 8 << 20;
    private static final int MAX_SIGNATURE_BYTES = 1 << 16;
    private static final Set<Integer> STRONG = Set.of(HashAlgorithmTags.SHA256, HashAlgorithmTags.SHA384, HashAlgorithmTags.SHA512,
            HashAlgorithmTags.SHA3_256,
            HashAlgorithmTags.SHA3_512);
    private static final long MILLISECONDS = 1000;
    /** Clocks of two machines may differ by so much. */
    private static final long CLOCKS_MILLISECONDS = 300_000;

    private Signatures() {}

    /**
     * Signs a file.
     *
     * @param signature where the ASCII-armoured signature goes
     * @param secretKeys a file of exported secret keys; the last that may sign and is neither revoked nor expired signs
     * @param passphrase that opens the key; empty if nothing protects it
     * @return the fingerprint of the key
     */
    public static String sign(Path file, Path signature, Path secretKeys, char[] passphrase) {
        PGPSecretKey key = signingKey(secretKeys);
        try {
            PGPPrivateKey open = open(secretKeys, key, passphrase);
            PGPSignatureGenerator generator = new PGPSignatureGenerator(
                    new BcPGPContentSignerBuilder(key.getPublicKey().getAlgorithm(), HashAlgorithmTags.SHA512).setSecureRandom(new SecureRandom()),
                    key.getPublicKey());
            generator.init(PGPSignature.BINARY_DOCUMENT, open);
            PGPSignatureSubpacketGenerator subpackets = new PGPSignatureSubpacketGenerator();
            subpackets.setIssuerFingerprint(false, key.getPublicKey());
            subpackets.setSignatureCreationTime(false, new Date());
            generator.setHashedSubpackets(subpackets.generate());
            read(file, generator::update);
            PGPSignature made = generator.generate();
            AtomicFiles.write(signature, output -> {
                try (OutputStream armoured = ArmoredOutputStream.builder().clearHeaders().build(output)) {
                    made.encode(armoured);
                }
            });
            return fingerprint(key.getPublicKey());
        } catch (PGPException e) {
            throw new RunException(file + ": can't be signed: " + e.getMessage(), e);
        }
    }

    /**
     * Checks a file's signature.
     *
     * @param publicKeys a file of the exported public keys that are trusted
     * @return the fingerprint of the key that signed
     * @throws InputException if it is the signature of another file or of none of the keys, or the key is revoked or expired
     */
    public static String verify(Path file, Path signature, Path publicKeys) {
        PGPPublicKeyRingCollection keys = parse(publicKeys, "public keys", MAX_KEYS_BYTES,
                Signatures::publicKeys);
        PGPSignature told = parse(signature, "an OpenPGP signature", MAX_SIGNATURE_BYTES, Signatures::signature);
        try {
            PGPPublicKeyRing ring = keys.getPublicKeyRing(told.getKeyID());
            if (ring == null) {
                throw new InputException(signature + ": is by the key " + id(told.getKeyID()) + ", which is not in " + publicKeys
                        + "; if you trust its owner, export the public key and add it there");
            }
            PGPPublicKey key = ring.getPublicKey(told.getKeyID());
            checkSignature(signature, told, key);
            checkKey(publicKeys, ring.getPublicKey());
            checkKey(publicKeys, key);
            told.init(new BcPGPContentVerifierBuilderProvider(), key);
            read(file, told::update);
            if (!told.verify()) {
                throw new InputException(file + ": its signature " + signature + " is not of these bytes: one of the two was changed");
            }
            return fingerprint(key);
        } catch (PGPException e) {
            throw new InputException(signature + ": can't be checked: " + e.getMessage(), e);
        }
    }

    private static void checkSignature(Path signature, PGPSignature told, PGPPublicKey key) {
        if (told.getSignatureType() != PGPSignature.BINARY_DOCUMENT) {
            throw new InputException(signature + ": is no signature of a file; expected what gpg --armor --detach-sign makes");
        }
        if (!STRONG.contains(told.getHashAlgorithm())) {
            throw new InputException(signature + ": uses a hash that can be forged; sign with SHA-256 or SHA-512");
        }
        if (told.getKeyAlgorithm() != key.getAlgorithm()) {
            throw new InputException(signature + ": is of another kind than the key; it is damaged");
        }
        long made = told.getCreationTime().getTime();
        if (made > System.currentTimeMillis() + CLOCKS_MILLISECONDS || made < key.getCreationTime().getTime()) {
            throw new InputException(signature + ": was made " + told.getCreationTime().toInstant()
                    + ", in the future or before the key; is the clock right?");
        }
        long seconds = told.getHashedSubPackets() == null ? 0 : told.getHashedSubPackets().getSignatureExpirationTime();
        if (seconds > 0 && made + seconds * MILLISECONDS < System.currentTimeMillis()) {
            throw new InputException(signature + ": expired " + Instant.ofEpochMilli(made + seconds * MILLISECONDS)
                    + "; the model has to be signed again");
        }
    }

    private static void checkKey(Path file, PGPPublicKey key) {
        if (key.hasRevocation()) {
            throw new InputException(file + ": the key " + fingerprint(key)
                    + " is revoked: its owner does not stand for it any more; ask for a signature by another");
        }
        if (isExpired(key)) {
            throw new InputException(file + ": the key " + fingerprint(key) + " expired " + Instant.ofEpochMilli(expiry(key))
                    + "; if its owner extended it, export the public key again");
        }
    }

    private static boolean isExpired(PGPPublicKey key) {
        return key.getValidSeconds() > 0 && expiry(key) < System.currentTimeMillis();
    }

    private static long expiry(PGPPublicKey key) {
        return key.getCreationTime().getTime() + key.getValidSeconds() * MILLISECONDS;
    }

    private static PGPSecretKey signingKey(Path file) {
        PGPSecretKeyRingCollection rings = parse(file, "secret keys", MAX_KEYS_BYTES,
                bytes -> new PGPSecretKeyRingCollection(decoded(bytes), new BcKeyFingerprintCalculator()));
        PGPSecretKey found = null;
        PGPPublicKey unusable = null;
        for (PGPSecretKeyRing ring : rings) {
            PGPPublicKey main = ring.getPublicKey();
            for (PGPSecretKey key : ring) {
                if (!key.isSigningKey() || key.isPrivateKeyEmpty() || !maySign(key.getPublicKey())) {
                    continue;
                }
                if (main.hasRevocation() || key.getPublicKey().hasRevocation() || isExpired(main) || isExpired(key.getPublicKey())) {
                    unusable = key.getPublicKey();
                } else {
                    found = key;
                }
            }
        }
        if (found == null && unusable != null) {
            throw new InputException(file + ": the key " + fingerprint(unusable)
                    + " is revoked or expired; sign with another, or extend it and export it again");
        }
        if (found == null) {
            throw new InputException(file + ": holds no secret key that may sign; expected what gpg --armor --export-secret-keys writes");
        }
        return found;
    }

    /** By the flags of its own signatures; a key without flags may. */
    private static boolean maySign(PGPPublicKey key) {
        boolean flagged = false;
        for (Iterator<PGPSignature> signatures = key.getSignatures(); signatures.hasNext();) {
            PGPSignature own = signatures.next();
            int flags = own.getHashedSubPackets() == null ? 0 : own.getHashedSubPackets().getKeyFlags();
            if ((flags & KeyFlags.SIGN_DATA) != 0) {
                return true;
            }
            flagged |= flags != 0;
        }
        return !flagged;
    }

    private static PGPPrivateKey open(Path file, PGPSecretKey key, char[] passphrase) {
        try {
            return key.extractPrivateKey(new BcPBESecretKeyDecryptorBuilder(new BcPGPDigestCalculatorProvider()).build(passphrase));
        } catch (PGPException e) {
            throw new InputException(file + ": the passphrase does not open the key " + fingerprint(key.getPublicKey()), e);
        }
    }

    /** Of one export or of several, one behind the other. */
    private static PGPPublicKeyRingCollection publicKeys(byte[] bytes) throws IOException, PGPException {
        List<PGPPublicKeyRing> rings = new ArrayList<>();
        for (String block : new String(bytes, StandardCharsets.ISO_8859_1).split("(?=-----BEGIN PGP)")) {
            if (!block.isBlank()) {
                new PGPPublicKeyRingCollection(decoded(block.getBytes(StandardCharsets.ISO_8859_1)),
                        new BcKeyFingerprintCalculator()).forEach(rings::add);
            }
        }
        return new PGPPublicKeyRingCollection(rings);
    }

    private static PGPSignature signature(byte[] bytes) throws IOException {
        Object first = new BcPGPObjectFactory(decoded(bytes)).nextObject();
        if (first instanceof PGPSignatureList list && list.size() == 1) {
            return list.get(0);
        }
        throw new IOException("not one signature");
    }

    /** Without the armour, if there is one. */
    private static InputStream decoded(byte[] bytes) throws IOException {
        return PGPUtil.getDecoderStream(new ByteArrayInputStream(bytes));
    }

    private interface Parser<T> {
        T parse(byte[] bytes) throws IOException, PGPException;
    }

    private static <T> T parse(Path file, String what, int maxBytes, Parser<T> parser) {
        byte[] bytes;
        try {
            if (!Files.isRegularFile(file)) {
                throw new InputException(file + ": no such file; expected " + what);
            }
            if (Files.size(file) > maxBytes) {
                throw new InputException(file + ": has more than " + maxBytes + " bytes; expected " + what);
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
        try {
            return parser.parse(bytes);
        } catch (IOException | PGPException | RuntimeException e) {
            // Bouncy Castle's parsers throw whatever a damaged packet leads to.
            throw new InputException(file + ": is damaged, or not " + what, e);
        }
    }

    private interface Update {
        void add(byte[] bytes, int offset, int length);
    }

    private static void read(Path file, Update update) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[1 << 16];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                update.add(buffer, 0, read);
            }
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    private static String fingerprint(PGPPublicKey key) {
        return HexFormat.of().formatHex(key.getFingerprint()).toUpperCase(Locale.ROOT);
    }

    private static String id(long key) {
        return HexFormat.of().toHexDigits(key).toUpperCase(Locale.ROOT);
    }
}
