#!/usr/bin/env bash
# Runs the examples in build/ and holds what they print against the figure in their headers.
set -euo pipefail
cd "$(dirname "$0")/.."

# expect NAME 'PATTERN' 'CONDITION on $1' [ARGUMENTS]: the last number that PATTERN captures.
expect() {
  local name=$1 pattern=$2 condition=$3
  shift 3
  local value
  value=$("build/example_$name" "$@" | sed -nE "s/.*$pattern.*/\\1/p" | tail -n 1)
  if ! awk -v v="$value" "BEGIN { exit !(v != \"\" && $condition) }"; then
    echo "example_$name: '$value' is not what its header says ($condition)" >&2
    exit 1
  fi
  echo "example_$name: $value"
}

expect regression 'error ([0-9.]+)' 'v < 0.0001'
expect reverse_sequence 'right: ([0-9.]+) %' 'v >= 99'
expect differential_equation 'largest error ([0-9.]+)' 'v < 0.01'
expect gradient_penalty 'f\(b\) - f\(a\) ([0-9.]+)' 'v > 6.1875 && v < 6.3125'
expect article 'exact match ([0-9.]+)' 'v > 50' 4
expect two_moons 'right: ([0-9.]+) %' 'v >= 99'
expect convnet 'right: ([0-9.]+) %' 'v >= 95'
expect transformer 'loss ([0-9.]+)' 'v < 1.0' data/train.en
expect character_lm 'text: ([0-9.]+) nats' 'v < 1.6' data/train.en gru 150
expect character_lm 'text: ([0-9.]+) nats' 'v < 1.6' data/train.en lstm 150
expect vae 'after: (-[0-9.]+)' 'v > -25' 1000
