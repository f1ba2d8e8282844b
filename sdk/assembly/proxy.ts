/**
 * What the host calls. A filter's entry file has `export * from "proxy-wasm-sdk-as/assembly/proxy"`; the SDK's transform
 * then takes out the callbacks that no class of the filter overrides, so that the host does not make them.
 */
import { enter, leave } from './collector'
import { grpcClosed, grpcInitialMetadata, grpcReceive, grpcTrailingMetadata, httpCallResponse } from './calls'
import { BufferTypeValues, PeerTypeValues } from './enums'
import { get_buffer_bytes } from './buffers'
import { createContext, deleteContext, getBaseContext, getContext, getRootContext } from './registry'

export { malloc, malloc as proxy_on_memory_allocate } from './memory'
import './log'

export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_context_create(context: u32, parent: u32): void {
  enter()
  createContext(context, parent)
  leave()
}

export function proxy_on_vm_start(context: u32, configurationSize: u32): u32 {
  enter()
  const answer = getRootContext(context).onStart(configurationSize)
  leave()
  return answer
}

export function proxy_validate_configuration(context: u32, configurationSize: u32): u32 {
  enter()
  const answer = getRootContext(context).validateConfiguration(configurationSize)
  leave()
  return answer
}

export function proxy_on_configure(context: u32, configurationSize: u32): u32 {
  enter()
  const root = getRootContext(context)
  root.configuration_bytes = get_buffer_bytes(BufferTypeValues.PluginConfiguration, 0, configurationSize)
  const answer = root.onConfigure(configurationSize)
  leave()
  return answer
}

export function proxy_on_tick(context: u32): void {
  enter()
  getRootContext(context).onTick()
  leave()
}

export function proxy_on_queue_ready(context: u32, token: u32): void {
  enter()
  getRootContext(context).onQueueReady(token)
  leave()
}

export function proxy_on_foreign_function(context: u32, functionId: u32, dataSize: u32): void {
  enter()
  getRootContext(context).onForeignFunction(functionId, dataSize)
  leave()
}

export function proxy_on_request_headers(context: u32, headers: u32, endOfStream: u32): u32 {
  enter()
  const status = getContext(context).onRequestHeaders(headers, endOfStream != 0)
  leave()
  return status
}

export function proxy_on_request_body(context: u32, size: u32, endOfStream: u32): u32 {
  enter()
  const status = getContext(context).onRequestBody(size, endOfStream != 0)
  leave()
  return status
}

export function proxy_on_request_trailers(context: u32, trailers: u32): u32 {
  enter()
  const status = getContext(context).onRequestTrailers(trailers)
  leave()
  return status
}

export function proxy_on_request_metadata(context: u32, elements: u32): u32 {
  enter()
  const status = getContext(context).onRequestMetadata(elements)
  leave()
  return status
}

export function proxy_on_response_headers(context: u32, headers: u32, endOfStream: u32): u32 {
  enter()
  const status = getContext(context).onResponseHeaders(headers, endOfStream != 0)
  leave()
  return status
}

export function proxy_on_response_body(context: u32, size: u32, endOfStream: u32): u32 {
  enter()
  const status = getContext(context).onResponseBody(size, endOfStream != 0)
  leave()
  return status
}

export function proxy_on_response_trailers(context: u32, trailers: u32): u32 {
  enter()
  const status = getContext(context).onResponseTrailers(trailers)
  leave()
  return status
}

export function proxy_on_response_metadata(context: u32, elements: u32): u32 {
  enter()
  const status = getContext(context).onResponseMetadata(elements)
  leave()
  return status
}

export function proxy_on_new_connection(context: u32): u32 {
  enter()
  const status = getContext(context).onNewConnection()
  leave()
  return status
}

export function proxy_on_downstream_data(context: u32, size: u32, endOfStream: u32): u32 {
  enter()
  const status = getContext(context).onDownstreamData(size, endOfStream != 0)
  leave()
  return status
}

export function proxy_on_upstream_data(context: u32, size: u32, endOfStream: u32): u32 {
  enter()
  const status = getContext(context).onUpstreamData(size, endOfStream != 0)
  leave()
  return status
}

export function proxy_on_downstream_connection_close(context: u32, peer: u32): void {
  enter()
  getContext(context).onDownstreamConnectionClose(<PeerTypeValues>peer)
  leave()
}

export function proxy_on_upstream_connection_close(context: u32, peer: u32): void {
  enter()
  getContext(context).onUpstreamConnectionClose(<PeerTypeValues>peer)
  leave()
}

export function proxy_on_http_call_response(_root: u32, token: u32, headers: u32, bodySize: u32, trailers: u32): void {
  enter()
  httpCallResponse(token, headers, bodySize, trailers)
  leave()
}

export function proxy_on_grpc_receive_initial_metadata(_root: u32, token: u32, headers: u32): void {
  enter()
  grpcInitialMetadata(token, headers)
  leave()
}

export function proxy_on_grpc_receive(_root: u32, token: u32, size: u32): void {
  enter()
  grpcReceive(token, size)
  leave()
}

export function proxy_on_grpc_receive_trailing_metadata(_root: u32, token: u32, trailers: u32): void {
  enter()
  grpcTrailingMetadata(token, trailers)
  leave()
}

export function proxy_on_grpc_close(_root: u32, token: u32, status: u32): void {
  enter()
  grpcClosed(token, status)
  leave()
}

export function proxy_on_done(context: u32): u32 {
  enter()
  const answer = getBaseContext(context).onDone()
  leave()
  return answer
}

export function proxy_on_log(context: u32): void {
  enter()
  getBaseContext(context).onLog()
  leave()
}

export function proxy_on_delete(context: u32): void {
  enter()
  getBaseContext(context).onDelete()
  deleteContext(context)
  leave()
}
