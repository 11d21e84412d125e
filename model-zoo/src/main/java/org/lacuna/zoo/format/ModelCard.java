package org.lacuna.zoo.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** A model's card as Hugging Face's hub shows it: front matter in YAML, then Markdown. Made of {@code lacuna.json} alone. */
final class ModelCard {
    static final String FILE = "README.md";
    static final String PICTURE = "images/robustness.svg";

    private ModelCard() {
    }

    static String of(JsonNode manifest) {
        StringBuilder card = new StringBuilder();
        card.append("---\n").append(frontMatter(manifest)).append("---\n\n");
        card.append("# ").append(line(manifest.path("name").asText())).append("\n\n");
        card.append(String.format(Locale.ROOT, "A %s of %,d parameters, stored as %s; feed-forward: %s, %s.%n%n", manifest.at("/model/family").asText(), manifest.at("/model/parameters").asLong(),
                manifest.at("/precision").asText(), manifest.at("/model/feed_forward").asText(), manifest.at("/model/activation").asText()));
        section(card, "Intended use", manifest.path("intended_use").asText());
        section(card, "Limits", manifest.path("limits").asText());
        card.append("## Activation sparsity\n\n");
        JsonNode results = manifest.path("results");
        card.append(String.format(Locale.ROOT, "Dense loss %.4f nats a token (perplexity %.3f) on %d windows of %d tokens of %s.%n%n", results.path("loss").asDouble(), Math.exp(results.path("loss").asDouble()),
                results.at("/data/windows").asInt(), results.at("/data/window_length").asInt(), code(results.at("/data/name").asText())));
        card.append("| site | exact zeros | critical sparsity | 95 % interval |\n|---|---|---|---|\n");
        results.path("sites").forEach(site -> card.append(String.format(Locale.ROOT, "| %s | %s | %s | %s |%n", site.path("site").asText(), percent(site.path("zeros")),
                (site.path("at_least").asBoolean() ? "≥ " : "") + percent(site.path("critical")), "[" + percent(site.path("low")) + ", " + percent(site.path("high")) + "]")));
        card.append("\nCritical sparsity: the most of a site's values that ").append(code(results.path("rule").asText())).append(" leaves out, in every layer and token, while perplexity stays within 1 % of the dense model's")
                .append(" (estimator ").append(code("linear")).append("). Intervals cover the choice of windows, not training seeds.\n\n![Perplexity against sparsity](").append(PICTURE).append(")\n\n");
        card.append("## Training\n\n");
        JsonNode training = manifest.path("training");
        if (training.isMissingNode()) {
            card.append("Nothing is known of it: the model was published from a bare checkpoint.\n\n");
        } else {
            List<String> facts = new ArrayList<>();
            training.fields().forEachRemaining(field -> facts.add("| " + field.getKey() + " | " + code(field.getValue().isTextual() ? field.getValue().asText() : field.getValue().toString()) + " |"));
            card.append("| | |\n|---|---|\n").append(String.join("\n", facts)).append("\n\nThe whole recipe is in ").append(code(Published.MANIFEST)).append(".\n\n");
        }
        card.append("## What was not measured\n\nTasks, other languages and other texts than the one above; bias and safety; the speed that the zeros may give.\n\n");
        card.append("## Use\n\nIn a checkout of Lacuna, with this folder as DIR:\n\n    mvn -q compile exec:java -Dexec.args=\"zoo verify DIR\"\n").append("    mvn -q compile exec:java -Dexec.args=\"generate --model DIR --prompt 'Once upon a time'\"\n");
        return card.toString();
    }

    private static String frontMatter(JsonNode manifest) {
        Map<String, Object> front = new LinkedHashMap<>();
        String license = manifest.path("license").asText();
        front.put("license", Licenses.isOwn(license) ? "other" : license.toLowerCase(Locale.ROOT));
        if (Licenses.isOwn(license)) {
            front.put("license_name", license);
        }
        if (manifest.has("language")) {
            front.put("language", List.of(manifest.path("language").asText()));
        }
        front.put("library_name", "lacuna");
        front.put("pipeline_tag", "text-generation");
        front.put("tags", List.of("activation-sparsity", "lacuna", manifest.at("/model/family").asText()));
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setAllowUnicode(true);
        return new Yaml(options).dump(front);
    }

    private static void section(StringBuilder card, String title, String text) {
        card.append("## ").append(title).append("\n\n").append(text).append("\n\n");
    }

    private static String percent(JsonNode share) {
        return share.isNumber() ? String.format(Locale.ROOT, "%.2f %%", 100 * share.asDouble()) : "none";
    }

    private static String line(String text) {
        return text.replaceAll("\\s+", " ");
    }

    private static String code(String text) {
        return "`" + line(text).replace("`", "'").replace("|", "\\|") + "`";
    }
}
