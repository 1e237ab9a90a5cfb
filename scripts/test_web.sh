#!/usr/bin/env bash
# Opens the explain and report pages (from disk) and the served page in Chromium, plays every step and reads the numbers:
# test_web.sh [BUILD FOLDER]. The models are small and trained here; screenshots go to BUILD/screenshots.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
scripts/install.sh --checks
scripts/build.sh "$build" babelgrad

work=$build/web-tests
mkdir -p "$work"
train() {  # train NAME OPTIONS...
  "$build/babelgrad" train --config data/demo.json --out "$work/$1" --overwrite \
    --max-updates "${updates:-900}" --snapshots 6 --valid-every 300 "${@:2}" 2>"$work/$1.log" ||
    { cat "$work/$1.log" >&2; exit 1; }
}
train luong --preset article
train plain --attention none
"$build/babelgrad" explain --model "$work/luong" --model "$work/plain" "je suis étudiant" \
  -o "$work/explain.html"
updates=100 train inside --preset bahdanau2014 --initial-state mean
updates=100 train fed --preset luong2015 --initial-state zero --readout linear
updates=100 train fixed --preset cho2014
updates=100 train demo
updates=100 train residual --layers 3 --residual --score dot
updates=100 train predicted --attention local_p --window 2
updates=100 train monotonic --attention monotonic --coverage
for model in inside fed fixed demo residual predicted monotonic; do
  "$build/babelgrad" explain --model "$work/$model" "je suis étudiant" -o "$work/$model.html"
done

python3 data/pictures.py --features "$work/pictures" >"$work/pictures.log"
for attention in global none; do
  "$build/babelgrad" train --source-features "$work/pictures/train.safetensors" \
    --target "$work/pictures/train.en" --tokenizer words --embedding 32 --encoder-hidden 32 \
    --hidden 32 --attention $attention --learning-rate 0.003 --max-updates 300 --snapshots 3 \
    --out "$work/picture-$attention" --overwrite 2>>"$work/pictures.log" ||
    { cat "$work/pictures.log" >&2; exit 1; }
done
"$build/babelgrad" explain --model "$work/picture-global" --model "$work/picture-none" \
  --source-features "$work/pictures/test.safetensors" 3 -o "$work/picture.html"
for model in global none; do
  "$build/babelgrad" report --model "$work/picture-$model" -o "$work/report-picture-$model.html"
done
"$build/babelgrad" report --model "$work/luong" -o "$work/report.html"

cd tests/web
npm ci --silent
npm run --silent format
BABELGRAD_BUILD=$build npm test
