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
import java.util.function.BooleanSupplier;
import org.lacuna.data.Batch;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;
import org.lacuna.sparsity.Site;
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
    private final BooleanSupplier stop;
    private Findings findings = Findings.NONE;
    private String subject = "";

    /**
     * Checks that the model can read the windows.
     *
     * @param name    what messages call the model
     * @param windows every position scored
     * @param stop    asked between pieces of the work
     * @throws InputException if the windows are longer than the model's positions, or hold ids outside its vocabulary
     */
    public Robustness(String name, Model model, Device device, Workers workers, Batch windows, BooleanSupplier stop) {
        this(name, model, new GridPrograms(model.config(), model.adapters(), device, windows.rows(), windows.length()), workers, windows, stop);
    }

    /**
     * The same with what is compiled already.
     *
     * @param programs of the model and as many windows of this length
     * @throws InputException as the other does
     */
    public Robustness(String name, Model model, GridPrograms programs, Workers workers, Batch windows, BooleanSupplier stop) {
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
        this.stop = stop;
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

    private void run(Sweep sweep) {
        if (!sweep.holdsMemory()) {
            // What the sweep before this one computed in is garbage that lies outside the heap: the collector would wait, since it can't tell how large it is.
            System.gc();
        }
        sweep.run(workers, stop);
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
