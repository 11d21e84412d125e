package org.lacuna.eval.study;

import java.util.ArrayList;
import java.util.List;

/** How much can be left out depends on the task (arXiv 2509.00454). */
final class TaskDependence implements Relation {
    @Override
    public Finding of(Study study) {
        List<Finding.Row> rows = new ArrayList<>();
        List<String> tasks = study.tasks();
        for (int a = 0; a < tasks.size(); a++) {
            for (int b = a + 1; b < tasks.size(); b++) {
                for (String variant : study.variants()) {
                    String first = tasks.get(a);
                    String second = tasks.get(b);
                    List<Draws> differences = study.sizes().stream()
                            .filter(size -> study.aboveChance(size, variant, first) && study.aboveChance(size, variant, second)).map(size -> study.mean(size, variant, model -> study.critical(model, first).minus(study.critical(model, second)))).toList();
                    if (differences.isEmpty()) {
                        continue;
                    }
                    Draws mean = Draws.mean(differences);
                    // The claim is that they differ, whichever way: the larger one first.
                    boolean turned = mean.value() < 0;
                    rows.add(Finding.Row.of((turned ? second + " − " + first : first + " − " + second) + ": " + variant, turned ? mean.map(x -> -x) : mean, study.settings().confidence()));
                }
            }
        }
        List<String> missing = new ArrayList<>(study.notAboveChance());
        if (tasks.size() < 2) {
            missing.add("it takes two tasks, and the study asks " + (tasks.isEmpty() ? "none" : "one"));
        }
        return new Finding("How much can be left out depends on the task.",
                "Critical sparsity of one task less that of another (99 % of dense accuracy, top-p at the intermediate vector), mean over the sizes that are above chance in both; the larger one first.", Finding.Unit.POINTS, rows,
                List.of("The larger one of two is taken after looking, so that a row is hardly ever against, and where there is no difference one in 20 is for, not one in 40.",
                        "A task with a low dense accuracy has a bar that few documents decide. All tasks are about the text that the models were trained on."), missing);
    }
}
