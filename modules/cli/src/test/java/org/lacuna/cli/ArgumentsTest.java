package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
    private static final Charset C = Charset.forName("ANSI_X3.4-1968");
    private static final byte[] TYPED = "-Dexec.args=generate --prompt café".getBytes(StandardCharsets.UTF_8);
    private static final byte[] ASCII = "-Dexec.args=generate --prompt why?".getBytes(StandardCharsets.UTF_8);

    @Test
    void charactersThatTheLocaleLosesAreToldFromQuestionMarks() {
        String problem = Arguments.lost(new String[] {"generate", "--prompt", "caf??"}, C, TYPED).orElseThrow();
        assertTrue(problem.startsWith("\"caf??\" is not what was typed") && problem.contains("LC_ALL=C.UTF-8"), problem);
        assertTrue(Arguments.lost(new String[] {"caf\uFFFD\uFFFD"}, C, TYPED).isPresent());
        assertEquals(Optional.empty(), Arguments.lost(new String[] {"--prompt", "why?"}, C, ASCII));
        assertEquals(Optional.empty(), Arguments.lost(new String[] {"--prompt", "cafe"}, C, TYPED));
        assertEquals(Optional.empty(), Arguments.lost(new String[] {"--prompt", "why?"}, StandardCharsets.UTF_8, TYPED));
    }
}
