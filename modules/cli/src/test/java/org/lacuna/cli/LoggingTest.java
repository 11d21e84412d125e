package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class LoggingTest {
    /** Logs as the engine and as we do; run in a JVM of its own, since Log4j keeps the streams that it started with. */
    static final class Chatter {
        public static void main(String[] args) {
            for (String name : List.of("org.nd4j.linalg.factory.Nd4jBackend", "org.lacuna.model.X", "some.library")) {
                Logger logger = LoggerFactory.getLogger(name);
                logger.info("info of {}", name);
                logger.warn("warning of {}", name);
                logger.error("error of {}", name);
            }
        }
    }

    @Test
    void onlyOurWarningsAndForeignErrorsAreHeardAndOnlyOnStandardError() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Chatter.class.getName()).start();
        assertEquals(List.of("warn: warning of org.lacuna.model.X", "error: error of org.lacuna.model.X",
                "error: error of some.library"), lines(process.getErrorStream()));
        assertEquals(List.of(), lines(process.getInputStream()));
        assertEquals(0, process.waitFor());
    }

    private static List<String> lines(InputStream stream) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        stream.transferTo(bytes);
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
