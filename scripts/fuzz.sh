#!/usr/bin/env bash
# Fuzzes the server's handlers and HTTP with libFuzzer under the address and undefined behaviour
# sanitizers: SECONDS each (default 60). What it learns stays in build-fuzz/corpus; an input that
# breaks something is left in build-fuzz/ and the script fails. Needs clang-14 and libclang-rt-14-dev.
#   scripts/fuzz.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
scripts/build.sh build-fuzz "fuzz_service fuzz_session" \
  -DCMAKE_CXX_COMPILER=clang++-14 -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
  -DBABELGRAD_SANITIZE=fuzzer-no-link,address,undefined -DBABELGRAD_FUZZ=ON \
  -DBABELGRAD_TESTS=OFF -DBABELGRAD_BENCH=OFF
for target in service session; do
  mkdir -p "build-fuzz/corpus/$target"
  build-fuzz/fuzz_$target -max_total_time="$seconds" -max_len=4096 -timeout=10 \
    -artifact_prefix="build-fuzz/$target-" -dict=fuzz/$target.dict -print_final_stats=1 \
    "build-fuzz/corpus/$target" "fuzz/corpus/$target"
done
