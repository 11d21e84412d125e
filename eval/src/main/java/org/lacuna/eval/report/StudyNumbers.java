package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.study.Finding;
import org.lacuna.eval.study.ModelFigures;
import org.lacuna.eval.study.Relations;
import org.lacuna.eval.study.StudiedModel;
import org.lacuna.eval.study.Study;
import org.lacuna.run.folder.Json;

/** All numbers of a study's report, with what made them. */
final class StudyNumbers {
    private static final int VERSION = 1;

    private StudyNumbers() {
    }

    static JsonNode of(Study study) {
        ObjectNode root = Json.object();
        StudiedModel first = study.models().get(0);
        RobustnessResult any = first.rules().get(Study.TOP_P);
        root.put("version", VERSION).put("study", study.name()).put("covers", study.covers());
        root.set("data", ResultJson.tree(any.data()));
        root.set("provenance", any.provenance());
        any.model().tokensSeen().ifPresent(tokens -> root.put("tokens", tokens));
        ArrayNode tasks = root.putArray("tasks");
        study.tasks().forEach(name -> tasks.addObject().put("task", name).put("documents", first.tasks().get(name).task().documents())
                .put("left_out", first.tasks().get(name).task().leftOut())
                .put("chance", first.tasks().get(name).task().chance().orElse(Double.NaN)));
        ArrayNode models = root.putArray("models");
        for (String variant : study.variants()) {
            for (String size : study.sizes()) {
                models.add(model(study, size, variant));
            }
        }
        ArrayNode findings = root.putArray("findings");
        Relations.all().forEach(relation -> findings.add(finding(relation.of(study))));
        ArrayNode curves = root.putArray("curves");
        String largest = study.sizes().get(study.sizes().size() - 1);
        for (String variant : study.variants()) {
            StudiedModel model = study.of(largest, variant).get(0);
            model.rules().keySet().stream().sorted().forEach(rule -> model.rules().get(rule).curves().forEach(curve -> {
                ObjectNode node = curves.addObject().put("size", largest).put("variant", variant).put("rule", rule).put("site", curve.sites().key());
                List<Point> points = curve.points().stream().sorted(Comparator.comparingDouble(Point::sparsity)).toList();
                points.forEach(point -> node.withArray("sparsity").add(point.sparsity()));
                points.forEach(point -> node.withArray("ratio").add(Math.exp(point.loss() - model.rules().get(rule).dense().loss())));
            }));
        }
        return root;
    }

    private static ObjectNode model(Study study, String size, String variant) {
        ObjectNode node = Json.object();
        node.put("size", size).put("variant", variant).put("seeds", study.of(size, variant).size()).put("parameters", study.parameters().get(size));
        node.put("zeros", study.zeros(size, variant));
        ModelFigures.of(study, size, variant).forEach((name, row) -> node.set(name, row(row)));
        return node;
    }

    private static ObjectNode row(Finding.Row row) {
        return Json.object().put("value", row.value()).put("low", row.low()).put("high", row.high()).put("certain", row.certain());
    }

    private static ObjectNode finding(Finding finding) {
        ObjectNode node = Json.object().put("claim", finding.claim()).put("measure", finding.measure()).put("unit", finding.unit().name().toLowerCase(Locale.ROOT))
                .put("verdict", finding.verdict());
        finding.rows().forEach(row -> node.withArray("rows").add(row(row).put("label", row.label()).put("says", row.says().name().toLowerCase(Locale.ROOT))));
        finding.limits().forEach(node.withArray("limits")::add);
        finding.gaps().forEach(node.withArray("gaps")::add);
        return node;
    }
}
