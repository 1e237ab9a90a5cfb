#!/usr/bin/env bash
# Makes the Debian packages babelgrad and libbabelgrad-dev in build-package/, checks them with
# lintian, and tries them in a clean Debian 12 that is made for it (mmdebstrap, with this machine's
# apt sources) and thrown away. DEBFULLNAME and DEBEMAIL name the maintainer. Needs root, or user
# namespaces.
#
# Run:     scripts/release.sh
# Expect:  "release: ok" and the paths of the two packages
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install.sh --release

# Each file alone: so it must include what it uses.
scripts/build.sh build-package all -DCMAKE_INSTALL_PREFIX=/usr -DBABELGRAD_TESTS=OFF \
  -DBABELGRAD_BENCH=OFF -DCMAKE_UNITY_BUILD=OFF -DBABELGRAD_ZSH_DIR=share/zsh/vendor-completions
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f build-package/*.deb
(cd build-package && cpack) >"$work/log" 2>&1 || { cat "$work/log" >&2 && exit 1; }
suppressed=()  # nobody has said who maintains them
if [[ -z ${DEBEMAIL:-} ]]; then
  suppressed=(--suppress-tags "bogus-mail-host,bogus-mail-host-in-debian-changelog")
fi
lintian --allow-root --fail-on error,warning "${suppressed[@]}" build-package/*.deb

# What the clean system is given: the packages, the programs of tests/consumer, data, the sources.
mkdir -p "$work/babelgrad/source"
cp build-package/*.deb scripts/release_check.sh "$work/babelgrad"
git ls-files -co --exclude-standard -z | xargs -0 cp --parents -t "$work/babelgrad/source"
apt-config dump Acquire >"$work/apt.conf"
mapfile -t sources < <(grep -slE '^(Suites:|deb ).* ?bookworm( |$)' /etc/apt/sources.list \
  /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources)
clean="env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8"  # nothing of this shell
mmdebstrap --quiet --variant=apt --format=null --aptopt="$work/apt.conf" \
  --customize-hook="copy-in $work/babelgrad /" \
  --customize-hook="$clean chroot \"\$1\" sh /babelgrad/release_check.sh" \
  bookworm /dev/null "${sources[@]}"
echo "release: ok"
ls build-package/*.deb
