/** The one list of what is built in: everything that a type URL of the configuration can select. */
import type { Extension } from '../core/extension.ts'
import { fileAccessLog } from './access-loggers/file/file.ts'
import { celAccessLogFilter } from './access-loggers/filters/cel/cel.ts'
import { stderrAccessLog } from './access-loggers/stderr/stderr.ts'
import { stdoutAccessLog } from './access-loggers/stdout/stdout.ts'
import { wasmAccessLog } from './access-loggers/wasm/wasm.ts'
import { wasmService } from './bootstrap/wasm/wasm.ts'
import { bufferFilter } from './filters/http/buffer/buffer.ts'
import { corsFilter } from './filters/http/cors/cors.ts'
import { localRateLimitFilter } from './filters/http/local-ratelimit/local-ratelimit.ts'
import { grpcHttp1Bridge } from './filters/http/grpc-http1-bridge/grpc-http1-bridge.ts'
import { grpcStatsFilter } from './filters/http/grpc-stats/grpc-stats.ts'
import { grpcWeb } from './filters/http/grpc-web/grpc-web.ts'
import { compositeFilter } from './filters/http/composite/composite.ts'
import { headerMutationFilter } from './filters/http/header-mutation/header-mutation.ts'
import { headerToMetadataFilter } from './filters/http/header-to-metadata/header-to-metadata.ts'
import { healthCheckFilter } from './filters/http/health-check/health-check.ts'
import { matchDelegate } from './filters/http/match-delegate/match-delegate.ts'
import { routerFilter } from './filters/http/router/router.ts'
import { setFilterStateFilter } from './filters/http/set-filter-state/set-filter-state.ts'
import { setMetadataFilter } from './filters/http/set-metadata/set-metadata.ts'
import { upstreamCodec } from './filters/http/upstream-codec/upstream-codec.ts'
import { wasmFilter } from './filters/http/wasm/wasm.ts'
import { directResponse } from './filters/network/direct-response/direct-response.ts'
import { echo } from './filters/network/echo/echo.ts'
import { httpConnectionManager } from './filters/network/http-connection-manager/http-connection-manager.ts'
import { networkSetFilterState } from './filters/network/set-filter-state/set-filter-state.ts'
import { tcpProxy } from './filters/network/tcp-proxy/tcp-proxy.ts'
import { wasmNetworkFilter } from './filters/network/wasm/wasm.ts'
import { earlyHeaderMutation } from './http/early-header-mutation/header-mutation/header-mutation.ts'
import { preserveCase } from './http/header-formatters/preserve-case/preserve-case.ts'
import { customHeader } from './http/original-ip-detection/custom-header/custom-header.ts'
import { xff } from './http/original-ip-detection/xff/xff.ts'
import { uuidRequestIds } from './request-id/uuid/uuid.ts'
import { matcherClusterSpecifier } from './router/cluster-specifiers/matcher/matcher.ts'
import { wasmStatSink } from './stat-sinks/wasm/wasm.ts'
import { downstreamRawBuffer, upstreamRawBuffer } from './transport-sockets/raw-buffer/raw-buffer.ts'
import { downstreamTls, upstreamTls } from './transport-sockets/tls/tls.ts'
import { celFormatter } from './formatter/cel/cel.ts'
import { metadataFormatter } from './formatter/metadata/metadata.ts'
import { reqWithoutQueryFormatter } from './formatter/req-without-query/req-without-query.ts'

export const builtinExtensions: readonly Extension[] = [
  fileAccessLog,
  stderrAccessLog,
  stdoutAccessLog,
  wasmAccessLog,
  celAccessLogFilter,
  celFormatter,
  metadataFormatter,
  reqWithoutQueryFormatter,
  wasmStatSink,
  wasmService,
  bufferFilter,
  corsFilter,
  grpcHttp1Bridge,
  grpcStatsFilter,
  grpcWeb,
  compositeFilter,
  headerMutationFilter,
  headerToMetadataFilter,
  healthCheckFilter,
  localRateLimitFilter,
  matchDelegate,
  routerFilter,
  setFilterStateFilter,
  setMetadataFilter,
  upstreamCodec,
  wasmFilter,
  httpConnectionManager,
  tcpProxy,
  wasmNetworkFilter,
  networkSetFilterState,
  echo,
  directResponse,
  matcherClusterSpecifier,
  downstreamRawBuffer,
  upstreamRawBuffer,
  downstreamTls,
  upstreamTls,
  xff,
  customHeader,
  earlyHeaderMutation,
  uuidRequestIds,
  preserveCase,
]
