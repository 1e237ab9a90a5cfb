#!/bin/sh
# Runs in the clean Debian 12 of release.sh: both packages are installed and used as by someone who
# has nothing else, then the libraries are built from source with the few packages that they need.
# shellcheck disable=SC2046  # flags, several words
set -eu
cd "$(dirname "$0")"
say() { echo "-- $*"; }
install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >log 2>&1 ||
    { cat log && exit 1; }
}
quietly() { "$@" >log 2>&1 || { cat log && exit 1; }; }

say "babelgrad"
install ./babelgrad_*.deb
babelgrad --version
(cd source && quietly babelgrad train --config data/demo.json --max-updates 600 --out /tmp/model)
echo "je suis étudiant" | babelgrad translate --model /tmp/model | grep .
install man-db bash-completion
quietly man -l /usr/share/man/man1/babelgrad-train.1.gz
man -w babelgrad-train
bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader babelgrad
         complete -p babelgrad'

say "libbabelgrad-dev"
install ./libbabelgrad-dev_*.deb g++ cmake pkg-config make
consumer=source/tests/consumer
quietly c++ -std=c++20 $consumer/own_model.cpp -o own_model \
  $(pkg-config --cflags --libs babelgrad-nn)
./own_model
quietly cmake -S $consumer -B component -DWAY=component
quietly cmake --build component
component/own_op
component/own_model
say "libbabelgrad-dev with what it recommends"
install libsentencepiece-dev libutf8proc-dev
quietly cmake -S $consumer -B package -DWAY=package
quietly cmake --build package
package/seq2seq

say "gone again"
quietly apt-get purge -y -qq babelgrad libbabelgrad-dev libsentencepiece-dev libutf8proc-dev
if find /usr /etc /var/lib/dpkg/info -name '*babelgrad*' | grep .; then exit 1; fi

say "from source, inside another project"
install nlohmann-json3-dev libxxhash-dev
quietly cmake -S $consumer -B subdirectory -DWAY=subdirectory -DBABELGRAD_SOURCE="$PWD/source"
quietly cmake --build subdirectory --parallel "$(nproc)" --target own_model
subdirectory/own_model
