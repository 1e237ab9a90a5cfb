#!/bin/sh
# Installs a finished build into a temporary prefix, builds the programs of this folder against the
# installed package alone, and runs them.
#
# Run:     tests/consumer/run.sh BUILD_DIR
# Expect:  a line from each of three programs, then "consumer: ok"
set -eu

if [ $# -ne 1 ] || [ ! -f "$1/cmake_install.cmake" ]; then
  echo "usage: tests/consumer/run.sh BUILD_DIR (a finished build of Babelgrad)" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# What must work quietly: its output appears only if it fails.
quietly() {
  if ! "$@" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
  fi
}

quietly cmake --install "$1" --prefix "$work/prefix"
if grep -rq --include='*.cmake' -e "$here" -e "$(cd "$1" && pwd)" "$work/prefix"; then
  echo "consumer: the installed package refers to the source or build folder" >&2
  exit 1
fi
quietly cmake -S "$here" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix"
quietly cmake --build "$work/build"
for program in own_op own_model seq2seq all_headers; do
  "$work/build/$program"
done
echo "consumer: ok"
