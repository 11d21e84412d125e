# A line of figures for each model of a report.json, separated by tabs: what table.awk reads.
#
#   awk -f report.awk ROWS report.json
#
# ROWS has a line for each model, in the report's order, the control first: objective, strength, control; a control whose strength
# is "shown" has its line in another report and gets none here.
# Figures: objective, strength, control, loss, loss / control, low, high, zeros, dead, critical at intermediate, low, high, critical
# at input, low, high, sparsity at the control's loss + 1 % at intermediate, low, high, tokens/s; "-" for what is not known.
BEGIN { FS = OFS = "\t"; UNKNOWN = "-\t-\t-" }

NR == FNR { objective[FNR - 1] = $1; strength[FNR - 1] = $2; control[FNR - 1] = $3; models = FNR; next }

{ json($0) }

END {
    for (m = 0; m < models; m++) {
        if (strength[m] == "shown") continue
        at = "comparison.models." m
        if (!((at ".dense.loss") in value)) { print "report.awk: there is no model " m " in the report" > "/dev/stderr"; exit 1 }
        print objective[m], m ? strength[m] : "-", m ? control[m] : "-", value[at ".dense.loss"], ratio(m), value["models." m ".exact_zeros.intermediate"],
            known("models." m ".dead_share"), critical(m, "intermediate"), critical(m, "input"), atControl(m), known(at ".model.tokens_per_second")
    }
}

function known(at) { return value[at] == "" || value[at] == "null" ? "-" : value[at] }

# Loss / the control's, and its interval.
function ratio(m,   i, at) {
    if (m == 0) return 1 OFS 1 OFS 1
    for (i = 0; ("comparison.losses." i ".model") in value; i++) {
        at = "comparison.losses." i
        if (value[at ".model"] == m && value[at ".against"] == 0)
            return value[at ".ratio"] OFS value[at ".interval.low"] OFS value[at ".interval.high"]
    }
    return UNKNOWN
}

function critical(m, sites,   i, at) {
    at = "comparison.models." m ".curves."
    for (i = 0; (at i ".sites") in value; i++)
        if (value[at i ".sites"] == sites) return linear(at i ".critical.")
    return UNKNOWN
}

function atControl(m,   i, at) {
    for (i = 0; ("comparison.at_control_loss." i ".model") in value; i++) {
        at = "comparison.at_control_loss." i
        if (value[at ".model"] == m && value[at ".sites"] == "intermediate" && value[at ".factor"] == 1.01) return linear(at ".estimates.")
    }
    return UNKNOWN
}

# The estimate by straight lines, and its interval; a lower bound has a ">" before it.
function linear(at,   i, e) {
    for (i = 0; (at i ".estimator") in value; i++) {
        e = at i
        if (value[e ".estimator"] != "linear") continue
        if (value[e ".level.kind"] == "none") return "none" OFS "-" OFS "-"
        return (value[e ".level.kind"] == "at_least" ? ">" : "") value[e ".level.sparsity"] OFS value[e ".interval.low"] OFS value[e ".interval.high"]
    }
    return UNKNOWN
}

# Reads JSON on into value["a.b.0.c"]; strings have no line ends in them.
function json(text,   token) {
    while (match(text, /"([^"\\]|\\.)*"|[][{},:]|[^][{},: \t\r\n"]+/)) {
        token = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        if (token == "{" || token == "[") { kind[++depth] = token; key[depth] = token == "[" ? 0 : ""; named = 0 }
        else if (token == "}" || token == "]") { depth--; named = kind[depth] == "{" }
        else if (token == ",") { if (kind[depth] == "[") key[depth]++; named = 0 }
        else if (token == ":") named = 1
        else if (kind[depth] == "{" && !named) key[depth] = unquoted(token)
        else value[path()] = unquoted(token)
    }
}

function unquoted(token) { return token ~ /^"/ ? substr(token, 2, length(token) - 2) : token }

function path(   i, p) {
    p = key[1]
    for (i = 2; i <= depth; i++) p = p "." key[i]
    return p
}
