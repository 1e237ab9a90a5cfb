#!/usr/bin/env bash
# Installs what Babelgrad is built with on Debian 12 (apt; sudo when not root). Does nothing when all
# of it is there. `install.sh --checks` adds the tools of .ci/run, `install.sh --docs` those of docs.sh,
# `install.sh --aarch64` those of check_aarch64.sh, `install.sh --release` those of release.sh;
# `install.sh --list` only names the packages.
set -euo pipefail

packages=(g++ cmake ninja-build pkg-config
  libxtensor-dev xtl-dev libxsimd-dev libopenblas-dev libxxhash-dev nlohmann-json3-dev
  libcli11-dev libsentencepiece-dev libutf8proc-dev doctest-dev libbenchmark-dev
  libboost-dev prometheus-cpp-dev graphviz librsvg2-bin strace)
if [[ "${1:-}" == --list ]]; then printf '%s\n' "${packages[@]}" && exit; fi
if [[ "${1:-}" == --aarch64 ]]; then packages+=(g++-aarch64-linux-gnu qemu-user); fi
if [[ "${1:-}" == --docs ]]; then packages=(python3 mkdocs mkdocs-material doxygen); fi
if [[ "${1:-}" == --release ]]; then packages+=(dpkg-dev lintian mmdebstrap); fi
if [[ "${1:-}" == --checks ]]; then
  packages+=(clang-format clang-14 llvm-14 libclang-rt-14-dev wrk curl nginx-light openssl python3 python3-xxhash chromium fonts-inter
    man-db zsh fish libopenmpi-dev openmpi-bin)
  if ! command -v npm >/dev/null; then packages+=(nodejs npm); fi
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

sudo=()
if [[ $(id -u) -ne 0 ]]; then sudo=(sudo); fi
echo "installing: ${missing[*]}" >&2
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends \
  "${missing[@]}" >/dev/null
