#!/usr/bin/env bash
# check.sh COMPILER FLAGS...: mistakes.cpp has the errors that its comments announce, and no others.
set -uo pipefail
file=$(cd "$(dirname "$0")" && pwd)/mistakes.cpp
log=$(LC_ALL=C "$@" -fsyntax-only -Werror=unused-result -Wno-unused -fno-diagnostics-show-caret \
  "$file" 2>&1)
status=0
fail() {
  echo "mistakes.cpp:$1" >&2
  status=1
}

# The error of line $1 with its notes: up to the next error.
error_of() {
  awk -v place="mistakes.cpp:$1:" '/error:/ {on = index($0, place) && !seen; seen += on} on' <<<"$log"
}

announced=$(grep -n '// error: ' "$file")
while IFS= read -r line; do
  number=${line%%:*} text=${line##*// error: }
  got=$(error_of "$number")
  if [[ -z $got ]]; then
    fail "$number compiles"
  elif ! grep -qF -- "$text" <<<"$got"; then
    fail "$number: the error does not say \"$text\":"$'\n'"$got"
  fi
done <<<"$announced"
while IFS= read -r number; do
  grep -q "^$number:" <<<"$announced" || fail "$number has an error: $(error_of "$number")"
done < <(grep -oE 'mistakes.cpp:[0-9]+:[0-9]+: error' <<<"$log" | cut -d: -f2 | sort -un)
if [[ $(grep -c . <<<"$announced") -lt 30 ]]; then fail "0: too few mistakes were found"; fi
exit $status
