package org.lacuna.eval.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** The chart library's files, from its WebJar. */
final class UPlot {
    private UPlot() {
    }

    /** A file of the library as text: {@code dist/uPlot.min.css} say. */
    static String file(String name) {
        Properties maven = new Properties();
        try (InputStream properties = open("/META-INF/maven/org.webjars.npm/uplot/pom.properties")) {
            maven.load(properties);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text("/META-INF/resources/webjars/uplot/" + maven.getProperty("version") + "/" + name);
    }

    /** A resource as text. */
    static String text(String resource) {
        try (InputStream input = open(resource)) {
            return new String(input.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream open(String resource) {
        InputStream input = UPlot.class.getResourceAsStream(resource);
        if (input == null) {
            throw new IllegalStateException(resource + " is not on the class path");
        }
        return input;
    }
}
