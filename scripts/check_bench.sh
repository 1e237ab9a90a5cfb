#!/usr/bin/env bash
# Every op of autograd/ops.h is called in bench/ops.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
while read -r op; do
  grep -qE "(^|[^.>a-z_])$op(<float>)?\(" bench/ops*.cpp ||
    { echo "bench/ops has no case for $op" >&2; status=1; }
done < <(sed -nE 's/^[A-Za-z]+<T> ([a-z0-9_]+)\(.*/\1/p' autograd/ops.h | sort -u)
exit $status
