package org.lacuna.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.lacuna.run.folder.Json;

/**
 * One line of {@code doctor}.
 *
 * @param subject what was looked at
 * @param value what was found
 * @param level how it bears on a run
 * @param advice what to do about it; empty if nothing
 */
record Finding(String subject, String value, Level level, String advice) {
    enum Level {
        /** As it should be. */
        GOOD,
        /** A run works, slower or smaller than it could. */
        WEAK,
        /** A run fails. */
        FAULT
    }

    static Finding good(String subject, String value) {
        return new Finding(subject, value, Level.GOOD, "");
    }

    static Finding weak(String subject, String value, String advice) {
        return new Finding(subject, value, Level.WEAK, advice);
    }

    static Finding fault(String subject, String value, String advice) {
        return new Finding(subject, value, Level.FAULT, advice);
    }

    ObjectNode toJson() {
        return Json.object().put("subject", subject).put("value", value)
                .put("level", level.name().toLowerCase(Locale.ROOT)).put("advice", advice);
    }
}
