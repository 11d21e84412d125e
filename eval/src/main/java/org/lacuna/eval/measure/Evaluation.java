package org.lacuna.eval.measure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpus;
import org.lacuna.data.Examples;
import org.lacuna.data.TokenSequence;
import org.lacuna.data.sample.Windows;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Method;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.robustness.Calibration;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.robustness.GridPrograms;
import org.lacuna.eval.robustness.JointResult;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.Robustness;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.eval.source.Circumstances;
import org.lacuna.eval.source.Hashes;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.sparsity.Site;

/** One model on the first windows of one corpus' validation part. */
public final class Evaluation {
    /** The folder in a run's folder that keeps results. */
    public static final String FOLDER = "eval";

    /** Enough for results of one run; what is read is compared in full. */
    private static final int KEY_DIGITS = 8;
    private final ModelSource source;
    private final ModelConfig config;
    private final Device device;
    private final Batch windows;
    private final TokenSequence calibration;
    private final ModelSummary summary;
    private final DataSummary data;
    private final Part part;

    /**
     * Looks at the model and cuts the windows; its weights are not loaded yet.
     *
     * @param windows how many, or {@link Windows#ALL} of the validation part
     * @param length  tokens in each
     * @throws InputException if model, corpus and windows do not fit together
     * @throws org.lacuna.run.RunException if the machine has not the memory for the parameters
     */
    public Evaluation(ModelSource source, Corpus corpus, int windows, int length, Device device) {
        this.source = source;
        this.device = device;
        config = source.modelConfig();
        source.check(corpus, config);
        checkWindow(source, config, length);
        ForwardMemory.of(config).check(source.checkpoint().toString(), "a smaller model"); // before its files are hashed, or a graph of any size compiled
        this.windows = Windows.first(corpus.validation(), windows, length);
        if (this.windows.rows() < windows && this.windows.rows() == 1) {
            throw new InputException("the validation part of " + corpus.name() + " has 1 window of " + length + " tokens, and intervals need 2; take shorter windows or more text");
        }
        calibration = corpus.train();
        part = part(corpus, length);
        summary = source.summary(config, Optional.of(corpus));
        data = new DataSummary(corpus.name(), corpus.sha256(), Hashes.windows(this.windows), this.windows.rows(), length, bytes(corpus, this.windows));
    }

    /** What is told of windows of a corpus whose bytes do not matter. */
    public static DataSummary summary(Corpus corpus, Batch windows) {
        return new DataSummary(corpus.name(), corpus.sha256(), Hashes.windows(windows), windows.rows(), windows.length(), OptionalLong.empty());
    }

    private static Part part(Corpus corpus, int length) {
        double share = corpus.validation().length() / (double) (corpus.train().length() + corpus.validation().length());
        if (corpus.validation() instanceof Examples examples) {
            return new Part(examples.count(), 0, share);
        }
        long windows = Windows.count(corpus.validation(), length, "validation");
        return new Part(windows, corpus.validation().length() - 1 - windows * length, share);
    }

    /**
     * Refuses windows that are longer than a model reads.
     *
     * @throws InputException if they are
     */
    public static void checkWindow(ModelSource source, ModelConfig config, int length) {
        if (length > config.maxPositions()) {
            throw new InputException("--window: " + length + " tokens are more than the " + config.maxPositions()
                    + " (max_position_embeddings) that " + source.checkpoint() + " is meant for; give a smaller --window");
        }
    }

    /** The windows follow each other, so that all targets together are one piece of text: only at its ends can a character be cut. */
    private static OptionalLong bytes(Corpus corpus, Batch windows) {
        int[] targets = windows.targets();
        long bytes = corpus.tokenizer().map(tokenizer -> tokenizer instanceof ByteTokenizer ? Arrays.stream(targets).filter(target -> target != ByteTokenizer.END_OF_TEXT).count()
                : tokenizer.decodeWithoutSpecial(targets).getBytes(StandardCharsets.UTF_8).length).orElse(0L);
        return bytes > 0 ? OptionalLong.of(bytes) : OptionalLong.empty();
    }

    /** The sets of sites that the model has. */
    public List<SiteSet> sites() {
        return Arrays.stream(SiteSet.values())
                .filter(sites -> config.sites().containsAll(sites.sites()))
                .toList();
    }

    /** Which model this is. */
    public ModelSummary model() {
        return summary;
    }

    /** What it is measured on. */
    public DataSummary data() {
        return data;
    }

    /**
     * What the windows are the first of.
     *
     * @param windows that the validation part has
     * @param rest    tokens behind these, which fill none
     * @param share   of the corpus' tokens that it has
     */
    public record Part(long windows, long rest, double share) {
    }

    /** The validation part. */
    public Part part() {
        return part;
    }

    /**
     * Where the result of a run's model is kept, empty for a bare checkpoint: a file for each weights, windows and settings, so that a result
     * replaces none but an earlier one of the same measurement.
     */
    public Optional<Path> file(Settings settings) {
        return source.run().map(run -> run.resolve(FOLDER).resolve(String.format(Locale.ROOT, "%s-%dx%d-%s.json",
                source.checkpoint().toAbsolutePath().normalize().getFileName(), data.windows(), data.windowLength(), key(settings))));
    }

    /**
     * How the text was cut of which a run's folder keeps results of this checkpoint on a corpus, by the same rule in the same layers and tokens; files that can't be read count as none.
     *
     * @param corpus   that it is to be measured on
     * @param settings by which
     * @throws org.lacuna.run.RunException if the folder can't be read
     */
    public static Set<Cut> kept(ModelSource source, Corpus corpus, Settings settings) {
        Optional<Path> folder = source.run().map(run -> run.resolve(FOLDER)).filter(Files::isDirectory);
        if (folder.isEmpty()) {
            return Set.of();
        }
        String name = source.checkpoint().toAbsolutePath().normalize().getFileName() + "-";
        try (Stream<Path> files = Files.list(folder.get())) {
            return files.filter(file -> file.getFileName().toString().startsWith(name) && file.getFileName().toString().endsWith(".json")).flatMap(file -> read(file).stream())
                    .filter(result -> result.data().sha256().equals(corpus.sha256()) && result.settings().treatment().equals(settings.treatment())
                            && result.settings().grid().equals(settings.grid()) && result.data().windows() > 1)
                    .map(result -> new Cut(result.data().windows(), result.data().windowLength())).collect(Collectors.toSet());
        } catch (IOException e) {
            throw new RunException(folder.get() + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }

    private static Optional<RobustnessResult> read(Path file) {
        try {
            return Optional.of(ResultJson.read(file, RobustnessResult.class, RobustnessResult.VERSION));
        } catch (InputException e) {
            return Optional.empty();
        }
    }

    private String key(Settings settings) {
        return Hashes.text(summary.sha256() + summary.configSha256() + ResultJson.text(data) + ResultJson.text(settings)).substring(0, KEY_DIGITS);
    }

    /** The folder in which pieces of results are kept while it is measured: the run's folder of results; empty for a bare checkpoint. */
    public Optional<Path> store() {
        return source.run().map(run -> run.resolve(FOLDER));
    }

    /**
     * Keeps a result in the run's folder.
     *
     * @return where; empty for a bare checkpoint
     * @throws InputException if something else is in the file's place
     * @throws org.lacuna.run.RunException if it can't be written
     */
    public Optional<Path> keep(RobustnessResult result) {
        Optional<Path> file = file(result.settings());
        file.ifPresent(path -> AtomicFiles.write(path, ResultJson.text(result)));
        return file;
    }

    /**
     * The result kept in the run's folder, if it is of the same weights and config, windows and settings, and was measured by this version of
     * Lacuna with this GEMM and these instruction sets: others round differently, and a paired difference would hold that too. One in another version's format is none.
     *
     * @throws InputException if there is a file and it is no result
     */
    public Optional<RobustnessResult> kept(Settings settings) {
        return file(settings).filter(Files::isRegularFile).flatMap(file -> ResultJson.readOfVersion(file, RobustnessResult.class, RobustnessResult.VERSION))
                .filter(result -> result.model().sha256().equals(summary.sha256())
                        && result.model().configSha256().equals(summary.configSha256()) && result.data().equals(data) && result.settings().equals(settings))
                .filter(result -> circumstances().sameArithmetic(result.provenance()));
    }

    /**
     * Gets ready to measure: compiles, and loads the weights if there is the memory for all of it.
     *
     * @param settings with sites and layers that the model has
     * @throws InputException if the model does not have a site or layer, or its weights are not what they should be
     * @throws org.lacuna.run.RunException if it does not fit the machine
     */
    public Measurement prepare(Settings settings, Workers workers) {
        List<SiteSet> missing = settings.sites().stream().filter(sites -> !sites().contains(sites)).toList();
        if (!missing.isEmpty()) {
            throw new InputException(summary.checkpoint() + ": the model has no " + missing.get(0).key() + " (its feed-forward block is "
                    + summary.feedForward() + "); there are " + String.join(", ", sites().stream().map(SiteSet::key).toList()));
        }
        settings.joint().ifPresent(grid -> grid.sites().stream().filter(site -> !config.sites().contains(site)).findFirst().ifPresent(site -> {
            throw new InputException("--joint: " + summary.checkpoint() + ": the model has no " + site.key() + " (its feed-forward block is " + summary.feedForward()
                    + "); there are " + String.join(", ", config.sites().stream().sorted().map(Site::key).toList()));
        }));
        settings.layers().check(summary.checkpoint(), config.layers());
        Method method = Methods.byName(settings.rule());
        checkMethod(method, settings);
        GridPrograms programs = new GridPrograms(config, device, data.windows(), data.windowLength());
        ForwardMemory memory = programs.memory(settings, method.channelRows(data.windows()), workers.count());
        memory.check(summary.checkpoint(), "fewer --workers, a shorter --window, or a smaller model");
        return new Measurement(settings, workers, programs, memory, source.load(config, device));
    }

    /** The sets of sites at which a method can be used, of those that the model has. */
    public List<SiteSet> sites(Method method) {
        return sites().stream().filter(sites -> method.sites(config).containsAll(sites.sites())).toList();
    }

    private void checkMethod(Method method, Settings settings) {
        List<String> problems = new ArrayList<>();
        settings.sites().stream().filter(sites -> !method.sites(config).containsAll(sites.sites())).forEach(sites -> problems.add("rule " + method.name()
                + " is not for " + sites.key() + "; it can be used at " + String.join(", ", sites(method).stream().map(SiteSet::key).toList())));
        settings.joint().ifPresent(grid -> grid.sites().stream().filter(site -> !method.sites(config).contains(site)).forEach(site -> problems.add("--joint: rule " + method.name()
                + " is not for " + site.key() + "; it can be used at " + String.join(", ", method.sites(config).stream().sorted().map(Site::key).toList()))));
        boolean looks = method.channelRows(data.windows()) > 0 || method.calibrates();
        boolean inBlock = !settings.sites().stream().allMatch(SiteSet::inAttention) || settings.joint().stream().flatMap(grid -> grid.sites().stream()).anyMatch(site -> !site.inAttention());
        if (looks && config.feedForward().experts().isPresent() && inBlock) {
            problems.add("rule " + method.name() + " looks at the weights or the activations of a block, which can't be done for " + summary.checkpoint()
                    + ", whose blocks have experts; use a rule with one p for all, top_p say");
        }
        if (settings.coverage().dense(1).isPresent()) {
            problems.add("coverage " + settings.coverage() + " is for tasks, whose requests have a context and a continuation; on windows of text use all, but_first or last:SHARE");
        }
        if (method.calibrates() && calibration.length() < (long) data.windows() * data.windowLength() + 1) {
            problems.add("rule " + method.name() + " is calibrated on as many windows of the training part, which has " + calibration.length() + " tokens, fewer than "
                    + ((long) data.windows() * data.windowLength() + 1) + "; take fewer --windows, or a smaller data.validationFraction");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /** A measurement whose memory is there. */
    public final class Measurement {
        private final Settings settings;
        private final Workers workers;
        private final GridPrograms programs;
        private final ForwardMemory memory;
        private final Model model;

        private Measurement(Settings settings, Workers workers, GridPrograms programs, ForwardMemory memory, Model model) {
            this.settings = settings;
            this.workers = workers;
            this.programs = programs;
            this.memory = memory;
            this.model = model;
        }

        /** What it holds. */
        public ForwardMemory memory() {
            return memory;
        }

        /**
         * Measures.
         *
         * @param findings where pieces that were measured before are taken from, and new ones kept
         * @param watch   asked between pieces of the work, which end within seconds, and told of them
         * @param onDense told the dense result
         * @param onCurve told each curve when it is measured
         * @throws org.lacuna.run.InterruptedRunException if {@code watch} said so
         * @throws org.lacuna.run.RunException if the model's numbers or its loss are not finite; the message names the model
         */
        public RobustnessResult measure(Findings findings, Watch watch, Consumer<DenseResult> onDense, Consumer<SiteResult> onCurve) {
            Robustness robustness = new Robustness(summary.checkpoint(), model, programs, workers, windows, watch).keepingIn(findings, circumstances().subject(summary));
            DenseResult dense = robustness.dense(data.bytes(), settings.sites());
            onDense.accept(dense);
            List<SiteResult> curves = new ArrayList<>();
            Method method = Methods.byName(settings.rule());
            Batch other = method.calibrates() ? Windows.first(calibration, data.windows(), data.windowLength()) : windows;
            int covered = settings.coverage().count(data.windowLength(), 0);
            Look look = new Look(summary.checkpoint(), model, device, windows, other, covered == data.windowLength() ? covered : data.windowLength() - covered,
                    settings.layers(), watch);
            List<Calibration.Threshold> thresholds = new ArrayList<>();
            for (SiteSet sites : settings.sites()) {
                List<Treatment> treatments = method.treatments(settings.grid(), sites.sites(), look);
                SiteResult curve = robustness.curve(sites, settings, dense, treatments);
                curves.add(curve);
                if (method.calibrates()) {
                    thresholds.addAll(Calibration.thresholds(sites, treatments.get(0).in(settings.layers()), config.layers()));
                }
                onCurve.accept(curve);
            }
            Optional<JointResult> joint = settings.joint().map(grid -> robustness.joint(settings, dense, Methods.joint(method, grid, look)));
            Optional<Calibration> calibrated = method.calibrates() ? Optional.of(new Calibration(summary(other), thresholds)) : Optional.empty();
            return new RobustnessResult(RobustnessResult.VERSION, summary, data, settings, circumstances().provenance(), dense, curves, joint, calibrated);
        }
    }

    private DataSummary summary(Batch other) {
        return new DataSummary(data.name(), data.sha256(), Hashes.windows(other), other.rows(), other.length(), OptionalLong.empty());
    }

    private Circumstances circumstances() {
        return Circumstances.of(source, device, data.sha256());
    }
}
