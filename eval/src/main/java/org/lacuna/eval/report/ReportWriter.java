package org.lacuna.eval.report;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.task.TaskFiles;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Destination;
import org.lacuna.run.folder.Json;

/** Writes a comparison for people and for programs. */
public final class ReportWriter {
    /** The page: self-contained, readable without script. */
    public static final String PAGE = "report.html";
    /** The page's numbers, and what made them. */
    public static final String NUMBERS = "report.json";
    /** The main tables as Markdown. */
    public static final String TEXT = "report.md";
    /** One picture: perplexity against sparsity. */
    public static final String PICTURE = "report.svg";

    private ReportWriter() {
    }

    /**
     * Checks that a report can be written to a folder, before what it is about is measured.
     *
     * @throws InputException if a file is in the folder's place, or the folder holds results of tasks, or files of these names that are no report of Lacuna's
     * @throws RunException if the file system takes no files there
     */
    public static void check(Path folder) {
        Destination.checkFolder(folder);
        if (Files.exists(folder.resolve(TaskFiles.ALL))) {
            throw new InputException(folder + ": holds results of tasks (" + TaskFiles.ALL + "), which a report is not to be mixed with; name another folder");
        }
        for (String name : List.of(PAGE, TEXT, NUMBERS, PICTURE)) {
            if (Files.exists(folder.resolve(name)) && !holdsReport(folder)) {
                throw new InputException(folder.resolve(name) + ": is no report of Lacuna's and would be replaced; name another folder");
            }
        }
    }

    private static boolean holdsReport(Path folder) {
        Path numbers = folder.resolve(NUMBERS);
        try {
            return Files.isRegularFile(numbers) && Json.read(numbers).path("comparison").isObject();
        } catch (InputException e) {
            return false;
        }
    }

    /**
     * Writes {@value #PAGE}, {@value #TEXT}, {@value #NUMBERS} and {@value #PICTURE}, replacing earlier ones: all of them or none.
     *
     * @param folder     where; made if missing
     * @param comparison at least one curve measured in one of them
     * @param extras     what else to show, {@link Extras#NONE} say
     * @throws RunException if a file can't be written
     */
    public static void write(Path folder, Comparison comparison, Extras extras) {
        Report report = Report.of(comparison, extras);
        String picture = CurvePicture.svg(report);
        byte[] page = new Page(report, picture).html().getBytes(StandardCharsets.UTF_8);
        String text = ReportText.markdown(report);
        String numbers = report.json().toPrettyString() + "\n";
        // One inside the other: a file gets its name only when all the bytes of all four are written.
        AtomicFiles.write(folder.resolve(PAGE), pageFile -> {
            pageFile.write(page);
            pageFile.flush();
            AtomicFiles.write(folder.resolve(PICTURE), pictureFile -> {
                pictureFile.write(picture.getBytes(StandardCharsets.UTF_8));
                pictureFile.flush();
                AtomicFiles.write(folder.resolve(TEXT), textFile -> {
                    textFile.write(text.getBytes(StandardCharsets.UTF_8));
                    textFile.flush();
                    AtomicFiles.write(folder.resolve(NUMBERS), numbers);
                });
            });
        });
    }
}
