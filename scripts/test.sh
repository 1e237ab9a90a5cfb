#!/usr/bin/env bash
# Installs what is missing, builds everything in Release mode and runs all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install.sh
scripts/build.sh build all
# Three at once: those of the server wait more than they compute.
ctest --test-dir build -j 3 --output-on-failure
