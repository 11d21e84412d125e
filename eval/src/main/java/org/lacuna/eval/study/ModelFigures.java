package org.lacuna.eval.study;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.study.Finding.Row;

/** The figures of one size and variant, means over its seeds, with intervals. */
public final class ModelFigures {
    private ModelFigures() {
    }

    /** By name: {@code loss} in nats a token, {@code critical_SITE} by top-p, {@code critical_RULE} by other rules and {@code critical_TASK}, shares; {@code accuracy_TASK}. */
    public static Map<String, Row> of(Study study, String size, String variant) {
        Map<String, Draws> figures = new LinkedHashMap<>();
        StudiedModel any = study.of(size, variant).get(0);
        figures.put("loss", study.mean(size, variant, study::loss));
        for (SiteSet site : any.sites(Study.TOP_P)) {
            figures.put("critical_" + site.key(), study.mean(size, variant, model -> study.critical(model, Study.TOP_P, site, Study.BAR)));
        }
        any.rules().keySet().stream().filter(rule -> !rule.equals(Study.TOP_P)).sorted()
                .forEach(rule -> figures.put("critical_" + rule, study.mean(size, variant, model -> study.critical(model, rule, SiteSet.INTERMEDIATE, Study.BAR))));
        for (String task : study.tasks()) {
            figures.put("accuracy_" + task, study.mean(size, variant, model -> study.score(model, task)));
            if (study.aboveChance(size, variant, task)) {
                figures.put("critical_" + task, study.mean(size, variant, model -> study.critical(model, task)));
            }
        }
        Map<String, Row> rows = new LinkedHashMap<>();
        figures.forEach((name, draws) -> rows.put(name, Row.of(name, draws, study.settings().confidence())));
        return rows;
    }
}
