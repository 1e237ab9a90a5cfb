#!/bin/bash
# Training updates, ours and PyTorch's in turn (A B A B ...), as a table of medians and ratios.
#
#   bench/compare.sh [--sizes "S M L"] [--models "luong bahdanau"] [--threads "1 2"]
#                    [--rounds 5] [--updates 20] [--precisions "float32"] [--build build]
#
# Defaults: all sizes, these models (input_feeding and local_p are two more), one thread and all
# cores. Each round runs our program and then theirs for every case, on several threads in the two
# ways of using them that were ever the fastest (--parallel of bench/peers/train_step.py); a figure
# is the median over rounds, theirs that of the better way. With --precisions "float32 bfloat16" both
# sides train in each; bfloat16 is PyTorch's autocast. Takes about 20 minutes a precision; needs
# python3-torch. Expect ratios above 1 everywhere.
set -euo pipefail
self=$(realpath "$0")
cd "$(dirname "$self")/.."

sizes="S M L" models="luong bahdanau" threads="1 $(nproc)" rounds=5 updates=20 build=build precisions=float32
while [ $# -gt 0 ]; do
  case "$1" in
    --sizes) sizes=$2 ;;
    --models) models=$2 ;;
    --threads) threads=$2 ;;
    --rounds) rounds=$2 ;;
    --updates) updates=$2 ;;
    --precisions) precisions=$2 ;;
    --build) build=$2 ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$self" >&2; exit 2 ;;
  esac
  [ $# -ge 2 ] || { echo "compare.sh: $1 needs a value" >&2; exit 2; }
  shift 2
done
threads=$(tr ' ' '\n' <<< "$threads" | sort -nu | tr '\n' ' ')
[ -x "$build/bench/train_step" ] || { echo "compare.sh: build $build/bench/train_step first" >&2; exit 2; }

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for round in $(seq "$rounds"); do
  for model in $models; do
    for size in $sizes; do
      for n in $threads; do
        for precision in $precisions; do
          echo "round $round of $rounds: $model $size, threads $n, $precision" >&2
          flags=(--size "$size" --model "$model" --threads "$n" --updates "$updates" --json
                 --precision "$precision")
          "$build/bench/train_step" "${flags[@]}" >> "$results/ours"
          ways=both
          if [ "$n" -gt 1 ]; then ways="both blas"; fi
          for way in $ways; do
            /usr/bin/python3 bench/peers/train_step.py "${flags[@]}" --parallel "$way" >> "$results/theirs"
          done
        done
      done
    done
  done
done
/usr/bin/python3 bench/compare_table.py "$results/ours" "$results/theirs"
