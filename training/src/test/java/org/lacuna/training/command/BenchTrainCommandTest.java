package org.lacuna.training.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.run.ExitCode;
import picocli.CommandLine;

class BenchTrainCommandTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --hidden 0                        | --hidden: must be at least 1, not 0
            --heads 0 --layers -1             | 2 problems:
            --heads 3                         | --heads: 3 does not divide --hidden 256
            --hidden 12                       | --heads: 4 makes heads of 3 numbers
            --steps 0                         | --steps: must be at least 1, not 0
            --batch 3 --workers 2             | --batch: 3 is not a multiple of --workers 2
            --batch 4 --workers 2 --window 1000000000 | --window: 4 windows of 1000000000 tokens are more
            --warm-up -1                      | --warm-up and --workers must be at least 0, not -1 and 0
            --json /proc/lacuna/x             | /proc/lacuna/x: can't be written
            """)
    void wrongFlagsAreNamedBeforeAnythingIsMeasured(String flags, String named) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = new CommandLine(new BenchTrainCommand()).setOut(new PrintWriter(out)).setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, line, parsed) -> {
                    err.write(e.getMessage());
                    return ExitCode.of(e);
                }).execute(flags.split(" "));
        assertEquals(flags.startsWith("--json") ? ExitCode.FAILED : ExitCode.BAD_INPUT, exit, err.toString());
        assertTrue(err.toString().startsWith(named), err.toString());
        assertEquals("", out.toString());
    }
}
