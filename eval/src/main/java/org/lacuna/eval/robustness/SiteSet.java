package org.lacuna.eval.robustness;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.lacuna.sparsity.Site;

/** Where a curve's rule is applied, in every layer: at one site, or at both vectors that a feed-forward block's matrices read. */
public enum SiteSet {
    /** The feed-forward block's input. */
    INPUT(EnumSet.of(Site.INPUT)),
    /** The up projection. */
    UP(EnumSet.of(Site.UP)),
    /** The gate, after the activation function. */
    GATE(EnumSet.of(Site.GATE)),
    /** What the down projection reads. */
    INTERMEDIATE(EnumSet.of(Site.INTERMEDIATE)),
    /** Input and intermediate with the same p (arXiv 2509.00454's "all inputs"); sparsity is over the elements of both together. */
    ALL_INPUTS(EnumSet.of(Site.INPUT, Site.INTERMEDIATE)),
    /** What queries, keys and values are made of. */
    ATTENTION_INPUT(EnumSet.of(Site.ATTENTION_INPUT)),
    /** What attention's output projection reads. */
    ATTENTION_OUTPUT(EnumSet.of(Site.ATTENTION_OUTPUT));

    /** Those of the feed-forward block: what is measured unless others are named. */
    public static final List<SiteSet> FEED_FORWARD = List.of(INPUT, UP, GATE, INTERMEDIATE, ALL_INPUTS);

    private final Set<Site> sites;

    SiteSet(EnumSet<Site> sites) {
        this.sites = Collections.unmodifiableSet(sites);
    }

    /** Whether it is in attention, not in the feed-forward block. */
    public boolean inAttention() {
        return sites.stream().allMatch(Site::inAttention);
    }

    /** The sites at which the rule is applied. */
    public Set<Site> sites() {
        return sites;
    }

    /** The name on the command line, in files and in reports: {@code all_inputs} say. */
    @JsonValue
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The set of that {@link #key()}.
     *
     * @throws IllegalArgumentException if there is none; the message lists the keys
     */
    @JsonCreator
    public static SiteSet byKey(String key) {
        // Recipes write names of several words with hyphens.
        return Arrays.stream(values()).filter(set -> set.key().equals(key.replace('-', '_'))).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no site '" + key + "'; there are "
                        + Arrays.stream(values()).map(SiteSet::key).collect(Collectors.joining(", "))));
    }
}
