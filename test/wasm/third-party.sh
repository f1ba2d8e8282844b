#!/bin/sh
# Builds proxy-wasm programs of other people from their registries: `third-party.sh NAME FOLDER` puts NAME.wasm into
# FOLDER, which also holds what was downloaded. NAME: coraza (Go 1.24 or later), solo or gcore (npm).
set -eu
name=$1
mkdir -p "$2"
cd "$2"

# The OWASP Coraza web application firewall, whose SDK is for TinyGo: the SDK of the same interface for Go takes its place.
build_coraza() {
  version=v0.0.0-20260824140537-b1770f5b0be3
  sdk=github.com/proxy-wasm/proxy-wasm-go-sdk
  directory=$(go mod download -json "github.com/corazawaf/coraza-proxy-wasm@$version" | sed -n 's/.*"Dir": "\(.*\)",/\1/p')
  rm -rf coraza
  cp -r "$directory" coraza
  chmod -R u+w coraza
  cd coraza
  rm -rf go.work go.work.sum magefiles mage.go init_tinygo.go e2e ftw example ./*_test.go wasmplugin/*_test.go
  find . -name '*.go' -exec sed -i "s#github.com/tetratelabs/proxy-wasm-go-sdk#$sdk#" {} +
  # The module is a reactor: what main did is done when it is initialised.
  sed -i 's/^func main() {/func main() {}\n\nfunc init() {/' main.go
  go mod edit -droprequire github.com/tetratelabs/proxy-wasm-go-sdk -require "$sdk@v0.0.0-20260105142703-44c7d5847745"
  GOFLAGS=-mod=mod GOOS=wasip1 GOARCH=wasm \
    go build -trimpath -tags no_fs_access -ldflags='-s -w' -buildmode=c-shared -o ../coraza.wasm.new .
  cd ..
  mv coraza.wasm.new coraza.wasm
}

# older_program SDK: the same filter for each of them, in assembly/index.ts.
older_program() {
  cat >assembly/index.ts <<PROGRAM
export * from "$1/proxy";
import { RootContext, Context, registerRootContext, FilterHeadersStatusValues, stream_context } from "$1";

class Root extends RootContext {
  createContext(context_id: u32): Context {
    return new Filter(context_id, this);
  }
}

class Filter extends Context {
  constructor(context_id: u32, root: Root) {
    super(context_id, root);
  }
  onRequestHeaders(_a: u32, _end: bool): FilterHeadersStatusValues {
    stream_context.headers.request.add("x-older", stream_context.headers.request.get(":path"));
    return FilterHeadersStatusValues.Continue;
  }
  onResponseHeaders(_a: u32, _end: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add("x-older", this.root_context.getConfiguration());
    return FilterHeadersStatusValues.Continue;
  }
}

registerRootContext((context_id: u32) => new Root(context_id), "");
PROGRAM
}

# A program of ours on the SDK that most AssemblyScript filters were written with, and its old compiler.
build_solo() {
  mkdir -p solo/assembly
  cd solo
  echo '{"private": true}' >package.json
  npm install --no-audit --no-fund --silent @solo-io/proxy-runtime@0.1.8 assemblyscript@0.17.14
  older_program @solo-io/proxy-runtime
  npx asc assembly/index.ts --binaryFile ../solo.wasm --use abort=abort_proc_exit -O3
  cd ..
}

build_gcore() {
  mkdir -p gcore/assembly
  cd gcore
  echo '{"private": true}' >package.json
  npm install --no-audit --no-fund --silent @gcoredev/proxy-wasm-sdk-as@1.2.3 @assemblyscript/wasi-shim@0.1.0 assemblyscript@0.28.20
  older_program @gcoredev/proxy-wasm-sdk-as/assembly
  echo '{"extends": "./node_modules/@assemblyscript/wasi-shim/asconfig.json"}' >asconfig.json
  npx asc assembly/index.ts --config asconfig.json --outFile ../gcore.wasm --use abort=abort_proc_exit -O3
  cd ..
}

"build_$name"
