#!/usr/bin/env bash
# Installs what is missing, builds babelgrad and tortures it for so many minutes (default 5): kills,
# faults, damaged files, wrong options, hostile clients (docs/reliability.md). Prints what was tried
# and what failed, and how to repeat it; fails if something did.
#   scripts/torture.sh [MINUTES] [--seed N] [--only PART[:CASE]] [--build DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
build=build
for ((i = 1; i < $#; ++i)); do
  next=$((i + 1))
  if [[ ${!i} == --build ]]; then build=${!next}; fi
done
scripts/install.sh --checks
scripts/build.sh "$build" babelgrad
exec /usr/bin/python3 tests/torture/run.py "$@"
