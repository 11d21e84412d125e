package org.lacuna.eval.robustness;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;

/** What is wrong with a result that was read: numbers that nothing measured can have, and lists that do not go together. */
final class ResultProblems {
    private static final String MODEL = "model/";
    private static final String DATA = "data/";
    private static final String SETTINGS = "settings/";
    private static final String DENSE = "dense/";
    private static final int MOST_LAYERS = 1 << 16;
    /** Sums of so many nats are none that a model has, and can be added up. */
    private static final double LARGEST = 1e100;
    private static final String JOINT = "joint/";

    private final RobustnessResult result;
    private final FoundProblems problems = new FoundProblems();

    private ResultProblems(RobustnessResult result) {
        this.result = result;
    }

    /** A sentence for each, which begins with the key; none if nothing is wrong. */
    static List<String> of(RobustnessResult result) {
        ResultProblems found = new ResultProblems(result);
        found.model();
        if (!found.problems.sentences().isEmpty()) {
            return found.problems.sentences(); // so many layers, say, can't even be gone through
        }
        found.data();
        found.settings();
        found.dense();
        found.curves();
        found.joint();
        result.calibration().ifPresent(calibration -> calibration.check(found.problems, result.settings().grid().size()));
        return found.problems.sentences();
    }

    private void model() {
        ModelSummary model = result.model();
        problems.within(MODEL + "parameters", model.parameters(), 0, Long.MAX_VALUE);
        problems.within(MODEL + "layers", model.layers(), 1, MOST_LAYERS);
        problems.within(MODEL + "hidden", model.hidden(), model.readsTokens() ? 1 : 0, Integer.MAX_VALUE);
        problems.within(MODEL + "intermediate", model.intermediate(), 1, Integer.MAX_VALUE);
        problems.within(MODEL + "heads", model.heads(), 0, Integer.MAX_VALUE);
        problems.within(MODEL + "kv_heads", model.kvHeads(), 0, Integer.MAX_VALUE);
        problems.within(MODEL + "vocabulary", model.vocabulary(), 0, Integer.MAX_VALUE);
        model.step().ifPresent(step -> problems.within(MODEL + "step", step, 0, Long.MAX_VALUE));
        model.tokensSeen().ifPresent(tokens -> problems.within(MODEL + "tokens_seen", tokens, 0, Long.MAX_VALUE));
        model.tokensPerSecond().ifPresent(pace -> problems.number(MODEL + "tokens_per_second", pace, 0, Double.MAX_VALUE));
    }

    private void data() {
        DataSummary data = result.data();
        problems.within(DATA + "windows", data.windows(), 1, Integer.MAX_VALUE);
        problems.within(DATA + "window_length", data.windowLength(), 1, Integer.MAX_VALUE);
        data.bytes().ifPresent(bytes -> problems.within(DATA + "bytes", bytes, 0, Long.MAX_VALUE));
    }

    private void settings() {
        Settings settings = result.settings();
        problems.all(SETTINGS + "grid", settings.grid(), settings.grid().size(), 0, Double.MAX_VALUE);
        problems.number(SETTINGS + "bar", settings.bar(), 1, Double.MAX_VALUE);
        problems.replicates(SETTINGS + "replicates", settings.replicates());
        problems.confidence(SETTINGS + "confidence", settings.confidence());
    }

    private void dense() {
        DenseResult dense = result.dense();
        problems.check(dense.loss() > 0 && dense.loss() < LARGEST, DENSE + "loss", dense.loss(), "a number above 0");
        dense.lossPerByte().ifPresent(loss -> problems.number(DENSE + "loss_per_byte", loss, -Double.MAX_VALUE, Double.MAX_VALUE));
        problems.all(DENSE + "window_loss_sums", dense.windowLossSums(), result.data().windows(), -LARGEST, LARGEST);
        dense.exactZeros().forEach((site, layers) -> problems.all(DENSE + "exact_zeros/" + site.name().toLowerCase(Locale.ROOT), layers, result.model().layers(), 0, 1));
        // A site that a block must have and whose zeros are not told: what is counted of a model goes by them.
        Set<Site> told = dense.exactZeros().keySet();
        Set<Site> needed = EnumSet.of(Site.INTERMEDIATE);
        if (result.model().readsTokens()) {
            needed.add(Site.INPUT);
        }
        if (told.contains(Site.UP) || told.contains(Site.GATE)) {
            needed.addAll(Set.of(Site.UP, Site.GATE));
        }
        needed.stream().filter(site -> !told.contains(site)).forEach(site -> problems.problem(DENSE + "exact_zeros",
                told.stream().map(Site::name).collect(Collectors.joining(", ")), "those of " + site.key() + " too"));
        problems.length(DENSE + "dead_neurons", dense.deadNeurons(), result.model().layers());
        dense.deadNeurons().forEach(dead -> problems.within(DENSE + "dead_neurons", dead, 0, result.model().experts() ? Integer.MAX_VALUE : result.model().intermediate()));
    }

    private void curves() {
        if (result.curves().isEmpty()) {
            problems.add("curves is empty; expected one for each of the settings' sites that the model has");
        }
        Set<SiteSet> seen = EnumSet.noneOf(SiteSet.class);
        for (int c = 0; c < result.curves().size(); c++) {
            SiteResult curve = result.curves().get(c);
            String where = "curves/" + c + "/";
            if (!seen.add(curve.sites()) || !result.settings().sites().contains(curve.sites())) {
                problems.problem(where + "sites", curve.sites().key(), "each of settings/sites once at most");
            }
            if (!result.dense().exactZeros().keySet().containsAll(curve.sites().sites())) {
                problems.problem(DENSE + "exact_zeros", result.dense().exactZeros().keySet().stream().map(Site::name).collect(Collectors.joining(", ")),
                        "those of " + curve.sites().key() + " too");
            }
            boolean attention = result.model().kvHeads() > 0 && result.model().heads() >= result.model().kvHeads() && result.model().heads() % result.model().kvHeads() == 0;
            if (curve.sites().inAttention() && !attention) {
                problems.problem(MODEL + "heads", result.model().heads() + " and kv_heads " + result.model().kvHeads(), "those of the attention that curves/" + c + " is of");
            }
            problems.within(where + "window_elements", curve.windowElements(), 1, Long.MAX_VALUE / Math.max(1, result.data().windows()));
            List<Double> grid = curve.points().stream().map(Point::p).toList();
            if (!grid.equals(result.settings().grid())) {
                problems.problem(where + "points", "of p " + grid, "a point for each p of settings/grid, in its order");
            }
            for (int p = 0; p < curve.points().size(); p++) {
                point(where + "points/" + p + "/", curve, curve.points().get(p));
            }
            List<Estimator> estimators = curve.critical().stream().map(Estimate::estimator).sorted().toList();
            if (!estimators.equals(List.of(Estimator.values()))) {
                problems.problem(where + "critical", "of " + estimators, "one for each of " + List.of(Estimator.values()));
            }
            for (int e = 0; e < curve.critical().size(); e++) {
                problems.interval(where + "critical/" + e + "/interval", curve.critical().get(e).interval());
            }
        }
    }

    private void point(String where, SiteResult curve, Point point) {
        // Under a rule a loss may be beyond all numbers.
        problems.number(where + "loss", point.loss(), -Double.MAX_VALUE, Double.POSITIVE_INFINITY);
        problems.interval(where + "increase", point.increase());
        problems.number(where + "sparsity", point.sparsity(), 0, 1);
        problems.all(where + "layer_sparsity", point.layerSparsity(), ruledLayers(), 0, 1);
        problems.all(where + "window_loss_sums", point.windowLossSums(), result.data().windows(), -Double.MAX_VALUE, Double.POSITIVE_INFINITY);
        problems.length(where + "window_kept", point.windowKept(), result.data().windows());
        point.windowKept().forEach(kept -> problems.within(where + "window_kept", kept, 0, curve.windowElements()));
    }

    private void joint() {
        Optional<JointGrid> grid = result.settings().joint();
        if (grid.isPresent() != result.joint().isPresent()) {
            problems.add("joint is " + (grid.isPresent() ? "null; expected what settings/joint asks for" : "there; expected none, as settings/joint is null"));
        } else if (grid.isPresent()) {
            joint(grid.get(), result.joint().orElseThrow());
        }
    }

    private void joint(JointGrid grid, JointResult joint) {
        problems.within(JOINT + "window_operations", joint.windowOperations(), 1, Long.MAX_VALUE / Math.max(1, result.data().windows()));
        if (!joint.points().stream().map(JointPoint::p).toList().equals(grid.points())) {
            problems.problem(JOINT + "points", "of other values of p than settings/joint", "a point for each combination, and each p at all sites, in their order");
        }
        for (int i = 0; i < joint.points().size(); i++) {
            JointPoint point = joint.points().get(i);
            String where = JOINT + "points/" + i + "/";
            problems.number(where + "loss", point.loss(), -Double.MAX_VALUE, Double.POSITIVE_INFINITY);
            problems.interval(where + "increase", point.increase());
            problems.number(where + "saved", point.saved(), 0, 1);
            for (Site site : grid.sites()) {
                Double sparsity = point.sparsity().get(site);
                problems.number(where + "sparsity/" + site.key(), sparsity == null ? Double.NaN : sparsity, 0, 1);
                problems.all(where + "layer_sparsity/" + site.key(), point.layerSparsity().get(site), ruledLayers(), 0, 1);
            }
            problems.all(where + "window_loss_sums", point.windowLossSums(), result.data().windows(), -Double.MAX_VALUE, Double.POSITIVE_INFINITY);
            problems.length(where + "window_operations", point.windowOperations(), result.data().windows());
            point.windowOperations().forEach(left -> problems.within(where + "window_operations", left, 0, joint.windowOperations()));
        }
        joint.frontier().forEach(place -> problems.within(JOINT + "frontier", place, 0, joint.points().size() - 1L));
        JointChoice choice = joint.choice();
        choice.joint().ifPresent(place -> problems.within(JOINT + "choice/joint", place, 0, joint.points().size() - 1L));
        choice.same().ifPresent(place -> problems.within(JOINT + "choice/same", place, 0, joint.points().size() - 1L));
        problems.interval(JOINT + "choice/saved/interval", choice.saved().interval());
        problems.interval(JOINT + "choice/saved_same/interval", choice.savedSame().interval());
        problems.interval(JOINT + "choice/more", choice.more());
    }

    /** In how many layers the rule was. */
    private int ruledLayers() {
        try {
            return result.settings().layers().of(result.model().layers()).size();
        } catch (IllegalArgumentException e) {
            problems.problem(SETTINGS + "layers", result.settings().layers(), "layers that the model has, 0 to " + (result.model().layers() - 1));
            return 0;
        }
    }
}
