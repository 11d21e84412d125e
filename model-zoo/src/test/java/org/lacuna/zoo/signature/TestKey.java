package org.lacuna.zoo.signature;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Date;
import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyPacket;
import org.bouncycastle.bcpg.SymmetricKeyAlgorithmTags;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPKeyRingGenerator;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.PGPSignatureSubpacketGenerator;
import org.bouncycastle.openpgp.operator.PGPDigestCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPBESecretKeyEncryptorBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPDigestCalculatorProvider;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;

/** A key that is made for a test, as files of its secret and its public half. */
final class TestKey {
    static final char[] PASSPHRASE = "correct horse".toCharArray();

    final Path secret;
    final Path open;

    /** {@code ageSeconds}: how long it is there already; {@code validSeconds}: 0 for ever. */
    TestKey(Path folder, String name, long ageSeconds, long validSeconds, boolean revoked) throws IOException, PGPException {
        Ed25519KeyPairGenerator pairs = new Ed25519KeyPairGenerator();
        pairs.init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        PGPKeyPair pair = new BcPGPKeyPair(PublicKeyPacket.VERSION_4, PublicKeyAlgorithmTags.EDDSA_LEGACY, pairs.generateKeyPair(),
                new Date(System.currentTimeMillis() - ageSeconds * 1000));
        PGPSignatureSubpacketGenerator subpackets = new PGPSignatureSubpacketGenerator();
        subpackets.setKeyFlags(true, KeyFlags.SIGN_DATA | KeyFlags.CERTIFY_OTHER);
        if (validSeconds > 0) {
            subpackets.setKeyExpirationTime(true, validSeconds);
        }
        BcPGPDigestCalculatorProvider digests = new BcPGPDigestCalculatorProvider();
        PGPDigestCalculator sha1 = digests.get(HashAlgorithmTags.SHA1);
        PGPKeyRingGenerator ring = new PGPKeyRingGenerator(PGPSignature.POSITIVE_CERTIFICATION, pair, name, sha1, subpackets.generate(), null,
                new BcPGPContentSignerBuilder(pair.getPublicKey().getAlgorithm(), HashAlgorithmTags.SHA256),
                new BcPBESecretKeyEncryptorBuilder(SymmetricKeyAlgorithmTags.AES_256, sha1).build(PASSPHRASE));
        PGPPublicKeyRing open = ring.generatePublicKeyRing();
        if (revoked) {
            PGPSignatureGenerator revocation = new PGPSignatureGenerator(
                    new BcPGPContentSignerBuilder(pair.getPublicKey().getAlgorithm(), HashAlgorithmTags.SHA256), pair.getPublicKey());
            revocation.init(PGPSignature.KEY_REVOCATION, pair.getPrivateKey());
            open = PGPPublicKeyRing.insertPublicKey(open,
                    PGPPublicKey.addCertification(open.getPublicKey(), revocation.generateCertification(open.getPublicKey())));
        }
        secret = folder.resolve(name + ".secret.asc");
        this.open = folder.resolve(name + ".asc");
        try (OutputStream armoured = ArmoredOutputStream.builder().build(Files.newOutputStream(secret))) {
            ring.generateSecretKeyRing().encode(armoured);
        }
        try (OutputStream armoured = ArmoredOutputStream.builder().build(Files.newOutputStream(this.open))) {
            open.encode(armoured);
        }
    }
}
