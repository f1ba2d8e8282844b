/**
 * The proxy-wasm ABI as one table: every host function with its parameters, the versions that have it and the capability
 * that allows it (its own name). Follows the proxy-wasm specification, and proxy-wasm-cpp-host where Envoy differs.
 */

export type AbiVersion = '0.1.0' | '0.2.0' | '0.2.1'

/** What a module exports to say which version it speaks. */
export const versionMarkers: Readonly<Record<string, AbiVersion>> = {
  proxy_abi_version_0_1_0: '0.1.0',
  proxy_abi_version_0_2_0: '0.2.0',
  proxy_abi_version_0_2_1: '0.2.1',
}

export const Status = {
  ok: 0,
  notFound: 1,
  badArgument: 2,
  serializationFailure: 3,
  parseFailure: 4,
  invalidMemoryAccess: 6,
  empty: 7,
  casMismatch: 8,
  internalFailure: 10,
  unimplemented: 12,
} as const

export const MapType = {
  requestHeaders: 0,
  requestTrailers: 1,
  responseHeaders: 2,
  responseTrailers: 3,
  grpcInitialMetadata: 4,
  grpcTrailingMetadata: 5,
  httpCallResponseHeaders: 6,
  httpCallResponseTrailers: 7,
} as const

export const BufferType = {
  requestBody: 0,
  responseBody: 1,
  downstreamData: 2,
  upstreamData: 3,
  httpCallResponseBody: 4,
  grpcMessage: 5,
  vmConfiguration: 6,
  pluginConfiguration: 7,
  foreignArguments: 8,
} as const

export const StreamType = { request: 0, response: 1, downstream: 2, upstream: 3 } as const

/** Who closed a connection. */
export const PeerType = { unknown: 0, local: 1, remote: 2 } as const

export const MetricType = { counter: 0, gauge: 1, histogram: 2 } as const

/** Parameter types, one letter each: `i` i32, `I` i64. All functions return an i32 status. */
export interface HostFunctionSignature<Parameters extends string = string> {
  readonly parameters: Parameters
  readonly versions: readonly AbiVersion[]
}

const all: readonly AbiVersion[] = ['0.1.0', '0.2.0', '0.2.1']
const only01: readonly AbiVersion[] = ['0.1.0']
const since02: readonly AbiVersion[] = ['0.2.0', '0.2.1']
const since021: readonly AbiVersion[] = ['0.2.1']

function signature<Parameters extends string>(
  parameters: Parameters,
  versions = all,
): HostFunctionSignature<Parameters> {
  return { parameters, versions }
}

/** Module `env`. */
export const hostFunctions = {
  proxy_log: signature('iii'),
  proxy_get_log_level: signature('i', since021),
  proxy_get_status: signature('iii'),
  proxy_get_configuration: signature('ii', only01),
  proxy_set_tick_period_milliseconds: signature('i'),
  proxy_get_current_time_nanoseconds: signature('i'),
  proxy_get_property: signature('iiii'),
  proxy_set_property: signature('iiii'),
  proxy_send_local_response: signature('iiiiiiii'),
  proxy_continue_request: signature('', only01),
  proxy_continue_response: signature('', only01),
  proxy_clear_route_cache: signature('', only01),
  proxy_continue_stream: signature('i', since02),
  proxy_close_stream: signature('i', since02),
  proxy_get_shared_data: signature('iiiii'),
  proxy_set_shared_data: signature('iiiii'),
  proxy_register_shared_queue: signature('iii'),
  proxy_resolve_shared_queue: signature('iiiii'),
  proxy_dequeue_shared_queue: signature('iii'),
  proxy_enqueue_shared_queue: signature('iii'),
  proxy_get_header_map_value: signature('iiiii'),
  proxy_add_header_map_value: signature('iiiii'),
  proxy_replace_header_map_value: signature('iiiii'),
  proxy_remove_header_map_value: signature('iii'),
  proxy_get_header_map_pairs: signature('iii'),
  proxy_set_header_map_pairs: signature('iii'),
  proxy_get_header_map_size: signature('ii'),
  proxy_get_buffer_bytes: signature('iiiii'),
  proxy_get_buffer_status: signature('iii'),
  proxy_set_buffer_bytes: signature('iiiii'),
  proxy_http_call: signature('iiiiiiiiii'),
  proxy_grpc_call: signature('iiiiiiiiiiii'),
  proxy_grpc_stream: signature('iiiiiiiii'),
  proxy_grpc_send: signature('iiii'),
  proxy_grpc_cancel: signature('i'),
  proxy_grpc_close: signature('i'),
  proxy_define_metric: signature('iiii'),
  proxy_increment_metric: signature('iI'),
  proxy_record_metric: signature('iI'),
  proxy_get_metric: signature('ii'),
  proxy_set_effective_context: signature('i'),
  proxy_done: signature(''),
  proxy_call_foreign_function: signature('iiiiii'),
  envoy_resolve_dns: signature('iii'),
  pthread_equal: signature('ii'),
  emscripten_notify_memory_growth: signature('i'),
} as const satisfies Readonly<Record<string, HostFunctionSignature>>

export type HostFunctionName = keyof typeof hostFunctions

export type HostFunction = (...parameters: never[]) => number

type ParametersOf<Letters extends string> = Letters extends `${infer Letter}${infer Rest}`
  ? [Letter extends 'I' ? bigint : number, ...ParametersOf<Rest>]
  : []

/** The functions of one topic. */
export type HostFunctions = {
  readonly [name in HostFunctionName]?: (
    ...parameters: ParametersOf<(typeof hostFunctions)[name]['parameters']>
  ) => number
}

/** Guest callbacks, by the name that `GuestCallbacks` gives them. All are optional. */
export const guestCallbacks = {
  onContextCreate: 'proxy_on_context_create',
  onVmStart: 'proxy_on_vm_start',
  onConfigure: 'proxy_on_configure',
  onTick: 'proxy_on_tick',
  onQueueReady: 'proxy_on_queue_ready',
  onRequestHeaders: 'proxy_on_request_headers',
  onRequestBody: 'proxy_on_request_body',
  onRequestTrailers: 'proxy_on_request_trailers',
  onResponseHeaders: 'proxy_on_response_headers',
  onResponseBody: 'proxy_on_response_body',
  onResponseTrailers: 'proxy_on_response_trailers',
  onNewConnection: 'proxy_on_new_connection',
  onDownstreamData: 'proxy_on_downstream_data',
  onUpstreamData: 'proxy_on_upstream_data',
  onDownstreamConnectionClose: 'proxy_on_downstream_connection_close',
  onUpstreamConnectionClose: 'proxy_on_upstream_connection_close',
  onHttpCallResponse: 'proxy_on_http_call_response',
  onGrpcReceiveInitialMetadata: 'proxy_on_grpc_receive_initial_metadata',
  onGrpcReceive: 'proxy_on_grpc_receive',
  onGrpcReceiveTrailingMetadata: 'proxy_on_grpc_receive_trailing_metadata',
  onGrpcClose: 'proxy_on_grpc_close',
  onResolveDns: 'envoy_on_resolve_dns',
  onStatsUpdate: 'envoy_on_stats_update',
  onDone: 'proxy_on_done',
  onLog: 'proxy_on_log',
  onDelete: 'proxy_on_delete',
} as const

export type GuestFunction = (...parameters: number[]) => number
export type GuestCallbacks = { readonly [name in keyof typeof guestCallbacks]: GuestFunction | undefined }

/** A nested set of pairs is refused beyond these, as Envoy does. */
export const maxPairsBytes = 1024 * 1024
export const maxPairs = 1024
