#!/usr/bin/env bash
# Which lines the tests reach (clang's source-based coverage): builds in build-coverage, runs all test
# programs, prints a table, a row a folder, and leaves the lines that none reaches in
# build-coverage/missed.txt and pages in build-coverage/html.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install.sh --checks
folders=(base autograd nn text models apps)
targets=("${folders[@]/#/test_}" babelgrad)
CXX=clang++-14 scripts/build.sh build-coverage "${targets[*]}" -DCMAKE_BUILD_TYPE=Debug \
  "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1 -fprofile-instr-generate -fcoverage-mapping" \
  -DBABELGRAD_BENCH=OFF
cd build-coverage
rm -rf profiles
export LLVM_PROFILE_FILE=$PWD/profiles/%4m.profraw OPENBLAS_NUM_THREADS=1
ctest -j 2 -R "^($(IFS='|' && echo "${folders[*]}"))(_|\$)" ||
  echo "coverage.sh: two cases of full disks fail, since what is measured cannot be written either" >&2
llvm-profdata-14 merge -sparse profiles/*.profraw -o all.profdata

programs=(babelgrad)
for folder in "${folders[@]}"; do programs+=(-object "test_$folder"); done
report=(-instr-profile=all.profdata "${programs[@]}" "-ignore-filename-regex=^/usr/|/tests/")
llvm-cov-14 export -format=lcov "${report[@]}" >lines.lcov
llvm-cov-14 show -format=html -output-dir=html "${report[@]}" >/dev/null

# Of each line of code of the project the most often that any test reached it.
awk -v root="$(cd .. && pwd -P)/" -F '[:,]' '
  $1 == "SF" {file = $2; sub(".*/build-coverage/include/babelgrad/", root, file); sub(root, "", file)}
  $1 == "DA" && file !~ /^build/ && $3 + 0 >= most[file ":" $2] + 0 {most[file ":" $2] = $3 + 0}
  END {for (line in most) print line ":" most[line]}' lines.lcov | sort -t : -k 1,1 -k 2,2n >lines.txt
awk -F : '$3 == 0 {print $1 ":" $2}' lines.txt | while IFS=: read -r file line; do
  printf '%s:%s:%s\n' "$file" "$line" "$(sed -n "${line}p" "../$file")"
done >missed.txt
awk -F '[:/]' '{++all[$1]; if ($NF > 0) ++reached[$1]}
  END {for (folder in all) printf "%-10s %6d lines, %5.1f %% reached\n", folder, all[folder], 100 * reached[folder] / all[folder]}' \
  lines.txt | sort
