#!/usr/bin/env bash
# Installs what is missing, builds, trains a French-English model on the bundled corpus (at most 90
# seconds), measures it on held-out sentences and shows what it attends to.
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-build/demo-model}

scripts/install.sh
scripts/build.sh build babelgrad
echo "== training on data/train.fr, data/train.en =="
build/babelgrad train --config data/demo.json --out "$model" --overwrite
echo
echo "== held-out sentences: data/test.fr, data/test.en =="
build/babelgrad evaluate --model "$model" --source data/test.fr --reference data/test.en \
  --alignments data/test.align
echo
echo "== what the model looks at: rows are the words it wrote, columns the words it read =="
{ echo "je suis étudiant"; grep -v '^je suis étudiant$' data/test.fr | awk 'NR % 150 == 20'; } |
  build/babelgrad translate --model "$model" --attention
echo
echo "== how it does it, step by step, forward and backward =="
page=$model/explain.html
build/babelgrad explain --model "$model" "je suis étudiant" -o "$page"
echo "Open $page in a browser."
echo
echo "The model is in $model. Try: echo \"nous sommes étudiants\" | build/babelgrad translate --model $model --attention"
