#!/bin/sh
# Makes data/envoy-api-1.40.pb.gz anew: needs Go and the Go module proxy, takes about two minutes.
# For another version of Envoy: change VERSION, remove go.mod and go.sum, run.
set -eu
cd "$(dirname "$0")"
VERSION=1.40
CONTRIB=v1.36.1-0.20260729145720-a2d8c7492908 # contrib has no tags: the commit of the envoy module's tag
api=github.com/envoyproxy/go-control-plane
otlp=go.opentelemetry.io/proto/otlp

if [ ! -f go.mod ]; then
  go mod init sluice/tools/descriptors
  go get "$api/envoy@v$VERSION.0" "$api/contrib@$CONTRIB" "$otlp@v1.11.0"
fi
{
  echo 'package main'
  echo 'import ('
  {
    # Envoy itself no longer knows the v2 API.
    go list -mod=mod "$api/envoy/..." "$api/contrib/..." | grep -vE '/v[12][a-z0-9]*(/|$)'
    go list -mod=mod github.com/cncf/xds/go/udpa/type/... github.com/cncf/xds/go/xds/type/... "$otlp/collector/..."
    echo google.golang.org/grpc/health/grpc_health_v1
  } | sed 's/.*/_ "&"/'
  echo ')'
} > imports.go
gofmt -w imports.go
go mod tidy
go run -p 1 . "../../data/envoy-api-$VERSION.pb.gz"
rm imports.go
