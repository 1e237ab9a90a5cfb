#!/usr/bin/env bash
# Installs what is missing, builds, draws the bundled pictures, trains a model that says what is on them
# (at most 90 seconds), measures it on held-out pictures and shows where it looks at each word.
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-build/pictures-model}
pictures=build/pictures

scripts/install.sh
scripts/build.sh build babelgrad
echo "== drawing data/pictures =="
python3 data/pictures.py --features "$pictures"
echo
echo "== training on $pictures/train =="
build/babelgrad train --config data/pictures.json --out "$model" --overwrite
echo
echo "== held-out pictures: $pictures/test =="
build/babelgrad evaluate --model "$model" --source-features "$pictures/test.safetensors" \
  --reference "$pictures/test.en"
echo
echo "== what it says of the first of them, and what they show =="
build/babelgrad translate --model "$model" --source-features "$pictures/test.safetensors" |
  paste -d '|' - "$pictures/test.en" | awk -F '|' 'NR <= 8 { print $1 "  |  " $2 }'
echo
echo "== where it looks at each word =="
page=$model/explain.html
build/babelgrad explain --model "$model" --source-features "$pictures/test.safetensors" 3 -o "$page"
echo "Open $page in a browser."
