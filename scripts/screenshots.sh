#!/usr/bin/env bash
# The README's pictures, docs/*.png, from the models of both demos (scripts/demo.sh and
# scripts/demo_pictures.sh train them): screenshots.sh [MODEL [PICTURES_MODEL]]
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-build/demo-model}
pictures_model=${2:-build/pictures-model}
scripts/install.sh --checks
build/babelgrad explain --model "$model" "je suis étudiant" -o build/screenshots.html
build/babelgrad explain --model "$pictures_model" \
  --source-features build/pictures/test.safetensors 3 -o build/screenshots-pictures.html
(cd tests/web && npm ci --silent)
node tests/web/screenshots.js build/screenshots.html build/screenshots-pictures.html docs
ls -l docs/*.png
