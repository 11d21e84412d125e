package org.lacuna.eval.study;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.eval.robustness.SiteSet;

/** A bar on accuracy or perplexity is far looser than one on the error of a block's output. */
final class BarsAgainstOutputError implements Relation {
    private static final String CETT = "cett";
    private static final double ERROR = 0.01;

    @Override
    public Finding of(Study study) {
        List<Finding.Row> rows = new ArrayList<>();
        study.rows(model -> study.critical(model, CETT, SiteSet.INTERMEDIATE, Study.BAR).minus(study.sparsity(model, CETT, SiteSet.INTERMEDIATE, ERROR)))
                .forEach(row -> rows.add(named("perplexity", row)));
        for (String variant : study.variants()) {
            for (String size : study.sizes()) {
                List<String> tasks = study.tasks().stream().filter(task -> study.aboveChance(size, variant, task)).toList();
                if (!tasks.isEmpty()) {
                    Draws loosened = study.mean(size, variant, model -> Draws.mean(tasks.stream().map(task -> study.critical(model, task)).toList())
                            .minus(study.sparsity(model, CETT, SiteSet.INTERMEDIATE, ERROR)));
                    rows.add(Finding.Row.of("accuracy: " + variant + ", " + size, loosened, study.settings().confidence()));
                }
            }
        }
        List<String> missing = new ArrayList<>(study.notAboveChance());
        if (study.tasks().isEmpty()) {
            missing.add("the study asks no tasks: nothing is said of the bar on accuracy");
        }
        return new Finding("A bar of 1 % on perplexity or accuracy lets more be left out than one of 1 % on the error of the blocks' outputs.",
                "Critical sparsity at the intermediate vector, less the sparsity at which each block's output is off by 1 % (CETT 0.01): at perplexity + 1 % by the same rule, "
                        + "thresholds of equal CETT; at 99 % of dense accuracy by top-p, mean over the tasks that are above chance.", Finding.Unit.POINTS, rows,
                List.of("An error of 1 % is as arbitrary as a loss of 1 %: this says how the usual bars lie to each other, not which is right.",
                        "Errors are those of a block by itself, with what the model without a rule has in front of it."), missing);
    }

    private static Finding.Row named(String bar, Finding.Row row) {
        return new Finding.Row(bar + ": " + row.label(), row.value(), row.low(), row.high(), row.certain());
    }
}
