package org.lacuna.model.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.lacuna.sparsity.Site;

/** A vector of each token in a layer's feed-forward block that training can act on: the {@link Site}s, and what goes into the activation. */
public enum FeedForwardSite {
    /** The block's input. */
    INPUT(Site.INPUT),
    /** What goes into the activation: the gate's projection, or in a block without a gate the up projection. */
    PREACTIVATION(null),
    /** The gate after its activation. */
    GATE(Site.GATE),
    /** The up projection. */
    UP(Site.UP),
    /** What the down projection reads. */
    INTERMEDIATE(Site.INTERMEDIATE);

    private final Optional<Site> site;

    FeedForwardSite(Site site) {
        this.site = Optional.ofNullable(site);
    }

    /** The site where rules can be applied too; empty for what goes into the activation. */
    public Optional<Site> site() {
        return site;
    }

    /** The name in recipes and logs. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The one of that name, if there is one. */
    public static Optional<FeedForwardSite> byKey(String key) {
        return Arrays.stream(values()).filter(site -> site.key().equals(key)).findFirst();
    }

    /** All names. */
    public static String keys() {
        return Arrays.stream(values()).map(FeedForwardSite::key).collect(Collectors.joining(", "));
    }

    /** Whether such a block has it. */
    public boolean isIn(FeedForward block) {
        return site.map(block.sites()::contains).orElse(true);
    }
}
