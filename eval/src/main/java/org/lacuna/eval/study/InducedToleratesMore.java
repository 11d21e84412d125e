package org.lacuna.eval.study;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.SiteSet;

/** A model whose training asked for sparse activations tolerates more than a natural one. */
final class InducedToleratesMore implements Relation {
    @Override
    public Finding of(Study study) {
        List<Finding.Row> rows = new ArrayList<>();
        for (String induced : study.variants(Training.INDUCED)) {
            for (String natural : study.variants(Training.NATURAL)) {
                for (String size : study.sizes()) {
                    // Seed by seed: those of one number began with the same weights.
                    rows.add(Finding.Row.of(induced + " − " + natural + ", " + size, study.mean(size, induced, critical(study)).minus(study.mean(size, natural, critical(study))),
                            study.settings().confidence()));
                }
            }
        }
        List<String> missing = new ArrayList<>();
        if (study.variants(Training.INDUCED).isEmpty()) {
            missing.add("no variant's training asks for sparse activations, by a penalty or by masks");
        }
        if (study.variants(Training.NATURAL).isEmpty()) {
            missing.add("of no variant it is known that its training does not ask for sparse activations");
        }
        return new Finding("Induced sparsity goes further than natural sparsity.",
                "Critical sparsity (top-p at the intermediate vector, perplexity + 1 % of each model's own) of the induced model, less that of the natural one.", Finding.Unit.POINTS, rows,
                List.of("Each model is held against its own dense loss: where the induced model is the worse one, part of its tolerance is bought. The table of models has the losses."),
                missing);
    }

    private static Function<StudiedModel, Draws> critical(Study study) {
        return model -> study.critical(model, Study.TOP_P, SiteSet.INTERMEDIATE, Study.BAR);
    }
}
