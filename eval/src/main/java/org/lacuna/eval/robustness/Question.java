package org.lacuna.eval.robustness;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;

/** What a sweep asks of a model, as a hash: texts, sites, the rule with all of its parameters and weights, and the coverage. */
final class Question {
    private final MessageDigest digest;

    private Question() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static String of(Sequences texts, Set<Site> sites, Treatment treatment, TokenCoverage coverage, ModelConfig config) {
        Question question = new Question();
        question.ints(texts.rows(), texts.length());
        question.ints(texts.batch().inputs());
        question.ints(texts.batch().targets());
        question.ints(texts.lengths());
        if (texts.branch()) {
            texts.texts().forEach(text -> question.ints(text.row(), text.trunk(), text.from(), text.to()));
        }
        question.rules(sites, treatment, coverage, config);
        return question.hash();
    }

    /** The rules alone. */
    static String ofRules(Set<Site> sites, Treatment treatment, TokenCoverage coverage, ModelConfig config) {
        Question question = new Question();
        question.rules(sites, treatment, coverage, config);
        return question.hash();
    }

    /** A text to go on with, and what is said beside it. */
    static String ofContext(int[] context, String beside) {
        Question question = new Question();
        question.ints(context);
        question.digest.update(beside.getBytes(StandardCharsets.UTF_8));
        return question.hash();
    }

    private void rules(Set<Site> sites, Treatment treatment, TokenCoverage coverage, ModelConfig config) {
        ints(treatment.rule().code(), treatment.points(), treatment.channelRows());
        digest.update((coverage + " ").getBytes(StandardCharsets.UTF_8));
        if (!treatment.layers().isAll()) {
            digest.update(("layers " + treatment.layers() + " ").getBytes(StandardCharsets.UTF_8));
        }
        for (Site site : new TreeSet<>(sites)) {
            ints(site.ordinal());
            for (int layer : treatment.layers().of(config.layers())) {
                ByteBuffer parameters = ByteBuffer.allocate(treatment.points() * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                for (int point = 0; point < treatment.points(); point++) {
                    parameters.putDouble(treatment.parameter(layer, site, point));
                }
                digest.update(parameters.array());
                if (treatment.choice().isPresent()) {
                    digest.update(treatment.choice().get().key().getBytes(StandardCharsets.UTF_8));
                } else if (treatment.channelRows() > 0) {
                    float[] channels = treatment.channels(layer, site);
                    ByteBuffer bytes = ByteBuffer.allocate(channels.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                    bytes.asFloatBuffer().put(channels);
                    digest.update(bytes.array());
                }
            }
        }
    }

    private String hash() {
        return HexFormat.of().formatHex(digest.digest());
    }

    private void ints(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Integer.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        digest.update(bytes.array());
    }
}
