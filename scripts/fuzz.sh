#!/usr/bin/env bash
# Fuzzes everything that reads what others wrote with libFuzzer under the address and undefined
# behaviour sanitizers: the server's HTTP and handlers (service, session) and each parser of files
# (fuzz/parsers.cpp), SECONDS each (default 60), two at a time. What it learns stays in
# build-fuzz/corpus; an input that breaks something is left in build-fuzz/ and the script fails.
# Needs clang-14 and libclang-rt-14-dev.
#   scripts/fuzz.sh [SECONDS] [NAME ...]        e.g. scripts/fuzz.sh 600 config vocabulary
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
scripts/build.sh build-fuzz "fuzz_service fuzz_session fuzz_parsers" \
  -DCMAKE_CXX_COMPILER=clang++-14 -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
  -DBABELGRAD_SANITIZE=fuzzer-no-link,address,undefined -DBABELGRAD_FUZZ=ON \
  -DBABELGRAD_TESTS=OFF -DBABELGRAD_BENCH=OFF
cd build-fuzz
TMPDIR=$(mktemp -d -p /dev/shm || mktemp -d)  # of the files that the parsers read
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
mkdir -p corpus/service corpus/session
cp -r ../fuzz/corpus/* corpus/
names=$(./fuzz_parsers --seeds=corpus)
mapfile -t parsers <<<"$names"
# The deepest nesting that a request can hold.
printf '0{"beam": %s' "$(head -c 480000 /dev/zero | tr '\0' '[')" >corpus/service/deep

# fuzz NAME: runs one target; inputs grow to 1 MiB, which is a request's limit.
fuzz() {
  local program=./fuzz_$1 options=()
  if [[ " ${parsers[*]} " == *" $1 "* ]]; then
    program=./fuzz_parsers options=("--parser=$1")
  else
    options=("-dict=../fuzz/$1.dict")
  fi
  if "$program" "${options[@]}" -max_total_time="$seconds" -max_len=1048576 -timeout=20 -rss_limit_mb=6000 \
    -artifact_prefix="$1-" -print_final_stats=1 "corpus/$1" >"$1.log" 2>&1; then
    awk -v name="$1" '/number_of_executed_units/ {runs = $2} /slowest_unit_time_sec/ {slowest = $2}
      / cov: / {for (i = 1; i < NF; ++i) if ($i == "cov:") cov = $(i + 1)}
      END {printf "%-15s %10d inputs, %6d places reached, slowest %d s\n", name, runs, cov, slowest}' "$1.log"
  else
    tail -n 40 "$1.log" >&2
    echo "$1: FAILED, see build-fuzz/$1.log" >&2
    return 1
  fi
}

targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then targets=(service session "${parsers[@]}"); fi
status=0
for ((i = 0; i < ${#targets[@]}; i += 2)); do
  running=()
  for target in "${targets[@]:i:2}"; do
    fuzz "$target" &
    running+=($!)
  done
  for job in "${running[@]}"; do wait "$job" || status=1; done
done
exit $status
