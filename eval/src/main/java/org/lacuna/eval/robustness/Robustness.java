package org.lacuna.eval.robustness;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.cost.Attention;
import org.lacuna.sparsity.cost.FeedForward;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;

/**
 * Measures one model on one set of windows: without a rule, and with a rule at any set of sites for a grid of p. The rule is applied in the
 * settings' layers to the tokens that their coverage names, by default all as in arXiv 2509.00454; sparsity is exact zeros after it / elements of these.
 */
public final class Robustness {
    private final String name;
    private final Model model;
    private final GridPrograms programs;
    private final Workers workers;
    private final Batch windows;
    private final Watch watch;
    private Findings findings = Findings.NONE;
    private String subject = "";

    /**
     * Checks that the model can read the windows.
     *
     * @param name    what messages call the model
     * @param windows every position scored
     * @param watch   asked between pieces of the work, and told of them
     * @throws InputException if the windows are longer than the model's positions, or hold ids outside its vocabulary
     */
    public Robustness(String name, Model model, Device device, Workers workers, Batch windows, Watch watch) {
        this(name, model, new GridPrograms(model.config(), model.adapters(), device, windows.rows(), windows.length()), workers, windows, watch);
    }

    /**
     * The same with what is compiled already.
     *
     * @param programs of the model and as many windows of this length
     * @throws InputException as the other does
     */
    public Robustness(String name, Model model, GridPrograms programs, Workers workers, Batch windows, Watch watch) {
        if (windows.scored() != windows.inputs().length) {
            throw new IllegalArgumentException("windows to measure on are scored at every position");
        }
        int vocabulary = model.config().vocabulary();
        int largest = Math.max(Arrays.stream(windows.inputs()).max().orElseThrow(), Arrays.stream(windows.targets()).max().orElseThrow());
        if (largest >= vocabulary) {
            throw new InputException("the windows hold token " + largest + ", but the model's vocabulary ends at " + (vocabulary - 1)
                    + "; give the data that the model was trained for, in its tokens");
        }
        if (windows.length() > model.config().maxPositions()) {
            throw new InputException("windows of " + windows.length() + " tokens, but the model is meant for at most "
                    + model.config().maxPositions() + " (max_position_embeddings)");
        }
        this.name = name;
        this.model = model;
        this.programs = programs;
        this.workers = workers;
        this.windows = windows;
        this.watch = watch;
    }

    /**
     * From now on, looks pieces of curves up and keeps them.
     *
     * @param subject hash of the model's weights and config and of the arithmetic: what a result's bits depend on besides the question
     * @return this
     */
    public Robustness keepingIn(Findings where, String subject) {
        findings = where;
        this.subject = subject;
        return this;
    }

    /** The sites at which exact zeros are counted without a rule: the feed-forward block's, and those that curves are wanted of. */
    static Set<Site> observed(ModelConfig config, List<SiteSet> curves) {
        Set<Site> sites = EnumSet.copyOf(config.feedForward().sites());
        curves.forEach(curve -> sites.addAll(curve.sites()));
        return sites;
    }

    /**
     * The model without a rule.
     *
     * @param bytes of text that the scored tokens stand for, if that is known
     * @param curves that are going to be asked for: sites whose exact zeros are counted besides the feed-forward block's
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if the model's numbers or its loss are not finite
     */
    public DenseResult dense(OptionalLong bytes, List<SiteSet> curves) {
        Set<Site> sites = observed(model.config(), curves);
        Sweep sweep = new Sweep(name, model, Sequences.whole(windows), sites, new Treatment.Uniform(Rules.byName("none"), List.of(0.0)),
                TokenCoverage.EVERY, true, programs.dense(curves));
        run(sweep);
        Map<Site, List<Double>> exactZeros = new EnumMap<>(Site.class);
        for (Site site : sites) {
            exactZeros.put(site, layerSparsity(sweep, Set.of(site), 0, windows.length()));
        }
        List<Integer> dead = new ArrayList<>();
        for (boolean[] layer : sweep.alive()) {
            int count = 0;
            for (boolean alive : layer) {
                count += alive ? 0 : 1;
            }
            dead.add(count);
        }
        double sum = Arrays.stream(sweep.lossSums(0)).sum();
        OptionalDouble perByte = bytes.isPresent() ? OptionalDouble.of(sum / bytes.getAsLong()) : OptionalDouble.empty();
        return new DenseResult(sum / windows.scored(), perByte, boxed(sweep.lossSums(0)), exactZeros, dead);
    }

    /** The same with exact zeros of the feed-forward block alone. */
    public DenseResult dense(OptionalLong bytes) {
        return dense(bytes, List.of());
    }

    /**
     * The curve with the settings' rule at some sites, with its critical sparsity and intervals.
     *
     * @param dense of the same model on the same windows
     * @throws IllegalArgumentException if the model does not have the sites or layers, or the settings' rule or grid is not one
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if the model's numbers or its loss are not finite
     */
    public SiteResult curve(SiteSet sites, Settings settings, DenseResult dense) {
        return curve(sites, settings, dense, List.of(new Treatment.Uniform(Rules.byName(settings.rule()), settings.grid())));
    }

    /**
     * The same with what the settings' rule comes to for this model.
     *
     * @param treatments of the model's layers at the sites; their points, one after the other, are the settings' grid
     */
    public SiteResult curve(SiteSet sites, Settings settings, DenseResult dense, List<Treatment> treatments) {
        int covered = settings.coverage().count(windows.length(), 0);
        List<MeasuredPoint> points = new ArrayList<>();
        int layers = settings.layers().of(model.config().layers()).size();
        for (Treatment whole : treatments) {
            Treatment treatment = whole.in(settings.layers());
            Sweep sweep = new Sweep(name, model, Sequences.whole(windows), sites.sites(), treatment, settings.coverage(), false,
                    programs.curve(sites, settings.layers(), treatment.points(), treatment.channelRows()), findings, subject);
            run(sweep);
            for (int p = 0; p < treatment.points(); p++) {
                long[] kept = new long[windows.rows()];
                for (Site site : sites.sites()) {
                    for (long[] layer : sweep.kept(site, p)) {
                        Arrays.setAll(kept, w -> kept[w] + layer[w]);
                    }
                }
                points.add(new MeasuredPoint(settings.grid().get(points.size()), sweep.lossSums(p), kept, layerSparsity(sweep, sites.sites(), p, covered)));
            }
        }
        long elements = model.config().elements(sites.sites()) * covered * layers;
        return MeasuredPoint.curve(sites, elements, windows.length(), points, dense, settings);
    }

    /**
     * The settings' rule at the sites of their joint grid, at every combination of p.
     *
     * @param dense     of the same model on the same windows
     * @param treatment of the model's layers at these sites; its points are those of the grid
     * @throws java.util.NoSuchElementException if the settings have no joint grid
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if the model's numbers or its loss are not finite
     */
    public JointResult joint(Settings settings, DenseResult dense, Treatment treatment) {
        JointGrid grid = settings.joint().orElseThrow();
        List<Site> sites = List.copyOf(grid.sites());
        Sweep sweep = new Sweep(name, model, Sequences.whole(windows), grid.sites(), treatment.in(settings.layers()), settings.coverage(), false,
                programs.joint(grid, settings.layers(), treatment.channelRows()), findings, subject);
        run(sweep);
        ModelConfig config = model.config();
        int covered = settings.coverage().count(windows.length(), 0);
        LayerCost cost = new LayerCost(config, grid.sites());
        long operations = Math.round(covered * cost.left(Map.of(), Set.of())) * settings.layers().of(config.layers()).size();
        double[] denseSums = dense.windowLossSums().stream().mapToDouble(Double::doubleValue).toArray();
        PairedBootstrap bootstrap = settings.bootstrap(windows.rows());
        List<JointPoint> points = new ArrayList<>();
        for (Map<Site, Double> p : grid.points()) {
            int point = points.size();
            double[] sums = sweep.lossSums(point);
            Map<Site, List<Double>> layers = new EnumMap<>(Site.class);
            sites.forEach(site -> layers.put(site, layerSparsity(sweep, Set.of(site), point, covered)));
            Map<Site, Double> sparsity = new EnumMap<>(Site.class);
            // Every layer has as many elements of a site, so the mean of the shares is the share of all.
            layers.forEach((site, shares) -> sparsity.put(site, shares.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
            long[] left = new long[windows.rows()];
            List<Set<Site>> whole = settings.layers().of(config.layers()).stream().map(layer -> whole(sites, treatment, layer, point)).toList();
            Arrays.setAll(left, w -> Math.round(covered * operations(sweep, sites, whole, point, w, covered, cost)));
            points.add(new JointPoint(p, Arrays.stream(sums).sum() / windows.scored(),
                    bootstrap.number(times -> MeasuredPoint.increase(sums, denseSums, times) / windows.scored(), settings.confidence()), sparsity, layers,
                    1 - Arrays.stream(left).sum() / ((double) operations * left.length), boxed(sums), Arrays.stream(left).boxed().toList()));
        }
        return JointResult.of(operations, points, windows.length(), dense, settings);
    }

    /** Where the rule has to see a vector as a whole before it leaves out any of it. */
    private static Set<Site> whole(List<Site> sites, Treatment treatment, int layer, int point) {
        Rule rule = treatment.rule();
        return sites.stream().filter(site -> !rule.elementwise() && !rule.keepsAll(treatment.parameter(layer, site, point))).collect(Collectors.toSet());
    }

    /** The operations of a layer's matrices that read a grid's sites, or make them: the feed-forward block's, attention's projections', or both. */
    private record LayerCost(ModelConfig config, Set<Site> sites) {
        /** What zeros leave of them for a token. */
        double left(Map<Site, Double> sparsity, Set<Site> whole) {
            double left = 0;
            if (sites.stream().anyMatch(site -> !site.inAttention())) {
                FeedForward block = new FeedForward(config.hidden(), config.intermediate(), config.feedForward().gated(), Float.BYTES);
                // A token of a model with experts goes through several blocks.
                left += config.feedForward().rowsPerToken(Site.INTERMEDIATE) * block.together(sparsity, whole, 1).total().flops();
            }
            if (sites.stream().anyMatch(Site::inAttention)) {
                left += new Attention(config.hidden(), config.heads(), config.kvHeads(), config.headSize(), Float.BYTES).together(sparsity, 1).total().flops();
            }
            return left;
        }
    }

    /** What the rule's layers leave to do for a token of a window, whose zeros are the mean of its tokens'. */
    private double operations(Sweep sweep, List<Site> sites, List<Set<Site>> whole, int point, int window, int covered, LayerCost cost) {
        double left = 0;
        for (int layer = 0; layer < whole.size(); layer++) {
            Map<Site, Double> sparsity = new EnumMap<>(Site.class);
            for (Site site : sites) {
                double elements = (double) model.config().elements(Set.of(site)) * covered;
                sparsity.put(site, (elements - sweep.kept(site, point)[layer][window]) / elements);
            }
            left += cost.left(sparsity, whole.get(layer));
        }
        return left;
    }

    private void run(Sweep sweep) {
        if (!sweep.holdsMemory()) {
            // What the sweep before this one computed in is garbage that lies outside the heap: the collector would wait, since it can't tell how large it is.
            System.gc();
        }
        sweep.run(workers, watch);
    }

    private List<Double> layerSparsity(Sweep sweep, Set<Site> sites, int point, int covered) {
        List<Double> sparsity = new ArrayList<>();
        long elements = model.config().elements(sites) * covered * windows.rows();
        int layers = sweep.kept(sites.iterator().next(), point).length;
        for (int layer = 0; layer < layers; layer++) {
            long kept = 0;
            for (Site site : sites) {
                kept += Arrays.stream(sweep.kept(site, point)[layer]).sum();
            }
            sparsity.add((elements - kept) / (double) elements);
        }
        return sparsity;
    }

    private static List<Double> boxed(double[] values) {
        return Arrays.stream(values).boxed().toList();
    }
}
