package org.lacuna.eval.task;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import org.lacuna.data.task.Metric;
import org.lacuna.data.task.OutputType;
import org.lacuna.data.task.Request;
import org.lacuna.data.task.Task;
import org.lacuna.data.task.TaskDocument;
import org.lacuna.data.task.TaskResult;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Method;
import org.lacuna.eval.method.Methods;
import org.lacuna.eval.robustness.Calibration;
import org.lacuna.eval.robustness.ContinuationAnswers;
import org.lacuna.eval.robustness.Continuations;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.Findings;
import org.lacuna.eval.robustness.GridPrograms;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.eval.robustness.Watch;
import org.lacuna.eval.task.TaskMeasurement.Curve;
import org.lacuna.eval.task.TaskMeasurement.Point;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement.TaskSummary;
import org.lacuna.graph.Device;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Model;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.lacuna.sparsity.critical.QualityBar;
import org.lacuna.sparsity.critical.WindowedCurve;
import org.lacuna.sparsity.rule.Rules;
import org.lacuna.sparsity.statistics.ExamplesNeeded;

/** One task for one model: without a rule, then at each set of sites for every p. */
public final class TaskEvaluation {
    private final Task task;
    private final List<Request> requests;
    private final TaskSummary summary;
    private final TaskSettings settings;
    private final Tokenizer tokenizer;

    /**
     * Makes the requests.
     *
     * @param maxLength tokens that the model reads at once
     * @throws org.lacuna.run.InputException if no document fits, or one can't be asked, or the rule or the coverage is not for such requests
     */
    public TaskEvaluation(Task whole, Tokenizer tokenizer, int maxLength, TaskSettings settings) {
        this.settings = settings;
        this.tokenizer = tokenizer;
        task = whole.fitting(tokenizer, maxLength);
        if (task.documents().size() < 2) {
            throw new InputException(whole.documents().size() < 2
                    ? task.name() + ": 1 of " + task.original() + " documents is asked, and intervals need 2; expected a larger --limit, or more data"
                    : task.name() + ": 1 of " + whole.documents().size() + " documents fits into the " + maxLength
                    + " tokens that are read at once, and intervals need 2; take more documents, or a longer --max-length if the model has the positions");
        }
        requests = task.requests(tokenizer, maxLength);
        check();
        summary = new TaskSummary(task.name(), ResultJson.tree(task.definition()), task.original(), task.limit(), task.subtasks(),
                task.documents().size(), whole.documents().size() - task.documents().size(), requests.size(),
                (int) requests.stream().filter(Request::truncated).count(), maxLength, chance(task),
                requests.stream().mapToLong(request -> request.continuation().length).sum() * Math.log(tokenizer.vocabularySize()), sha256(requests, task), documentsSha256(task));
    }

    /** Refuses what would be refused while it is measured. */
    private void check() {
        Set<Integer> without = new LinkedHashSet<>();
        boolean covered = false;
        for (Request request : requests) {
            int firstScored = request.input().length - Math.max(1, request.continuation().length);
            if (settings.coverage().dense(firstScored + 1).orElse(1) == 0) {
                without.add(request.document());
            }
            int length = request.input().length + task.generation().map(generation -> generation.max_gen_toks() - 1).orElse(0);
            covered = covered || settings.coverage().count(length, firstScored) > 0;
        }
        if (!without.isEmpty() && Methods.byName(settings.rule()).channelRows(2) > 1) {
            throw new InputException(task.name() + ": rule " + settings.rule() + " chooses by a request's context, and with coverage " + settings.coverage()
                    + " there is nothing of a context of one token, as " + task.documents().get(without.iterator().next()).where() + " has (" + without.size() + " of "
                    + task.documents().size() + " documents); use generated");
        }
        if (!covered) {
            throw new InputException(uncovered(""));
        }
    }

    private String uncovered(String at) {
        return task.name() + ": coverage " + settings.coverage() + " names no token of any document" + at + ", so no sparsity can be told; use all or decode";
    }

    private static OptionalDouble chance(Task task) {
        return task.outputType() == OutputType.MULTIPLE_CHOICE
                ? task.documents().stream().mapToDouble(document -> document.gold().size() / (double) document.choices().size()).average() : OptionalDouble.empty();
    }

    private static String sha256(List<Request> requests, Task task) {
        MessageDigest digest = digest();
        for (Request request : requests) {
            int[] ids = request.input();
            ByteBuffer bytes = ByteBuffer.allocate((ids.length + request.continuation().length + 4) * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(request.document()).putInt(request.choice()).putInt(ids.length).putInt(request.continuation().length);
            bytes.asIntBuffer().put(ids).put(request.continuation());
            digest.update(bytes.array());
        }
        task.generation().ifPresent(generation -> digest.update(generation.toString().getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().formatHex(digest.digest());
    }

    /** What of a document does not say where it stands. */
    private record Texts(List<TaskDocument.Prompt> prompts, List<String> choices, List<Integer> gold, List<String> answers) {}

    private static String documentsSha256(Task task) {
        MessageDigest digest = digest();
        for (TaskDocument document : task.documents()) {
            String texts = Json.line(ResultJson.tree(new Texts(document.prompts(), document.choices(), document.gold(), document.answers())));
            digest.update((texts + "\n").getBytes(StandardCharsets.UTF_8));
        }
        task.generation().ifPresent(generation -> digest.update(generation.toString().getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** The task as it is asked. */
    public TaskSummary summary() {
        return summary;
    }

    /**
     * What the measurement holds.
     *
     * @param channelRows of the rule's treatments
     * @param team        how many workers there are
     */
    public ForwardMemory memory(ModelConfig config, Device device, int channelRows, int team) {
        int longest = requests.stream().mapToInt(request -> request.input().length).max().orElseThrow();
        if (task.generation().isPresent()) {
            int length = longest + task.generation().get().max_gen_toks();
            return largest(sites -> Continuations.memory(config, device, sites, settings.layers(), settings.coverage(), settings.grid().size(), requests.size(), length,
                    channelRows, team));
        }
        if (settings.coverage().dense(1).isPresent()) {
            int contexts = Likelihoods.contexts(requests).size();
            return largest(sites -> ContinuationAnswers.memory(config, device, sites, settings.layers(), settings.coverage(), settings.grid().size(), contexts, longest,
                    channelRows, team));
        }
        boolean share = Likelihoods.share(config, settings.coverage());
        List<List<Integer>> rows = Likelihoods.buckets(requests, share).values().iterator().next();
        int longestRow = rows.stream().mapToInt(row -> Likelihoods.length(requests, row)).max().orElseThrow();
        boolean branched = rows.stream().anyMatch(row -> row.size() > 1);
        Settings asText = new Settings(settings.rule(), settings.grid(), settings.coverage(), settings.layers(), settings.sites(), settings.perplexity(), 1, 1,
                settings.confidence());
        return new GridPrograms(config, LowRank.none(), device, rows.size(), longestRow, branched).memory(asText, channelRows, team);
    }

    private ForwardMemory largest(Function<Set<Site>, ForwardMemory> ofSites) {
        return settings.sites().stream().map(sites -> ofSites.apply(sites.sites())).max(Comparator.comparingLong(ForwardMemory::bytes)).orElseThrow();
    }

    /**
     * What answers the requests.
     *
     * @param name     what messages call the model
     * @param findings where pieces are looked up and kept
     * @param subject  hash of model and arithmetic
     * @param watch    asked between pieces of the work
     */
    public Answering answering(String name, Model model, Device device, Workers workers, Findings findings, String subject, Watch watch) {
        return task.generation().<Answering>map(generation -> new Generations(name, model, device, workers, findings, subject, watch, tokenizer, generation))
                .orElseGet(() -> new Likelihoods(name, model, device, workers, findings, subject, watch));
    }

    /** Told what is found. */
    public interface Progress {
        /** The metrics without a rule. */
        void dense(TaskSummary task, List<Score> scores);

        /** A curve. */
        void curve(Curve curve);
    }

    /**
     * Measures.
     *
     * @param look       at the model and the text that rules are calibrated on
     * @param text       what results tell of that text; empty where the rule takes none
     * @param provenance of the result
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if the model's numbers are not finite
     */
    public TaskMeasurement measure(Answering answering, Look look, Optional<DataSummary> text, ModelSummary model, JsonNode provenance, Progress progress) {
        Treatment none = new Treatment.Uniform(Rules.byName("none"), List.of(0.0));
        Set<Site> anywhere = Set.of(Site.INTERMEDIATE);
        // The coverage says which requests are read together, without a rule too: numbers that are equal then have equal bits.
        List<Score> dense = scores(task.score(requests, answering.score(requests, anywhere, none, settings.coverage()).answers().get(0)));
        progress.dense(summary, dense);
        Method method = Methods.byName(settings.rule());
        List<Curve> curves = new ArrayList<>();
        List<Calibration.Threshold> thresholds = new ArrayList<>();
        for (SiteSet sites : settings.sites()) {
            Treatment treatment = method.byPrompt(settings.grid(), look).orElseGet(() -> method.treatments(settings.grid(), sites.sites(), look).get(0))
                    .in(settings.layers());
            Curve curve = curve(sites, answering.score(requests, sites.sites(), treatment, settings.coverage()), method, dense);
            curves.add(curve);
            if (text.isPresent()) {
                thresholds.addAll(Calibration.thresholds(sites, treatment, model.layers()));
            }
            progress.curve(curve);
        }
        return new TaskMeasurement(TaskMeasurement.VERSION, model, summary, settings, provenance, dense, curves,
                text.map(calibrated -> new Calibration(calibrated, thresholds)));
    }

    private static List<Score> scores(TaskResult result) {
        return result.metrics().stream().map(TaskEvaluation::score).toList();
    }

    private static Score score(Metric metric) {
        return new Score(metric.kind(), metric.value(), metric.standardError(), metric.values(), metric.weights());
    }

    private Curve curve(SiteSet sites, Answering.Scores found, Method method, List<Score> dense) {
        int documents = summary.documents();
        PairedBootstrap bootstrap = settings.bootstrap(documents);
        List<Point> points = new ArrayList<>();
        for (int p = 0; p < settings.grid().size(); p++) {
            long[] kept = byDocument(found.kept()[p]);
            long[] elements = byDocument(found.elements()[p]);
            long total = Arrays.stream(elements).sum();
            if (total == 0) {
                throw new InputException(uncovered(" at p = " + settings.grid().get(p)));
            }
            List<Score> scores = scores(task.score(requests, found.answers().get(p)));
            Map<String, Interval> change = new LinkedHashMap<>();
            Map<String, OptionalLong> needed = new LinkedHashMap<>();
            for (int m = 0; m < scores.size(); m++) {
                Score with = scores.get(m);
                Score without = dense.get(m);
                change.put(with.metric().key(), bootstrap.number(times -> with.pooled(times) - without.pooled(times), settings.confidence()));
                if (with.metric().higherIsBetter()) {
                    needed.put(with.metric().key(), method.keepsAll(settings.grid().get(p)) ? OptionalLong.empty()
                            : ExamplesNeeded.of(aboveBar(with, without), 0, settings.confidence()).examples());
                }
            }
            points.add(new Point(settings.grid().get(p), (total - Arrays.stream(kept).sum()) / (double) total, Arrays.stream(kept).boxed().toList(),
                    Arrays.stream(elements).boxed().toList(), scores, change, needed));
        }
        Map<String, List<Estimate>> critical = new LinkedHashMap<>();
        for (int m = 0; m < dense.size(); m++) {
            if (!TaskNotes.tellsLevel(summary, dense.get(m))) {
                critical.put(dense.get(m).metric().key(), List.of());
                continue;
            }
            WindowedCurve curve = TaskMeasurement.windowed(points, dense.get(m), m);
            QualityBar bar = settings.bar(dense.get(m).metric());
            // An accuracy's bar is a few documents wide: draws of a level by it lie too low.
            Optional<Interval> crossing = dense.get(m).metric().higherIsBetter() ? Optional.of(bootstrap.crossing(curve, settings.accuracy(), at -> method.keepsAll(settings.grid().get(at)), settings.confidence())) : Optional.empty();
            critical.put(dense.get(m).metric().key(), Arrays.stream(Estimator.values()).map(estimator -> new Estimate(estimator, bar.levels(curve.pooled()).by(estimator),
                    crossing.orElseGet(() -> bootstrap.interval(times -> bar.levels(curve.pooled(times)).by(estimator), settings.confidence())))).toList());
        }
        return new Curve(sites, points, critical);
    }

    /**
     * Each document's value above the bar's share of the dense one: what is held against 0. With one more document, that is lost: where no answer changed, the others
     * would not vary, however few they are.
     */
    private double[] aboveBar(Score with, Score without) {
        int documents = with.values().size();
        double[] above = new double[documents + 1];
        for (int d = 0; d < documents; d++) {
            above[d] = with.values().get(d) - settings.accuracy() * without.values().get(d);
        }
        above[documents] = -settings.accuracy() * Collections.max(without.values());
        return above;
    }

    private long[] byDocument(long[] byRequest) {
        long[] sums = new long[summary.documents()];
        for (int r = 0; r < byRequest.length; r++) {
            sums[requests.get(r).document()] += byRequest[r];
        }
        return sums;
    }
}
