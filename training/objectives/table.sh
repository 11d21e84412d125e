#!/usr/bin/env bash
# Trains every objective of configs/objectives at two strengths, and their controls; measures them all; writes one table.
#
#   training/objectives/table.sh [--out DIR] [--text FILE] [--set KEY=VALUE]... [--windows N] [OBJECTIVE]...
#
#   --out DIR        runs, reports and table; the same command goes on where it was interrupted (default runs/objectives)
#   --text FILE      train and measure on this text, in 512 tokens learnt from it, instead of the embedded stories
#   --set KEY=VALUE  a key of all recipes: --set train.precision=bf16
#   --windows N      windows that each model is measured on (default 64)
#   OBJECTIVE        recipes of configs/objectives by name, l1 top-k for example (default all)
#
# A recipe's head tells what is done with it: "# against: NAME" is its control, each "# strong: KEY=VALUE" an override of its
# strong form, "# fatrelu: X" the bound for thresholds that are set after training. Controls are trained once for all.
# Needs Bash, awk, Java and Maven, as the build does.
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/../.."

here=training/objectives
recipes=configs/objectives
out=runs/objectives
text=
windows=64
sets=()
data=()
names=()
from_caller() { case $1 in /*) echo "$1" ;; *) echo "$caller/$1" ;; esac; }
while [ $# -gt 0 ]; do
    case $1 in
        --out) out=$(from_caller "${2:?--out needs a folder}"); shift 2 ;;
        --text) text=$(from_caller "${2:?--text needs a file}"); shift 2 ;;
        --set)
            case ${2:?--set needs KEY=VALUE} in data.*) data+=(--set "$2") ;; *) sets+=(--set "$2") ;; esac
            shift 2 ;;
        --windows) windows=${2:?--windows needs a number}; shift 2 ;;
        -h|--help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$here/table.sh"; exit 0 ;;
        -*) echo "table.sh: no option $1; see --help" >&2; exit 2 ;;
        *) [ -f "$recipes/$1.yaml" ] || { echo "table.sh: there is no $recipes/$1.yaml" >&2; exit 2; }; names+=("$1"); shift ;;
    esac
done
if [ ${#names[@]} -eq 0 ]; then
    for file in "$recipes"/*.yaml; do names+=("$(basename "$file" .yaml)"); done
fi
mkdir -p "$out/logs"

# The command line without Maven around it: some seconds less for each of about 80 calls.
classes=$(mvn -q -B compile exec:exec -Dexec.executable=echo -Dexec.args=%classpath | grep -o '/.*\.jar.*' | tail -1)
mapfile -t jvm < <(grep -v '^#' .mvn/jvm.config | tr -s ' ' '\n' | grep .)
lacuna() { java "${jvm[@]}" -cp "$classes" org.lacuna.cli.Main "$@"; }

# What follows "# MARK: " in a recipe's head, a line each.
marked() { sed -n "s/^# $2: //p" "$recipes/$1.yaml"; }

# Runs a command with its output in a log, which is shown if it fails.
logged() {
    local log=$out/logs/$1.log; shift
    "$@" > "$log" 2>&1 || { tail -20 "$log" >&2; exit 1; }
}

if [ -n "$text" ]; then
    data+=(--set "data.text=$text" --set "data.tokenizer=$out/tokenizer")
    [ -d "$out/tokenizer" ] || logged tokenizer lacuna tokenizer train --text "$text" --vocabulary 512 --out "$out/tokenizer"
fi

# train RECIPE FOLDER SET...: a finished run has nothing left to do, another goes on, one of other settings is refused.
declare -A trained=()
train() {
    local recipe=$1 run=$2 from; shift 2
    [ -z "${trained[$run]:-}" ] || return 0
    from=$(sed -n 's|^  from: runs/\([a-z0-9-]*\) .*|\1|p' "$recipes/$recipe.yaml")
    if [ -n "$from" ]; then
        train "$from" "$from"
        set -- --set "model.from=$out/$from" "$@"
    fi
    echo "$(date +%T) training $run"
    logged "$run" lacuna train --resume --config "$recipes/$recipe.yaml" --out "$out/$run" "$@" "${data[@]}" "${sets[@]}"
    trained[$run]=yes
}

# By control, in the order of their first use, the lines "RUN NAME STRENGTH".
declare -A rows=()
controls=()
row() {
    local control=$1; shift
    [ -n "${rows[$control]:-}" ] || controls+=("$control")
    rows[$control]+="$*"$'\n'
}

for name in "${names[@]}"; do
    control=$(marked "$name" against)
    if [ -z "$control" ]; then train "$name" "$name"; continue; fi
    train "$control" "$control"
    strong=()
    while IFS= read -r set; do [ -z "$set" ] || strong+=(--set "$set"); done < <(marked "$name" strong)
    if [ ${#strong[@]} -eq 0 ]; then
        train "$name" "$name"
        row "$control" "$name $name -"
        continue
    fi
    for strength in mild strong; do
        run=$name-$strength
        if [ $strength = mild ]; then train "$name" "$run"; else train "$name" "$run" "${strong[@]}"; fi
        row "$control" "$run $name $strength"
        cett=$(marked "$name" fatrelu)
        if [ -n "$cett" ]; then
            [ -d "$out/$run-fatrelu" ] || logged "$run-fatrelu" lacuna fatrelu --model "$out/$run" --cett "$cett" --out "$out/$run-fatrelu"
            row "$control" "$run-fatrelu $name+fatrelu $strength"
        fi
    done
done
[ ${#controls[@]} -gt 0 ] || { echo "table.sh: nothing to compare with a control; name an objective too" >&2; exit 2; }

: > "$out/rows.tsv"
for control in "${controls[@]}"; do
    folders=("$out/$control")
    meta=$out/logs/$control.rows
    place=first
    case " ${names[*]} " in *" $control "*) [ -z "$(marked "$control" against)" ] || place=shown ;; esac
    printf '%s\t%s\t%s\n' "$control" "$place" "$control" > "$meta"
    while read -r run name strength; do
        [ -n "$run" ] || continue
        folders+=("$out/$run")
        printf '%s\t%s\t%s\n' "$name" "$strength" "$control" >> "$meta"
    done <<< "${rows[$control]}"
    echo "$(date +%T) measuring $control and $((${#folders[@]} - 1)) more"
    logged "compare-$control" lacuna compare "${folders[@]}" --out "$out/compare-$control" --sites input,intermediate --windows "$windows" "${data[@]}"
    awk -f "$here/report.awk" "$meta" "$out/compare-$control/report.json" >> "$out/rows.tsv"
done
awk -v form=markdown -f "$here/table.awk" "$out/rows.tsv" > "$out/table.md"
awk -v form=json -f "$here/table.awk" "$out/rows.tsv" > "$out/table.json"
cat "$out/table.md"
echo
echo "$out/table.md $out/table.json"
