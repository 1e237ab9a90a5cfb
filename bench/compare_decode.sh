#!/bin/bash
# Beam search, ours and PyTorch's in turn (A B A B ...), as a table of medians and ratios.
#
#   bench/compare_decode.sh --model DIR --source test2016.de
#                           [--beams "1 5"] [--threads "1 2"] [--rounds 3] [--batch 64] [--limit 0]
#                           [--build build]
#
# Ours in batches of 64, theirs in batches of --batch (bench/peers/decode.py; 1: sentence by
# sentence; every n-th sentence so that --limit are left, 0: all). Defaults: beam 1 and 5, one
# thread and all cores; takes a few minutes; needs python3-torch. Nearly all translations are equal.
set -euo pipefail
self=$(realpath "$0")
model= source= beams="1 5" threads="1 $(nproc)" rounds=3 batch=64 limit=0 build=$(dirname "$self")/../build
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { echo "compare_decode.sh: $1 needs a value" >&2; exit 2; }
  case "$1" in
    --model) model=$2 ;;
    --source) source=$2 ;;
    --beams) beams=$2 ;;
    --threads) threads=$2 ;;
    --rounds) rounds=$2 ;;
    --batch) batch=$2 ;;
    --limit) limit=$2 ;;
    --build) build=$2 ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$self" >&2; exit 2 ;;
  esac
  shift 2
done
[ -n "$model" ] && [ -n "$source" ] || { echo "compare_decode.sh: need --model and --source" >&2; exit 2; }
[ -x "$build/bench/decode" ] || { echo "compare_decode.sh: build $build/bench/decode first" >&2; exit 2; }
threads=$(tr ' ' '\n' <<< "$threads" | sort -nu | tr '\n' ' ')

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for round in $(seq "$rounds"); do
  for beam in $beams; do
    for n in $threads; do
      echo "round $round of $rounds: beam $beam, threads $n" >&2
      "$build/bench/decode" --model "$model" --source "$source" --beam "$beam" --batch 64 \
        --threads "$n" --rounds 1 --write-pairs "$results/pairs" --json >> "$results/ours"
      /usr/bin/python3 "$(dirname "$self")/peers/decode.py" --model "$model" \
        --pairs "$results/pairs" --beam "$beam" --threads "$n" --batch "$batch" --limit "$limit" --json \
        >> "$results/theirs"
    done
  done
done
/usr/bin/python3 "$(dirname "$self")/compare_decode_table.py" "$results/ours" "$results/theirs"
