# The lines of report.awk as a table in Markdown (-v form=markdown) or as JSON (-v form=json).
BEGIN {
    FS = "\t"
    split("objective strength control loss loss_ratio loss_ratio_low loss_ratio_high zeros dead critical_intermediate critical_intermediate_low " \
        "critical_intermediate_high critical_input critical_input_low critical_input_high at_control_loss at_control_loss_low at_control_loss_high " \
        "tokens_per_second", keys, " ")
    if (form == "json") print "["
    else {
        print "| objective | strength | control | loss | against control | zeros | critical INTERMEDIATE | critical INPUT | at control's loss + 1 % | dead | tokens/s |"
        print "|---|---|---|---|---|---|---|---|---|---|---|"
    }
}

form == "json" {
    line = ""
    for (i = 1; i <= NF; i++) {
        line = line (i > 1 ? ", " : "") "\"" keys[i] "\": " (i <= 3 ? "\"" $i "\"" : figure($i))
        if (i == 10 || i == 13 || i == 16) line = line ", \"" keys[i] "_kind\": \"" ($i == "-" || $i == "none" ? "none" : $i ~ /^>/ ? "at_least" : "at") "\""
    }
    printf "%s  {%s}", (NR > 1 ? ",\n" : ""), line
}

form != "json" {
    printf "| %s | %s | %s | %.4f | %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $3 == "-" ? "" : excess($5, $6, $7), percent($8), sparsity($10, $11, $12),
        sparsity($13, $14, $15), sparsity($16, $17, $18), percent($9), $19 == "-" ? "" : sprintf("%.0f", $19)
    if ($8 >= 0.9 && $5 != "-" && $5 <= 1.02) good = good (good == "" ? "" : ", ") $1 ($2 == "-" ? "" : " (" $2 ")")
}

END {
    if (form == "json") { print "\n]"; exit }
    print "\nAt least 90 % exact zeros in the intermediate vectors, within 2 % of their control's loss: " (good == "" ? "none" : good) "."
    print "\nLoss in nats a token. Brackets: 95 % intervals over the choice of windows, not over training seeds. Critical sparsity: the most that top-p leaves out while perplexity stays within 1 % of"
    print "the model's own; at control's loss + 1 %: while loss stays within 1 % of the dense control's, at INTERMEDIATE. Dead: neurons that are 0 at every token measured."
}

function figure(x) { return x == "-" || x == "none" ? "null" : substr(x, 1, 1) == ">" ? substr(x, 2) : x }

function percent(x) { return x == "-" ? "" : sprintf("%.2f %%", 100 * x) }

function excess(x, low, high) { return x == "-" ? "" : sprintf("%+.2f %% [%+.2f, %+.2f]", 100 * (x - 1), 100 * (low - 1), 100 * (high - 1)) }

function sparsity(x, low, high) {
    if (x == "-" || x == "none") return x == "-" ? "" : x
    return (substr(x, 1, 1) == ">" ? "≥ " : "") sprintf("%.2f %% [%.2f, %.2f]", 100 * figure(x), 100 * low, 100 * high)
}
