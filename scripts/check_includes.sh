#!/usr/bin/env bash
# The direction of the includes: apps -> models -> nn -> autograd, and models, apps -> text; base is
# below all, and the rooms of models/ have an order of their own. xtensor is included in
# autograd/array.h and nn/npy.cpp alone, cblas.h in autograd/products/gemm.cpp alone, JSON is parsed
# in base/json.h alone, and nn/nn.h includes all of nn.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0

# check FOLDER ALLOWED...: FOLDER may include itself and the allowed folders.
check() {
  local folder=$1 allowed
  allowed=$(IFS='|'; echo "$*")
  if grep -rnE '#include [<"]babelgrad/' "$folder" --include='*.h' --include='*.cpp' |
      grep -vE "[<\"]babelgrad/($allowed)[/\"]"; then
    echo "$folder may include only: $*" >&2
    status=1
  fi
}
check base
check autograd base
check nn autograd base
check text base
check models nn autograd text base
check models/config nn autograd text base
check models/seq2seq models/config nn autograd text base
check models/search models/seq2seq models/config models/worker_pool.h nn autograd text base
check models/explanation models/search models/seq2seq models/config models/worker_pool.h nn autograd text base
check apps models nn autograd text base

# only FILE PATTERN: nothing but FILE includes a header that matches.
only() {
  if grep -rnE "#include [<\"]$2" base autograd nn text models apps --include='*.h' --include='*.cpp' |
      grep -vE "^$1:"; then
    echo "only $1 may include $2" >&2
    status=1
  fi
}
only '(autograd/array.h|nn/npy.cpp)' 'xtensor/'
only autograd/products/gemm.cpp 'cblas'
for header in nn/*.h; do
  if [[ $header != nn/nn.h ]] && ! grep -qF "babelgrad/$header" nn/nn.h; then
    echo "nn/nn.h does not include $header" >&2
    status=1
  fi
done
if grep -rnE '[Jj]son::(parse|accept|sax_parse)\(' base nn text models apps --include='*.h' \
    --include='*.cpp' | grep -v '^base/json.h:'; then
  echo "only base/json.h may parse JSON: parse_json bounds the depth" >&2
  status=1
fi
exit $status
