#!/usr/bin/env bash
# Opens the explain page (from disk) and the served page in Chromium, plays every step and reads the numbers:
# test_web.sh [BUILD FOLDER]. The models are small and trained here; screenshots go to BUILD/screenshots.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
scripts/install.sh --checks
scripts/build.sh "$build" babelgrad

work=$build/web-tests
mkdir -p "$work"
train() {  # train NAME OPTIONS...
  "$build/babelgrad" train --source data/train.fr --target data/train.en \
    --valid-source data/valid.fr --valid-target data/valid.en --valid-size 100 \
    --out "$work/$1" --overwrite --embedding 32 --encoder-hidden 32 --hidden 48 --valid-every 150 \
    --max-updates 300 --snapshots 5 "${@:2}" 2>"$work/$1.log" || { cat "$work/$1.log" >&2; exit 1; }
}
train luong
train plain --architecture plain
"$build/babelgrad" explain --model "$work/luong" --model "$work/plain" "je suis étudiant" \
  -o "$work/explain.html"

cd tests/web
npm ci --silent
BABELGRAD_BUILD=$build npm test
