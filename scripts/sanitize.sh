#!/usr/bin/env bash
# The test programs under clang's sanitizers, OpenBLAS on one thread:
#   scripts/sanitize.sh address [FOLDER ...]   address and undefined behaviour; all of them
#   scripts/sanitize.sh thread [FOLDER ...]    threads; those that start some: autograd, nn, models, apps
# FOLDER: one of tests/. Builds in build-sanitize and build-thread.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-}
shift || true
case $kind in
  address) sanitizers=address,undefined folder=build-sanitize folders=(base autograd nn text models apps) ;;
  thread) sanitizers=thread folder=build-thread folders=(autograd nn models apps) ;;
  *) sed -n '2,5p' scripts/sanitize.sh >&2 && exit 2 ;;
esac
if [[ $# -gt 0 ]]; then folders=("$@"); fi
targets=("${folders[@]/#/test_}")
if [[ " ${folders[*]} " == *" apps "* ]]; then targets+=(babelgrad); fi

CXX=clang++-14 scripts/build.sh "$folder" "${targets[*]}" -DCMAKE_BUILD_TYPE=Debug \
  "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1" -DBABELGRAD_SANITIZE="$sanitizers" -DBABELGRAD_BENCH=OFF
export OPENBLAS_NUM_THREADS=1
ctest --test-dir "$folder" -j 2 --output-on-failure -R "^($(IFS='|' && echo "${folders[*]}"))(_|\$)"
