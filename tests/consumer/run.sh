#!/bin/sh
# The programs of this folder outside the tree, on Babelgrad as its users take it: installed
# (find_package and pkg-config), and built inside their project (add_subdirectory, with clang 14 where
# that is installed; FetchContent, from a git repository). All but the first find nothing on the
# machine but xtensor, xtl, xsimd, a BLAS, and the headers of JSON and xxHash.
#
# Run:     tests/consumer/run.sh BUILD_DIR
# Expect:  a line from each program, then "consumer: ok"
# shellcheck disable=SC2046,SC2086  # lists of options, unquoted
set -eu

if [ $# -ne 1 ] || [ ! -f "$1/cmake_install.cmake" ]; then
  echo "usage: tests/consumer/run.sh BUILD_DIR (a finished build of Babelgrad)" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# What must work quietly: its output appears only if it fails.
quietly() {
  if ! "$@" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
  fi
}
fail() {
  echo "consumer: $*" >&2
  exit 1
}

# build WAY PROGRAM [cmake options]: configures CMakeLists.txt, builds all or only PROGRAM, runs it.
build() {
  way=$1 program=$2
  shift 2
  echo "-- $way"
  quietly cmake -S "$here" -B "$work/$way" -DWAY="$way" -G Ninja -DBABELGRAD_SOURCE="$source" \
    -DCMAKE_PREFIX_PATH="$prefix" "$@"
  quietly cmake --build "$work/$way" --parallel 2 --target "$program"
  "$work/$way/$program"
}

prefix=$work/prefix
quietly cmake --install "$1" --prefix "$prefix"
if grep -rq --include='*.cmake' --include='*.pc' -e "$source" -e "$(cd "$1" && pwd)" "$prefix"; then
  fail "the installed package refers to the source or build folder"
fi
for package in libbabelgrad-dev babelgrad; do
  cmp -s "$source/LICENSE" "$prefix/share/doc/$package/copyright" || fail "$package has no licence"
done
build package all_headers
quietly cmake --build "$work/package"
for program in own_op own_model seq2seq; do "$work/package/$program"; done

# From here on nothing else is found.
mkdir "$work/modules"
for module in xtensor xtl xsimd openblas; do
  ln -s "$(pkg-config --variable=pcfiledir $module)/$module.pc" "$work/modules/"
done
libdir=$(dirname "$(find "$prefix" -name babelgrad-nn.pc)")
export PKG_CONFIG_PATH="" PKG_CONFIG_LIBDIR="$libdir:$work/modules"
if pkg-config --exists sentencepiece; then fail "sentencepiece is not hidden"; fi
hidden="-DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON -DCMAKE_DISABLE_FIND_PACKAGE_benchmark=ON"
build component own_model $hidden
if cmake -S "$here" -B "$work/models" -DWAY=component -DCOMPONENT=models \
  -DCMAKE_PREFIX_PATH="$prefix" $hidden >"$work/log" 2>&1; then
  fail "there is a component models without SentencePiece"
fi
tr -s ' \n' ' ' <"$work/log" | grep -q 'text needs sentencepiece, libutf8proc, which cannot be found' ||
  { cat "$work/log" >&2 && fail "the missing libraries are not named"; }

echo "-- pkg-config"
quietly c++ -std=c++20 -o "$work/own_model" "$here/own_model.cpp" \
  $(pkg-config --cflags --libs babelgrad-nn)
"$work/own_model"

clang=
if command -v clang++-14 >/dev/null; then clang=-DCMAKE_CXX_COMPILER=clang++-14; fi
prefix=
build subdirectory own_model $hidden $clang
quietly cmake --install "$work/subdirectory" --prefix "$work/own"
[ "$(find "$work/own" -type f | wc -l)" -eq 1 ] || fail "Babelgrad is in its parent's install"
repository=$work/repository
mkdir "$repository"
(cd "$source" && git ls-files -co --exclude-standard -z | xargs -0 cp --parents -t "$repository")
quietly git -C "$repository" init
quietly git -C "$repository" add .
quietly git -C "$repository" -c user.name=consumer -c user.email= commit -m "The working tree"
build fetch own_op $hidden -DBABELGRAD_SOURCE="$repository"
echo "consumer: ok"
