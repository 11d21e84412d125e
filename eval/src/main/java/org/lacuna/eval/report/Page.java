package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Coverage;

/** The page: what was found first, then each table beside its charts, then how it was measured and by what. */
final class Page {
    private final Report report;
    private final Tables tables;
    private final String picture;

    Page(Report report, String picture) {
        this.report = report;
        this.picture = picture;
        tables = new Tables(report);
    }

    String html() {
        return Document.html(report.title(), body(), Charts.of(report), report.models().size() * (report.joint().isEmpty() ? 1 : 2));
    }

    private Html body() {
        List<Object> parts = new ArrayList<>();
        parts.add(Html.element("h1", report.title()));
        if (!report.comparison().notes().isEmpty()) {
            parts.add(Html.element("section class=\"warning\" id=\"notes\"", Html.element("h2", "Not fully comparable"), list(report.comparison().notes())));
        }
        parts.add(Html.element("p class=\"summary\" id=\"summary\"", report.summary()));
        parts.add(Html.element("figure", new Html(picture), Html.element("figcaption", "Bands are " + confidence()
                + " intervals of the ratio over draws of the windows. Circles: critical sparsity (linear). A dot is a measured p.")));
        parts.add(Html.element("p id=\"estimators\"", Shown.TO_CITE));
        if (report.leaderboard().isPresent()) {
            parts.add(Document.section("Leaderboard", tables.leaderboard()));
        }
        parts.add(Document.section("The models", controls(), tables.models(), tables.losses(), tables.baselines(), tables.seeds()));
        parts.add(Document.section("Critical sparsity", tables.critical(), tables.differences(), tables.quality()));
        parts.add(Html.element("div id=\"savings\"", list(report.savings())));
        if (!report.joint().isEmpty()) {
            parts.add(Document.section("Several sites at once", charts("joint"), tables.joint(), Html.element("details", Html.element("summary", "The frontier"), tables.frontier())));
        }
        parts.add(Html.element("h2", "Curves"));
        parts.add(Html.element("p", "Move over a chart to read points; drag to zoom, double-click to zoom out; click a name to hide it. The ratio's axis ends a little "
                + "above the bar; every point is in the tables. Losses have no band: their intervals are those of the ratio."));
        for (SiteSet sites : SiteSet.values()) {
            if (!report.curves(sites).isEmpty()) {
                parts.add(Document.section("h3", Tables.name(sites), charts("ratio-" + sites.key(), "loss-" + sites.key()),
                        Html.element("details", Html.element("summary", "Every measured point at " + Tables.name(sites)), tables.points(sites))));
            }
        }
        parts.add(Document.section("Layer by layer near the critical sparsity", charts(ids("layers-", Arrays.stream(SiteSet.values())
                .filter(sites -> !report.curves(sites).isEmpty()).map(SiteSet::key).toList())), tables.layers()));
        parts.add(Document.section("Exact zeros without a rule", charts(ids("zeros-", Arrays.stream(Site.values()).filter(site -> Charts.hasZeros(report, site)).map(Site::key).toList())),
                tables.zeros()));
        parts.add(Document.section("Dead neurons", charts("dead"), tables.deadNeurons()));
        if (!report.overlaps().isEmpty()) {
            parts.add(Document.section("Neurons that are active together", tables.overlaps()));
        }
        parts.add(Document.section("How it was measured", Html.element("div id=\"method\"", list(method())), CoverageTable.ofWindows()));
        parts.add(Document.section("What was not measured", list(missing())));
        parts.add(Document.section("Provenance", provenance()));
        return Html.of(parts.toArray());
    }

    private static Html list(List<?> items) {
        return Html.element("ul", Html.of(items.stream().map(item -> Html.element("li", item)).toArray()));
    }

    /** Empty for one model by itself. */
    private Html controls() {
        List<String> sentences = new ArrayList<>(Shown.controls(report.comparison(), report.labels()));
        LittleLearned.of(report.comparison(), report.baselines()).note().ifPresent(sentences::add);
        return sentences.isEmpty() ? new Html("") : Html.element("p id=\"controls\"", String.join(" ", sentences));
    }

    private static String[] ids(String prefix, List<String> keys) {
        return keys.stream().map(key -> prefix + key).toArray(String[]::new);
    }

    private static Html charts(String... ids) {
        return Document.charts(Arrays.stream(ids).map(id -> Document.figure(id, title(id))).toList());
    }

    private static String title(String id) {
        String[] parts = id.split("-", 2);
        String site = parts.length > 1 ? SiteSet.byKey(parts[1]).name().replace('_', ' ') : "";
        return switch (parts[0]) {
            case "joint" -> "A p for each site, and one for all: perplexity over dense";
            case "ratio" -> site + ": perplexity over dense";
            case "loss" -> site + ": loss";
            case "layers" -> site + ": sparsity of each layer near critical";
            case "zeros" -> site + ": exact zeros";
            default -> "Dead neurons of each layer";
        };
    }

    private List<String> method() {
        RobustnessResult control = report.result(report.comparison().control());
        Settings settings = control.settings();
        String bar = Shown.plain(settings.bar());
        List<String> method = new ArrayList<>();
        if (networks()) {
            method.add("Networks of Deeplearning4j: read “token” as an example or a step of a sequence, “window” as an example or a sequence, INTERMEDIATE as the one layer whose "
                    + "activations were left out (see “measured by · network”), loss as that of the network's output layer, and perplexity as e to its power.");
        }
        method.addAll(List.of(
                "Bar: with the rule, the perplexity is at most " + bar + " times that of the same model without a rule, on the same windows. “"
                        + report.label(report.comparison().control()) + "” is the control" + (report.controls().size() > 1 ? " of what has none of its own" : "")
                        + ": its settings hold for everything that is compared.",
                "Sparsity: values that are exactly 0 after the rule over all values at the site, pooled over the rule's layers and tokens. Curves are read by "
                        + "rising measured sparsity, not by p.",
                "Estimators. grid: the largest measured sparsity of any point that holds the bar. first: the last measured sparsity before the first point "
                        + "that breaks it. linear: where the straight line between those two points meets the bar.",
                "Rule " + settings.rule() + ", p in " + String.join(", ", settings.grid().stream().map(Shown::plain).toList())
                        + "; applied in " + Shown.layers(settings.layers()) + ", whatever p comes to there. ALL INPUTS: input and intermediate together."));
        if (!report.joint().isEmpty()) {
            method.add("Several sites at once: every combination of the values of p in “settings · joint”, and each of them at all sites. A choice among many combinations is lucky on the "
                    + "windows that it was made on: on others its perplexity is likely to be somewhat higher.");
        }
        method.addAll(List.of(
                "Tokens: the rule applies to " + Shown.tokens(settings.coverage()) + "; the others pass and are not counted. Every position is scored; there is no padding.",
                "Data: the first " + Shown.count(control.data().windows()) + " consecutive windows of " + Shown.count(control.data().windowLength())
                        + " tokens of the validation part of “" + control.data().name() + "”.",
                "Intervals: " + confidence() + " percentile intervals of a paired bootstrap, " + Shown.count(settings.replicates()) + " draws of the windows with replacement, seed "
                        + settings.seed() + ". Dense loss, every p and every model are computed anew on each draw. A draw without a level counts as sparsity 0; one with "
                        + "only a lower bound as that bound for the lower end and as 100 % for the upper. In a difference, a draw in which either has none counts as "
                        + "−100 and +100 points.",
                "How often nominal 95 % intervals held the truth where it is known, on test sets simulated from a population like a small trained model: "
                        + String.join("; ", Coverage.LEVELS.stream().filter(c -> c.examples() == 64).map(Coverage::inWords).toList()) + ". The table has differences and fewer windows.",
                "p is one-sided, of a permutation test of “the two are alike on every window”: models of equal critical sparsity that are unlike otherwise may get a small one "
                        + "more often than it says. How far apart they are is told by the interval of the difference.",
                "Intervals cover the choice of windows and not training seeds: another seed of the same recipe may lie outside. To see how much seeds matter, train "
                        + "several: quickstart --seeds n."));
        return method;
    }

    private List<String> missing() {
        List<String> missing = new ArrayList<>();
        for (SiteSet sites : networks() ? List.of(SiteSet.INTERMEDIATE) : expected()) {
            List<String> without = new ArrayList<>();
            for (int i = 0; i < report.models().size(); i++) {
                if (report.result(i).curve(sites).isEmpty()) {
                    without.add("“" + report.label(i) + "”");
                }
            }
            if (!without.isEmpty()) {
                missing.add(Tables.name(sites) + " of " + String.join(", ", without) + ": no curve.");
            }
        }
        if (report.seeds().models().isEmpty()) {
            missing.add("Other training seeds: each model is one training run.");
        }
        if (!networks()) {
            missing.add("Accuracy on tasks: quality here is next-token loss on one text alone.");
        }
        missing.add("Speed and energy: sparsity is what could be left out, not what was saved.");
        missing.add("Rules other than " + report.result(report.comparison().control()).settings().rule()
                + ", and other choices of the tokens and layers that it is applied to.");
        return missing;
    }

    /** The feed-forward block's, and what any model was measured at besides. */
    private List<SiteSet> expected() {
        return Arrays.stream(SiteSet.values()).filter(sites -> SiteSet.FEED_FORWARD.contains(sites) || !report.curves(sites).isEmpty()).toList();
    }

    private boolean networks() {
        return report.comparison().models().stream().noneMatch(result -> result.model().readsTokens());
    }

    private String confidence() {
        return Shown.confidence(report.result(report.comparison().control()).settings().confidence());
    }

    private Html provenance() {
        Comparison comparison = report.comparison();
        List<Map<String, String>> columns = new ArrayList<>();
        for (RobustnessResult result : comparison.models()) {
            Map<String, String> facts = new LinkedHashMap<>();
            flatten("model", ResultJson.tree(result.model()), facts);
            flatten("data", ResultJson.tree(result.data()), facts);
            flatten("settings", ResultJson.tree(result.settings()), facts);
            flatten("measured by", result.provenance(), facts);
            columns.add(facts);
        }
        Set<String> keys = new LinkedHashSet<>();
        columns.forEach(facts -> keys.addAll(facts.keySet()));
        HtmlTable table = new HtmlTable("provenance", "What was measured, how, and by what; the same keys stand in report.json.");
        List<Object> head = new ArrayList<>(List.of("Key"));
        report.models().forEach(model -> head.add(model.label()));
        table.head(head.toArray());
        for (String key : keys) {
            List<String> values = columns.stream().map(facts -> facts.getOrDefault(key, "–")).toList();
            if (values.stream().distinct().count() == 1) {
                table.wideRow(values.size(), key, values.get(0));
            } else {
                List<Object> row = new ArrayList<>(List.of(key));
                row.addAll(values);
                table.row(row.toArray());
            }
        }
        Map<String, String> facts = new LinkedHashMap<>();
        flatten("compared by", comparison.provenance(), facts);
        facts.forEach((key, value) -> table.wideRow(columns.size(), key, value));
        return table.done();
    }

    private static void flatten(String path, JsonNode json, Map<String, String> facts) {
        if (json.isObject()) {
            json.fields().forEachRemaining(field -> flatten(path + " · " + field.getKey(), field.getValue(), facts));
        } else if (json.isArray()) {
            List<String> items = new ArrayList<>();
            json.forEach(item -> items.add(item.isContainerNode() ? item.toString() : item.asText()));
            facts.put(path, String.join(", ", items));
        } else {
            facts.put(path, json.isNull() ? "–" : json.asText());
        }
    }
}
