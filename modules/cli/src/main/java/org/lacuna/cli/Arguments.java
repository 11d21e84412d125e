package org.lacuna.cli;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Whether the arguments are what the user typed. In a locale without characters beyond ASCII ({@code LC_ALL=C}) Java 17 puts '?' in place
 * of each of their bytes before the program starts, and can't open files with such names.
 */
final class Arguments {
    private Arguments() {}

    /** What is wrong with the arguments that this process was started with, and what to do; empty if nothing is. */
    static Optional<String> lost(String[] args) {
        return lost(args, Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")), commandLine());
    }

    static Optional<String> lost(String[] args, Charset encoding, byte[] commandLine) {
        boolean typed = false;
        for (byte character : commandLine) {
            typed |= character < 0;
        }
        // A question mark may be one, so it counts only where something else was typed too.
        if (!typed || !encoding.equals(StandardCharsets.US_ASCII)) {
            return Optional.empty();
        }
        return Arrays.stream(args).filter(arg -> arg.contains("?") || arg.contains("\uFFFD")).findFirst()
                .map(arg -> "\"" + arg + "\" is not what was typed: in this locale (LC_ALL, LC_CTYPE or LANG is C or POSIX) Java reads ASCII only;"
                        + " set LC_ALL=C.UTF-8 and try again");
    }

    /** The bytes that the process was started with, where the system tells. */
    private static byte[] commandLine() {
        try {
            return Files.readAllBytes(Path.of("/proc/self/cmdline"));
        } catch (IOException e) {
            return new byte[0];
        }
    }
}
