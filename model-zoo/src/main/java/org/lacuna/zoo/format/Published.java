package org.lacuna.zoo.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.report.Extras;
import org.lacuna.eval.report.ReportWriter;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.source.ModelFolder;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.safetensors.StoredType;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.TextFile;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.zoo.checksum.Checksums;

/**
 * A published model's folder:
 *
 * <pre>
 * config.json, model.safetensors, tokenizer.json, generation_config.json, …   as Hugging Face's loaders read them
 * lacuna.json              licence, use, limits, how it was trained, its sparsity with intervals
 * README.md                its card, with Hugging Face's front matter; images/
 * selftest.json            what it computes for a few tokens
 * SHA256SUMS               of all of these
 * </pre>
 */
public final class Published {
    /** The file with all that is known of it. */
    public static final String MANIFEST = "lacuna.json";
    private static final int VERSION = 1;
    private static final String GENERATION = "generation_config.json";
    private static final long SHARD = 5_000_000_000L;
    private static final long MOST_CARD_BYTES = 1 << 20;
    private static final String TOKENIZER = "tokenizer.json";

    private Published() {
    }

    /**
     * Writes a model's folder, whole or not at all, and checks it as {@link #verify} does before it gets its name.
     *
     * @param folder  missing, or empty
     * @param name    what the model is called
     * @param measured the same model's robustness
     * @param bf16    whether weights are rounded to bfloat16
     * @throws InputException that says all that is missing
     */
    public static void write(Path folder, String name, ModelSource source, RobustnessResult measured, Facts facts, boolean bf16) {
        List<String> problems = facts.problems();
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        List<Path> companions = ModelFolder.companions(source.checkpoint());
        Model model = source.load(new CpuDevice());
        AtomicFiles.folder(folder, fresh -> {
            Checkpoint.write(fresh, model, bf16 ? StoredType.BF16 : StoredType.F32, SHARD);
            ModelFolder.copy(companions, fresh);
            if (companions.stream().noneMatch(file -> file.endsWith(GENERATION))) {
                fresh.text(GENERATION, Json.object().put("do_sample", false).put("max_length", model.config().maxPositions()).toPrettyString() + "\n");
            }
            picture(fresh.path(), measured);
            ObjectNode manifest = manifest(name, source, model, measured, facts, bf16);
            fresh.text(MANIFEST, manifest.toPrettyString() + "\n");
            fresh.text(ModelCard.FILE, ModelCard.of(manifest));
            fresh.text(SelfTest.FILE, SelfTest.kept(SelfTest.of(fresh.path())).toPrettyString() + "\n");
            Checksums.write(fresh.path());
            verify(fresh.path());
        });
    }

    /** Of a report that is thrown away: it names this machine's folders. */
    private static void picture(Path folder, RobustnessResult measured) throws IOException {
        Path report = Files.createTempDirectory("lacuna-report");
        try {
            ReportWriter.write(report, Comparing.alone(measured), Extras.NONE);
            Path picture = folder.resolve(ModelCard.PICTURE);
            Files.createDirectories(picture.getParent());
            Files.copy(report.resolve(ReportWriter.PICTURE), picture);
        } finally {
            AtomicFiles.removeFolder(report);
        }
    }

    private static ObjectNode manifest(String name, ModelSource source, Model model, RobustnessResult measured, Facts facts, boolean bf16) {
        ModelSummary summary = measured.model();
        ObjectNode manifest = Json.object().put("version", VERSION).put("name", name).put("license", facts.license().orElseThrow());
        facts.language().ifPresent(language -> manifest.put("language", language));
        manifest.put("intended_use", facts.intendedUse().orElseThrow()).put("limits", facts.limits().orElseThrow()).put("precision", bf16 ? "bfloat16" : "float32");
        manifest.putObject("model").put("family", model.config().family()).put("parameters", model.parameters().count()).put("layers", summary.layers()).put("hidden", summary.hidden())
                .put("intermediate", summary.intermediate()).put("activation", summary.activation()).put("feed_forward", summary.feedForward());
        ObjectNode results = manifest.putObject("results").put("loss", measured.dense().loss()).put("rule", measured.settings().rule());
        results.putObject("data").put("name", measured.data().name()).put("sha256", measured.data().sha256()).put("windows", measured.data().windows()).put("window_length", measured.data().windowLength());
        measured.curves().forEach(curve -> site(results.withArray("sites").addObject(), measured, curve));
        if (source.run().isPresent()) {
            ObjectNode training = manifest.putObject("training");
            summary.objective().ifPresent(objective -> training.put("objective", objective));
            summary.seed().ifPresent(seed -> training.put("seed", seed));
            summary.step().ifPresent(step -> training.put("steps", step));
            summary.tokensSeen().ifPresent(tokens -> training.put("tokens", tokens));
            summary.trainingData().ifPresent(data -> training.put("data", data));
            summary.trainingDataSha256().ifPresent(hash -> training.put("data_sha256", hash));
        }
        source.provenance().forEach(manifest.putObject("provenance")::set);
        manifest.withObject("/provenance").set("published", Provenance.collect(Map.of()).toJson());
        return manifest;
    }

    private static void site(ObjectNode json, RobustnessResult measured, SiteResult curve) {
        json.put("site", curve.sites().key());
        if (curve.sites().sites().size() == 1) {
            Site site = curve.sites().sites().iterator().next();
            json.put("zeros", measured.dense().exactZeros().get(site).stream().mapToDouble(Double::doubleValue).average().orElseThrow());
        }
        Estimate critical = curve.critical(Estimator.LINEAR);
        if (critical.level().kind() != Level.Kind.NONE) {
            json.put("critical", critical.level().sparsity()).put("at_least", critical.level().kind() == Level.Kind.AT_LEAST);
        }
        if (Double.isFinite(critical.interval().low()) && Double.isFinite(critical.interval().high())) {
            json.put("low", critical.interval().low()).put("high", critical.interval().high());
        }
        curve.points().forEach(point -> json.withArray("curve").addObject().put("p", point.p()).put("loss", point.loss()).put("sparsity", point.sparsity()));
    }

    /**
     * Checks a published model: every file against its sum, that nothing is missing of what it must have and say, and that it computes here what it did where it was
     * published.
     *
     * @throws InputException that says all that is wrong
     */
    public static void verify(Path folder) {
        Checksums.verify(folder);
        List<String> problems = new ArrayList<>();
        for (String file : List.of(Checkpoint.CONFIG, MANIFEST, ModelCard.FILE, ModelCard.PICTURE, SelfTest.FILE, GENERATION)) {
            if (!Files.isRegularFile(folder.resolve(file))) {
                problems.add(folder.resolve(file) + ": is missing; a published model has it");
            }
        }
        if (problems.isEmpty()) {
            JsonNode manifest = manifest(folder);
            for (String key : List.of("name", "license", "intended_use", "limits", "precision")) {
                if (manifest.path(key).asText().isBlank()) {
                    problems.add(folder.resolve(MANIFEST) + ": " + key + " is missing");
                }
            }
            if (!manifest.at("/results/loss").isNumber() || !manifest.at("/results/sites").isArray() || manifest.at("/results/sites").isEmpty()) {
                problems.add(folder.resolve(MANIFEST) + ": results is missing; expected a loss and sites");
            }
            if (!Json.read(folder.resolve(GENERATION)).isObject()) {
                problems.add(folder.resolve(GENERATION) + ": expected a JSON object");
            }
            if (Files.isRegularFile(folder.resolve(TOKENIZER))) {
                Tokenizers.load(folder.resolve(TOKENIZER));
            }
            problems.addAll(SelfTest.problems(folder));
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /**
     * A published model's {@value #MANIFEST}.
     *
     * @throws InputException if it has none that can be read
     */
    public static JsonNode manifest(Path folder) {
        Path file = folder.resolve(MANIFEST);
        if (!Files.isRegularFile(file)) {
            throw new InputException(folder + ": is no published model (it has no " + MANIFEST + "); publish one by: zoo publish --model " + folder);
        }
        JsonNode manifest = Json.read(file);
        if (!manifest.isObject()) {
            throw new InputException(file + ": expected a JSON object");
        }
        if (!manifest.path("version").isInt() || manifest.get("version").intValue() != VERSION) {
            throw new InputException(file + ": version is " + (manifest.has("version") ? manifest.get("version") : "missing") + "; this Lacuna reads " + VERSION);
        }
        return manifest;
    }

    /**
     * A published model's card, as a terminal can take it: a stranger's control characters are shown as a replacement.
     *
     * @throws InputException if it is no text, or longer than a card is
     */
    public static String card(Path folder) {
        manifest(folder);
        Path file = folder.resolve(ModelCard.FILE);
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": is missing; a published model has it");
        }
        try {
            if (Files.size(file) > MOST_CARD_BYTES) {
                throw new InputException(file + ": has more than " + MOST_CARD_BYTES + " bytes; that is no card");
            }
            return TextFile.read(file).replaceAll("[\\p{Cc}&&[^\n\t]]", "\ufffd");
        } catch (IOException e) {
            throw new RunException(file + ": can't be read: " + AtomicFiles.reason(e), e);
        }
    }
}
