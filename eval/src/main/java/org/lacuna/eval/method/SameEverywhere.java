package org.lacuna.eval.method;

import java.util.List;
import java.util.Set;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rule;

/** A rule with one p for all layers, as the paper has it (arXiv 2509.00454). */
record SameEverywhere(Rule rule) implements Method {
    @Override
    public String name() {
        return rule.name();
    }

    @Override
    public List<Double> grid() {
        return rule.grid();
    }

    @Override
    public void check(double p) {
        rule.keep(new float[] {1}, 1, new double[] {p}, 0, new long[1], new RowScratch(1));
    }

    @Override
    public boolean keepsAll(double p) {
        return rule.keepsAll(p);
    }

    @Override
    public List<Treatment> treatments(List<Double> grid, Set<Site> sites, Look look) {
        return List.of(new Treatment.Uniform(rule, grid));
    }
}
