#!/usr/bin/env bash
# The direction of the includes: apps -> models -> nn -> autograd, and models, apps -> text. xtensor
# is included in autograd/array.h and nn/npy.cpp alone, cblas.h in autograd/products/gemm.cpp alone.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0

# check FOLDER ALLOWED...: FOLDER may include itself and the allowed folders.
check() {
  local folder=$1 allowed
  allowed=$(IFS='|'; echo "$*")
  if grep -rnE '#include [<"]babelgrad/' "$folder" --include='*.h' --include='*.cpp' |
      grep -vE "[<\"]babelgrad/($allowed)/"; then
    echo "$folder may include only: $*" >&2
    status=1
  fi
}
check autograd
check nn autograd
check text
check models nn autograd text
check apps models nn autograd text

# only FILE PATTERN: nothing but FILE includes a header that matches.
only() {
  if grep -rnE "#include [<\"]$2" autograd nn text models apps --include='*.h' --include='*.cpp' |
      grep -vE "^$1:"; then
    echo "only $1 may include $2" >&2
    status=1
  fi
}
only '(autograd/array.h|nn/npy.cpp)' 'xtensor/'
only autograd/products/gemm.cpp 'cblas'
exit $status
