package org.lacuna.zoo.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What no file can tell of a model.
 *
 * @param license     its licence by SPDX's identifier, as {@code Apache-2.0}
 * @param intendedUse what it is for
 * @param limits      what it is not for, and where it fails
 * @param language    of its text, by ISO 639, as {@code en}
 */
public record Facts(Optional<String> license, Optional<String> intendedUse, Optional<String> limits, Optional<String> language) {
    private static final Pattern LANGUAGE = Pattern.compile("[a-z]{2,3}");

    /** Without blanks. */
    public Facts {
        license = license.map(String::strip).filter(s -> !s.isEmpty()).map(s -> Licenses.known(s).orElse(s));
        intendedUse = intendedUse.map(String::strip).filter(s -> !s.isEmpty());
        limits = limits.map(String::strip).filter(s -> !s.isEmpty());
    }

    /** All that is missing, a sentence each. */
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        if (license.flatMap(Licenses::known).isEmpty()) {
            problems.add("license: " + license.map(l -> "\"" + l + "\" is no identifier that is known").orElse("is missing") + "; expected SPDX's, as --license Apache-2.0"
                    + license.map(l -> ": " + Licenses.hint(l)).orElse(""));
        }
        if (intendedUse.isEmpty()) {
            problems.add("intendedUse: is missing; say in a sentence what the model is for: --intended-use \"...\"");
        }
        if (limits.isEmpty()) {
            problems.add("limits: is missing; say what it is not for and where it fails: --limits \"...\"");
        }
        language.filter(l -> !LANGUAGE.matcher(l).matches()).ifPresent(l -> problems.add("language: \"" + l + "\" is no code of ISO 639, as en"));
        return problems;
    }
}
