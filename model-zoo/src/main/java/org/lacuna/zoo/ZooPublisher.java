package org.lacuna.zoo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.lacuna.eval.measure.Measuring;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.ModelPublisher;
import org.lacuna.zoo.format.Facts;
import org.lacuna.zoo.maven.Coordinates;

/** Publishes what another command found worth it. */
public final class ZooPublisher implements ModelPublisher {
    private static final int WINDOWS = 64;
    private static final int WINDOW = 128;
    private static final List<String> SETTINGS = List.of("license", "intendedUse", "limits", "language");

    @Override
    public void publish(Path model, String coordinates, String repository, List<String> settings, Consumer<String> progress) {
        Map<String, String> given = new HashMap<>();
        List<String> problems = new ArrayList<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals < 0 || !SETTINGS.contains(setting.substring(0, equals))) {
                problems.add(setting + ": expected one of " + String.join(", ", SETTINGS) + ", as license=Apache-2.0");
            } else {
                given.put(setting.substring(0, equals), setting.substring(equals + 1));
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        Facts facts = new Facts(Optional.ofNullable(given.get("license")), Optional.ofNullable(given.get("intendedUse")), Optional.ofNullable(given.get("limits")),
                Optional.ofNullable(given.get("language")));
        Coordinates parsed = Coordinates.parse(coordinates);
        if (!facts.problems().isEmpty()) {
            throw new InputException(facts.problems());
        }
        Zoo zoo = Zoo.ofUser(progress);
        Zoo.Place place = new Zoo.Place(repository, Optional.empty(), false);
        zoo.checkNew(parsed, false, place);
        ModelSource source = ModelSource.of(model.toString());
        try (Workers team = new Workers(Runtime.getRuntime().availableProcessors())) {
            Settings paper = Settings.PAPER.withSites(List.of(SiteSet.INPUT, SiteSet.INTERMEDIATE));
            Measuring measuring = new Measuring(List.of(), WINDOWS, Math.min(WINDOW, source.modelConfig().maxPositions()), paper, new CpuDevice(), team, () -> false, progress);
            zoo.publish(source, measuring.of(source), facts, false, parsed, place, Optional.empty());
        }
    }
}
