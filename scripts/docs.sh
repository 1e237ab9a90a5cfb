#!/usr/bin/env bash
# Builds the documentation's site, build/site, from docs/ and the headers; nothing in it is loaded
# from elsewhere. A broken link fails. To read it with its search:
# python3 -m http.server -d build/site
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install.sh --docs
scripts/docs_site.py
mkdir -p build/include
ln -sfn "$PWD" build/include/babelgrad  # as cmake makes it
doxygen docs/Doxyfile
mkdocs build --strict --quiet -f docs/mkdocs.yml
if grep -rlE '(src|href)="https?://[^"]*\.(js|css)|@import|fonts\.g' build/site --include='*.html'; then
  echo "docs.sh: these pages load something from elsewhere" >&2
  exit 1
fi
echo "open build/site/index.html"
