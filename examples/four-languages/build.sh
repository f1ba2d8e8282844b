#!/bin/sh
# Builds the four modules (or those named: assemblyscript, rust, go, c); the results are committed. What each language needs
# stands in tools/wasm-toolchains.sh.
set -eu
cd "$(dirname "$0")/../.."
. tools/wasm-toolchains.sh
here=examples/four-languages

[ $# -gt 0 ] || set -- assemblyscript rust go c
for language; do
  case $language in
    assemblyscript) npm run --silent build:filters four-languages ;;
    rust) wasm_rust "$here/rust" served-by "$here/rust.wasm" ;;
    go) wasm_go "$here/go" . "$here/go.wasm" ;;
    c) wasm_c "$here/c/served-by.c" "$here/c.wasm" ;;
  esac
done
