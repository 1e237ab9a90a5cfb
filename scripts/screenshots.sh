#!/usr/bin/env bash
# The README's pictures, docs/*.png, from the demo's model (scripts/demo.sh trains it):
# screenshots.sh [MODEL]
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-build/demo-model}
scripts/install.sh --checks
build/babelgrad explain --model "$model" "je suis étudiant" -o build/screenshots.html
(cd tests/web && npm ci --silent)
node tests/web/screenshots.js build/screenshots.html docs
ls -l docs/*.png
