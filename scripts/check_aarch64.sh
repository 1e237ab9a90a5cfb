#!/usr/bin/env bash
# Compiles everything for AArch64 with Debian's cross compiler and runs the kernels' tests under
# QEMU, or the cases that are asked for: check_aarch64.sh [arguments of test_autograd]. Debian's arm64
# libraries are unpacked into the build folder. Takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$PWD/build-aarch64 root=$PWD/build-aarch64/root
cases=("$@")
if [[ ${#cases[@]} -eq 0 ]]; then cases=("-tc=kernels*,the table in use*"); fi

scripts/install.sh --aarch64
packages=$(scripts/install.sh --list | grep -e '-dev$')
if [[ $(cat "$root/packages" 2>/dev/null) != "$packages" ]]; then
  apt=$build/apt
  rm -rf "$apt" "$root"
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
  touch "$apt/status"
  arm64=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64
    -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache")
  "${arm64[@]}" update
  # shellcheck disable=SC2086  # several packages, one word each
  "${arm64[@]}" install -y --no-install-recommends --download-only $packages
  for package in "$apt"/cache/archives/*.deb; do dpkg -x "$package" "$root"; done
  echo "$packages" >"$root/packages"
fi

libraries=$root/usr/lib/aarch64-linux-gnu
export PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_LIBDIR=$libraries/pkgconfig:$libraries/openblas-pthread/pkgconfig
scripts/build.sh "$build" "test_autograd babelgrad" -DCMAKE_SYSTEM_NAME=Linux \
  -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
  -DCMAKE_FIND_ROOT_PATH="$root" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER -DBABELGRAD_BENCH=OFF
emulated=(qemu-aarch64 -L "$root" -E "LD_LIBRARY_PATH=$libraries:$libraries/openblas-pthread")
"${emulated[@]}" "$build/test_autograd" "${cases[@]}"
"${emulated[@]}" "$build/babelgrad" --version
