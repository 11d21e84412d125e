package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.lacuna.eval.compare.Comparing;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.study.Study;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.Json;

/** Writes a study for people and for programs. */
public final class StudyWriter {
    /** The page: self-contained, readable without script. */
    public static final String PAGE = ReportWriter.PAGE;
    /** Its tables as Markdown. */
    public static final String TEXT = ReportWriter.TEXT;

    private StudyWriter() {
    }

    /**
     * Checks that a study's report can be written to a folder, before anything is trained.
     *
     * @throws InputException if the folder holds files of these names that are no study's
     */
    public static void check(Path folder) {
        Destination.checkFolder(folder);
        for (String name : List.of(PAGE, TEXT, ReportWriter.NUMBERS, ReportWriter.PICTURE)) {
            if (Files.exists(folder.resolve(name)) && !holdsStudy(folder)) {
                throw new InputException(folder.resolve(name) + ": is no study's and would be replaced; name another folder");
            }
        }
    }

    private static boolean holdsStudy(Path folder) {
        Path numbers = folder.resolve(ReportWriter.NUMBERS);
        try {
            return Files.isRegularFile(numbers) && Json.read(numbers).path("study").isTextual();
        } catch (InputException e) {
            return false;
        }
    }

    /**
     * Writes the report, replacing an earlier one, and tells its tables.
     *
     * @throws org.lacuna.run.RunException if a file can't be written
     */
    public static void write(Path folder, Study study, PrintWriter out) {
        JsonNode numbers = StudyNumbers.of(study);
        String text = StudyText.markdown(numbers);
        String largest = study.sizes().get(study.sizes().size() - 1);
        List<RobustnessResult> shown = study.variants().stream().map(variant -> study.of(largest, variant).get(0).rules().get(Study.TOP_P)).toList();
        String picture = CurvePicture.svg(Report.of(shown.size() == 1 ? Comparing.alone(shown.get(0)) : Comparing.of(shown), Extras.NONE));
        // The numbers first: by them the folder is known for a study's, should the rest not be written.
        AtomicFiles.write(folder.resolve(ReportWriter.NUMBERS), numbers.toPrettyString() + "\n");
        AtomicFiles.write(folder.resolve(PAGE), StudyPage.html(numbers));
        AtomicFiles.write(folder.resolve(TEXT), text);
        AtomicFiles.write(folder.resolve(ReportWriter.PICTURE), picture);
        out.println();
        out.print(text);
        out.flush();
    }
}
