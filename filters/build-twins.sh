#!/bin/sh
# Builds the filters that exist in Rust and Go beside AssemblyScript: `filters/build-twins.sh` all, or those named (cors-rust).
# The results are committed, so that nobody needs a toolchain to run them.
set -eu
cd "$(dirname "$0")/.."
. tools/wasm-toolchains.sh

[ $# -gt 0 ] || set -- cors-rust ip-block-rust maintenance-rust cors-go maintenance-go
for twin; do
  name=${twin%-*}
  case $twin in
    *-rust) wasm_rust filters/rust "$name" "filters/$name/$twin.wasm" ;;
    *-go) wasm_go filters/go "./$name" "filters/$name/$twin.wasm" ;;
  esac
done
