package org.lacuna.cli.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.AttentionForm.Sliding;
import org.lacuna.model.config.AttentionForm;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.LearnedPosition;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;

/** What a model is, by its config: as lines of a table and as JSON. */
final class ModelFacts {
    /** More layers than these are counted, not listed. */
    private static final int LISTED = 8;
    private static final int PERCENT = 100;

    private final ModelConfig config;

    ModelFacts(ModelConfig config) {
        this.config = config;
    }

    /** Values by their subjects, in order. */
    Map<String, String> lines() {
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("layers", format("%,d", config.layers()));
        lines.put("hidden", format("%,d", config.hidden()));
        lines.put("intermediate", format("%,d", config.intermediate()));
        lines.put("heads", format("%,d of %,d, %,d of keys and values", config.heads(), config.headSize(), config.kvHeads()));
        lines.put("vocabulary", format("%,d; the output embedding is %s", config.vocabulary(), config.tied() ? "the input embedding (tied)" : "its own"));
        lines.put("positions", positions());
        lines.put("attention", attention());
        lines.put("norm", format("%s, epsilon %s; %s", norm(), config.norm().epsilon(), block()));
        lines.put("feed-forward", feedForward());
        lines.put("sites", config.sites().stream().map(Site::key).collect(Collectors.joining(", ")));
        return lines;
    }

    private String positions() {
        String most = format("; up to %,d", config.maxPositions());
        if (config.position() instanceof LearnedPosition learned) {
            return "learned" + (learned.offset() == 0 ? "" : ", behind " + learned.offset() + " unused rows") + most;
        }
        String own = config.attention().sliding().flatMap(Sliding::rotary).map(r -> "; where the window slides: " + rotary(r)).orElse("");
        return "rotary, " + rotary((RotaryPosition) config.position()) + own + most;
    }

    private static String rotary(RotaryPosition rotary) {
        String part = rotary.fraction() == 1 ? "" : format(", %s %% of each head", number(PERCENT * rotary.fraction()));
        return "base " + number(rotary.theta()) + part + rotary.scaling().map(ModelFacts::scaling).orElse("");
    }

    private static String scaling(RotaryPosition.Scaling scaling) {
        if (scaling instanceof RotaryPosition.Llama3 s) {
            return format(", llama3 scaling × %s from %,d positions", number(s.factor()), s.originalLength());
        }
        return ", linear scaling × " + number(((RotaryPosition.Linear) scaling).factor());
    }

    private String attention() {
        AttentionForm form = config.attention();
        List<String> parts = new ArrayList<>(List.of("causal"));
        parts.add(form.sliding().map(this::window).orElse("all layers: the whole text"));
        if (form.inputBiases() || form.outputBias()) {
            parts.add("biases" + (form.outputBias() ? "" : " of queries, keys and values"));
        }
        if (form.headNorm() != HeadNorm.NONE) {
            parts.add("queries and keys normed, " + (form.headNorm() == HeadNorm.EACH ? "each head" : "all heads together"));
        }
        if (Math.abs(form.scale() * Math.sqrt(config.headSize()) - 1) > 1e-9) {
            parts.add("scores × " + format("%.6g", form.scale()));
        }
        return String.join("; ", parts);
    }

    private String window(Sliding sliding) {
        int count = sliding.layers().size();
        String which = count == config.layers() ? "all layers" : count > LISTED ? format("%d of the layers", count)
                : (count == 1 ? "layer " : "layers ") + sliding.layers().stream().map(String::valueOf).collect(Collectors.joining(", "));
        return format("%s: the last %,d tokens%s", which, sliding.window(), count == config.layers() ? "" : "; the others: the whole text");
    }

    private String norm() {
        String kind = switch (config.norm().kind()) {
            case RMS -> "RMS";
            case RMS_LESS_ONE -> "RMS, weights stored less 1";
            case LAYER -> "mean and variance, with biases";
        };
        return kind + (config.normActivation().equals(FeedForward.IDENTITY) ? "" : "; " + config.normActivation() + " behind those of the inputs");
    }

    private String block() {
        String where = switch (config.block()) {
            case SEQUENTIAL -> "before attention and feed-forward block";
            case PARALLEL -> "before attention and feed-forward block, which stand side by side";
            case SANDWICH -> "before and behind attention and feed-forward block";
        };
        return where + (config.embeddingScale() == 1 ? "" : format("; embeddings × %.6g", config.embeddingScale()));
    }

    private String feedForward() {
        FeedForward f = config.feedForward();
        String form = f.activation() + (f.gated() ? ", gated" : ", no gate") + (f.upActivation().equals(FeedForward.IDENTITY) ? "" : ", " + f.upActivation() + " on up")
                + (f.biased() ? ", biases" : "") + thresholds(f.thresholds());
        return form + f.experts().map(e -> format("; %,d experts, %,d a token, their weights %s", e.count(), e.perToken(), e.renormalized() ? "made to add up to 1" : "as they are"))
                .orElse("");
    }

    private static String thresholds(List<Double> thresholds) {
        return thresholds.isEmpty() ? "" : format(", thresholds from %.4g to %.4g", Collections.min(thresholds), Collections.max(thresholds));
    }

    /** Adds the same to {@code json}. */
    void addTo(ObjectNode json) {
        json.put("layers", config.layers()).put("hidden", config.hidden()).put("intermediate", config.intermediate()).put("heads", config.heads())
                .put("kvHeads", config.kvHeads()).put("headSize", config.headSize()).put("vocabulary", config.vocabulary()).put("tied", config.tied())
                .put("maxPositions", config.maxPositions()).put("embeddingScale", config.embeddingScale());
        json.set("positions", config.position() instanceof LearnedPosition learned ? Json.object().put("kind", "learned").put("offset", learned.offset())
                : toJson((RotaryPosition) config.position()));
        json.set("attention", attentionJson());
        json.set("norm", Json.object().put("kind", name(config.norm().kind())).put("epsilon", config.norm().epsilon()).put("block", name(config.block()))
                .put("activation", config.normActivation()));
        FeedForward f = config.feedForward();
        ObjectNode form = Json.object().put("activation", f.activation()).put("gated", f.gated()).put("upActivation", f.upActivation()).put("biased", f.biased());
        f.experts().ifPresentOrElse(e -> form.putObject("experts").put("count", e.count()).put("perToken", e.perToken()).put("renormalized", e.renormalized()),
                () -> form.putNull("experts"));
        ArrayNode thresholds = form.putArray("thresholds");
        f.thresholds().forEach(thresholds::add);
        json.set("feedForward", form);
        ArrayNode sites = json.putArray("sites");
        config.sites().forEach(site -> sites.add(site.key()));
    }

    private ObjectNode attentionJson() {
        AttentionForm a = config.attention();
        ObjectNode json = Json.object().put("inputBiases", a.inputBiases()).put("outputBias", a.outputBias()).put("headNorm", name(a.headNorm())).put("scale", a.scale());
        if (a.sliding().isEmpty()) {
            return json.putNull("sliding");
        }
        Sliding sliding = a.sliding().get();
        ObjectNode window = json.putObject("sliding").put("window", sliding.window());
        sliding.layers().forEach(window.putArray("layers")::add);
        sliding.rotary().ifPresent(r -> window.set("positions", toJson(r)));
        return json;
    }

    private static ObjectNode toJson(RotaryPosition rotary) {
        ObjectNode json = Json.object().put("kind", "rotary").put("theta", rotary.theta()).put("fraction", rotary.fraction());
        Optional<RotaryPosition.Scaling> scaling = rotary.scaling();
        if (scaling.isEmpty()) {
            json.putNull("scaling");
        } else if (scaling.get() instanceof RotaryPosition.Llama3 s) {
            json.putObject("scaling").put("kind", "llama3").put("factor", s.factor()).put("lowFrequencyFactor", s.lowFrequencyFactor())
                    .put("highFrequencyFactor", s.highFrequencyFactor()).put("originalLength", s.originalLength());
        } else if (scaling.get() instanceof RotaryPosition.Linear s) {
            json.putObject("scaling").put("kind", "linear").put("factor", s.factor());
        }
        return json;
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1L << 53 ? format("%,d", (long) value) : Double.toString(value);
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
