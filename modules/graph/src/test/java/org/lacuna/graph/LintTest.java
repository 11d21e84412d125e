package org.lacuna.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds this module to no compiler warning but the one on the incubating Vector API, which javac can't be told to leave
 * out: because of it the module does not compile with -Werror as the others do.
 */
class LintTest {
    private static final String INCUBATING = "using incubating module(s): jdk.incubator.vector";

    @TempDir
    Path classes;

    @Test
    void compilesWithOneWarningOnly() throws IOException {
        List<Path> sources;
        try (Stream<Path> files = Files.walk(Path.of("src", "main", "java"))) {
            sources = files.filter(f -> f.toString().endsWith(".java")).sorted().toList();
        }
        assertTrue(sources.size() > 20, "the module's sources, not " + sources);
        assertEquals(List.of(INCUBATING), diagnostics(sources));
    }

    @Test
    void seesAWarningWhereThereIsOne() throws IOException {
        Path source = Files.writeString(classes.resolve("Raw.java"), "class Raw { java.util.List list; }\n");
        List<String> found = diagnostics(List.of(source));
        assertEquals(2, found.size(), found.toString());
        assertTrue(found.stream().anyMatch(d -> d.contains("raw type")), found.toString());
    }

    private List<String> diagnostics(List<Path> sources) throws IOException {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = javac.getStandardFileManager(diagnostics, Locale.ROOT, null)) {
            List<String> options = List.of("-Xlint:all", "-Xlint:-processing", "-proc:none", "-encoding", "UTF-8", "-Xmaxwarns", "1000",
                    "--add-modules", "jdk.incubator.vector", "-d", classes.toString(), "-classpath", System.getProperty("java.class.path"));
            assertTrue(javac.getTask(Writer.nullWriter(), files, diagnostics, options, null, files.getJavaFileObjectsFromPaths(sources)).call());
        }
        return diagnostics.getDiagnostics().stream().map(LintTest::text).toList();
    }

    private static String text(Diagnostic<? extends JavaFileObject> d) {
        String message = d.getMessage(Locale.ROOT);
        return d.getSource() == null ? message : d.getSource().getName() + ":" + d.getLineNumber() + ": " + message;
    }
}
