package org.lacuna.zoo.format;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.lacuna.run.recipe.Recipes;

/** Licences by SPDX's identifiers: those that models, texts and code are commonly under. Others are named {@code LicenseRef-NAME}, as SPDX has it. */
final class Licenses {
    private static final String OWN = "LicenseRef-";
    private static final Pattern OWN_NAME = Pattern.compile(OWN + "[A-Za-z0-9.-]{1,60}");
    private static final List<String> KNOWN = List.of("0BSD", "AFL-3.0", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-1.1", "Apache-2.0", "Artistic-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause",
            "BSD-3-Clause-Clear", "BSL-1.0", "C-UDA-1.0", "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-NC-ND-3.0",
            "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC0-1.0", "CDLA-Permissive-1.0",
            "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "CECILL-2.1", "ECL-2.0", "EPL-1.0", "EPL-2.0", "EUPL-1.1", "EUPL-1.2", "GFDL-1.3-only", "GFDL-1.3-or-later", "GPL-2.0-only",
            "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "ISC", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "LPPL-1.3c", "MIT", "MIT-0",
            "MPL-2.0", "MS-PL", "MS-RL", "MulanPSL-2.0", "NCSA", "ODbL-1.0", "ODC-By-1.0", "OFL-1.1", "OSL-3.0", "PDDL-1.0", "PostgreSQL", "Unlicense", "UPL-1.0", "WTFPL", "Zlib");

    private Licenses() {}

    /** The identifier as SPDX writes it, whose letters' case tells nothing apart; empty if it is none of the known. */
    static Optional<String> known(String license) {
        return OWN_NAME.matcher(license).matches() ? Optional.of(license) : KNOWN.stream().filter(license::equalsIgnoreCase).findFirst();
    }

    /** What to say of one that is not known. */
    static String hint(String license) {
        List<String> longer = KNOWN.stream().filter(known -> known.regionMatches(true, 0, license + "-", 0, license.length() + 1)).toList();
        List<String> near = longer.isEmpty() ? Recipes.nearest(license, KNOWN).stream().toList() : longer;
        return (near.isEmpty() ? "" : "did you mean " + String.join(" or ", near) + "? ") + "A licence that is none of the common ones goes by " + OWN + "NAME";
    }

    /** Whether it has no identifier of SPDX's. */
    static boolean isOwn(String license) {
        return license.startsWith(OWN);
    }
}
