#!/usr/bin/env bash
# Load on a server of its own: one connection, then 32, each sending a sentence as soon as the last
# is translated, then 1,000. Prints requests a second, latency, batch size and memory; fails on any
# error, but for 503 with Retry-After to the 1,000.
#   scripts/load.sh MODEL SENTENCES [SECONDS]      (default: the demo's model and test set, 60 s)
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-build/demo-model}
export SENTENCES=${2:-data/test.fr}
seconds=${3:-60}
log=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$log"' EXIT

build/babelgrad serve --model "$model" --port 0 2>"$log/server" &
server=$!
until grep -q http "$log/server"; do sleep 0.1; kill -0 "$server"; done
url=$(grep -o 'http://[^/]*' "$log/server")

memory() { awk '/VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$server/status"; }
metric() { curl -sf "$url/metrics" | awk -v name="$1" '$1 == name {print $2}'; }

# load CONNECTIONS SECONDS: requests a second, after what wrk says.
load() {
  local threads=$(($1 < 2 ? 1 : 2))
  wrk -t"$threads" -c"$1" -d"$2s" --timeout 10s --latency -s scripts/load.lua "$url/api/translate" \
    >"$log/wrk"
  if grep -E 'Socket errors|wrong: [1-9]' "$log/wrk" >&2; then exit 1; fi
  if [[ $1 -lt 1000 ]] && grep -E 'refused: [1-9]' "$log/wrk" >&2; then exit 1; fi
  awk -v c="$1" '/Requests\/sec/ {rate = $2} $1 == "50%" {half = $2} $1 == "99%" {most = $2}
    $1 == "refused:" {refused = $2} $2 == "requests" {all = $1}
    END {printf "%4d connections: %.0f requests/s, latency %s (median), %s (99 %%), %d of %d refused\n",
      c, rate, half, most, refused, all}' "$log/wrk" >&2
  awk '/Requests\/sec/ {print $2}' "$log/wrk"
}

echo "model $model, sentences $SENTENCES"
load 32 4 2>/dev/null >/dev/null  # warm-up
one=$(load 1 8)
batches=$(metric babelgrad_batch_sentences_count)
sentences=$(metric babelgrad_batch_sentences_sum)
samples=$log/memory
(while sleep "$((seconds / 6))"; do memory; echo; done) >"$samples" &
sampler=$!
many=$(load 32 "$seconds")
kill "$sampler"
awk -v one="$one" -v many="$many" -v memory="$(tr '\n' ' ' <"$samples")" \
  -v batches="$(($(metric babelgrad_batch_sentences_count) - batches))" \
  -v sentences="$(($(metric babelgrad_batch_sentences_sum) - sentences))" 'BEGIN {
    printf "32 connections: %.2f times the throughput of one, %.1f sentences a batch\n", many / one, sentences / batches
    printf "memory over the %d requests, MiB: %s\n", sentences, memory
  }'
load 1000 "$seconds" >/dev/null
echo "memory: $(memory) MiB"
kill -TERM "$server"
wait "$server"
echo "stopped with exit code $?"
