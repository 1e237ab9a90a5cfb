#!/usr/bin/env bash
# One binary for many processors: the kernels of the newer instruction sets may define no function
# that the linker could take for the whole program, such as a template of the standard library
# compiled with their flags: check_dispatch.sh libbabelgrad_autograd.a (a Release build for x86-64).
set -euo pipefail
for set in avx2 avx512 bfloat16_x86 int8_x86 int8_avx2; do
  symbols=$(nm -AC "$1" 2>/dev/null | grep ":$set\.cpp\.o:") ||
    { echo "$1: holds no $set.cpp.o" >&2; exit 1; }
  if grep -E ' [WVu] ' <<<"$symbols" | grep -vE '(xsimd::|<)(avx2|fma3|avx512bw)|personality'; then
    echo "$set.cpp defines functions that do not belong to its instruction set alone" >&2
    exit 1
  fi
done
