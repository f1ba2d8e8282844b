# Builds wasm modules from Rust, Go and C; sourced by the scripts that build fixtures, examples and the filters' twins.
# Rust needs a wasm32-wasip1 target: rustup's, or on Debian the packages rustc-web cargo-web rust-web-src lld-22 wasi-libc (then
# set SLUICE_RUST=debian). Go must be 1.24 or later. C needs clang and lld for wasm32 (Debian: clang-19 lld-19; CLANG names another).

# wasm_rust FOLDER CRATE OUT [FEATURE]: the crate's cdylib of the package or workspace in FOLDER.
wasm_rust() {
  target=${CARGO_TARGET_DIR:-${TMPDIR:-/tmp}/sluice-wasm-target}
  # Machines' own paths stay out of the modules.
  remap="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$(cd "$1" && pwd)=."
  (
    cd "$1"
    export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="$remap"
    if [ "${SLUICE_RUST:-rustup}" = debian ]; then
      export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld-22
      export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="$remap -Clink-self-contained=no -Clink-arg=-L/usr/lib/wasm32-wasi"
      /usr/bin/cargo build -p "$2" -Zbuild-std=std,panic_abort --release --target wasm32-wasip1 --target-dir "$target" --features "${4-}"
    else
      cargo build -p "$2" --release --target wasm32-wasip1 --target-dir "$target" --features "${4-}"
    fi
  )
  cp "$target/wasm32-wasip1/release/$(echo "$2" | tr - _).wasm" "$3"
}

# wasm_go FOLDER PACKAGE OUT: a reactor module.
wasm_go() {
  (cd "$1" && GOOS=wasip1 GOARCH=wasm go build -trimpath -ldflags='-s -w' -buildmode=c-shared -o "$OLDPWD/$3" "$2")
}

# wasm_c SOURCE OUT: without a libc.
wasm_c() {
  "${CLANG:-clang-19}" --target=wasm32 -O2 -nostdlib -fno-builtin -Wall -Wl,--no-entry -Wl,--strip-all -o "$2" "$1"
}
