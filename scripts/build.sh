#!/usr/bin/env bash
# Configures and builds into a folder: build.sh FOLDER "TARGETS" [cmake options ...]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 targets=$2
shift 2
generator=()  # a folder that was configured before keeps its own
if [[ ! -f $folder/CMakeCache.txt ]]; then generator=(-G Ninja); fi
cmake -S . -B "$folder" "${generator[@]}" "$@" >/dev/null
# shellcheck disable=SC2086  # several targets, one word each
cmake --build "$folder" --target $targets
