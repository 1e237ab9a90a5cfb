#!/usr/bin/env bash
# Runs the proxy that docs/serving.md recommends, as it stands there, before a server: TLS, the
# client's address, the token. Exit code 77 where there is no nginx (scripts/install.sh --checks).
#   scripts/check_proxy.sh [BUILD]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || exit 77
command -v openssl curl >/dev/null || exit 77
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT

"$build/babelgrad" train --source data/train.fr --target data/train.en --tokenizer words \
  --embedding 8 --encoder-hidden 8 --hidden 8 --max-updates 1 \
  --out "$work/model" >/dev/null 2>&1
echo "0123456789abcdef proxy" >"$work/tokens"
"$build/babelgrad" serve --model "$work/model" --port 0 --allow-host translate.example \
  --trusted-proxy 127.0.0.1 --token-file "$work/tokens" --access-log "$work/log" 2>"$work/server" &
until grep -q http "$work/server"; do sleep 0.1; kill -0 $!; done
port=$(grep -oP 'http://127.0.0.1:\K[0-9]+' "$work/server")

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
  -subj /CN=translate.example -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
# The block of the document, at a socket of this folder instead of port 443.
{
  echo "daemon off; pid $work/pid; error_log $work/error; events {}"
  echo "http { access_log off; client_body_temp_path $work/body; proxy_temp_path $work/proxy;"
  echo "fastcgi_temp_path $work/a; uwsgi_temp_path $work/b; scgi_temp_path $work/c;"
  awk '/^```nginx/ {on = 1; next} /^```/ {on = 0} on' docs/serving.md |
    sed "s|listen 443 ssl|listen unix:$work/socket ssl|; s|127.0.0.1:8080|127.0.0.1:$port|
      s|/etc/ssl/translate|$work|; s|TOKEN|0123456789abcdef|"
  echo "}"
} >"$work/nginx.conf"
grep -q "127.0.0.1:$port" "$work/nginx.conf"
"$nginx" -e "$work/error" -c "$work/nginx.conf" &
until [[ -S $work/socket ]]; do sleep 0.1; kill -0 $!; done

ask() {
  curl -sS --cacert "$work/cert.pem" --unix-socket "$work/socket" "https://translate.example$1" \
    "${@:2}"
}
[[ $(ask /healthz) == ok ]]
ask /api/translate -H 'Content-Type: application/json' -H 'X-Request-Id: from-the-client' \
  -d '{"sentences": "je vois"}' | grep -q '"results"'
ask / >"$work/page"
grep -q '<!doctype html>' "$work/page"
# Without the proxy there is neither token nor host.
[[ $(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/api/model") == 401 ]]
[[ $(curl -s -o /dev/null -w '%{http_code}' -H 'Host: x' "http://127.0.0.1:$port/healthz") == 421 ]]
grep -q '"id":"from-the-client","client":"proxy","method":"POST"' "$work/log"
echo "the proxy of docs/serving.md works"
