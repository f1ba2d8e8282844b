/**
 * Answers that sluice gives by itself: which failure becomes which status, body, details and flag, and how a reply
 * becomes headers and body. Follows Envoy's `Utility::prepareLocalReply`.
 */
import { HeaderMap } from '../core/header-map.ts'
import type { LogContext } from '../core/access-log.ts'
import type { LocalReply } from '../core/http-filter.ts'
import { ResponseFlag, type StreamInfo } from '../core/stream-info.ts'
import { grpcStatusOfHttp, percentEncode } from '../core/grpc.ts'

/** Failures that the connection manager and the filter chain answer. `complete`: the whole request was read. */
export const localReplies = {
  payloadTooLarge: { status: 413, body: 'Payload Too Large', details: 'request_payload_too_large' },
  responseTooLarge: { status: 500, body: 'Internal Server Error', details: 'response_payload_too_large' },
  missingHost: { status: 400, details: 'missing_host_header' },
  missingPath: { status: 404, details: 'missing_path_rejected' },
  absolutePath: { status: 404, details: 'absolute_path_rejected' },
  queryWithoutType: { status: 400, details: 'query_missing_content_type' },
  invalidUdpPath: { status: 404, body: 'The path is incorrect for CONNECT-UDP', details: 'invalid_path' },
  pathNormalizationFailed: { status: 400, details: 'path_normalization_failed' },
  upgradeFailed: { status: 403, details: 'upgrade_failed' },
  filterError: { status: 500, body: 'Internal Server Error', details: 'filter_error' },
  missingStatus: {
    status: 502,
    body: 'missing required header: :status',
    details: 'filter_removed_required_response_headers{missing_required_header:_:status}',
  },
  idleTimeout: timeouts('stream timeout', 'stream_idle_timeout', ResponseFlag.streamIdleTimeout),
  requestTimeout: timeouts('request timeout', 'request_overall_timeout'),
  headersTimeout: timeouts('request header timeout', 'request_header_timeout'),
  durationTimeout: timeouts('downstream duration timeout', 'max_duration_timeout', 0, 4),
} as const

/** 408 while the request is still being read, 504 afterwards. */
function timeouts(
  body: string,
  details: string,
  flags = 0,
  grpcStatus?: number,
): Record<'reading' | 'read', LocalReply> {
  const rest = grpcStatus === undefined ? { body, details, flags } : { body, details, flags, grpcStatus }
  return { reading: { status: 408, ...rest }, read: { status: 504, ...rest } }
}

export interface PreparedReply {
  readonly headers: HeaderMap
  /** Empty: the headers end the stream. */
  readonly body: Uint8Array
}

/** `local_reply_config`. */
export interface LocalReplyRewriter {
  /** May change headers and `streamInfo.responseCode`; `context.localReplyBody` is the body so far. */
  rewrite(
    reply: { readonly status: number; readonly body: Uint8Array },
    headers: HeaderMap,
    context: LogContext,
  ): { readonly status: number; readonly body: Uint8Array; readonly contentType: string }
}

/** What a reply takes from its stream. */
export interface LocalReplyOwner {
  /** Route-level header changes, made before those of the reply. */
  finalizeLocalReplyHeaders(headers: HeaderMap): void
  readonly localReplyRewriter: LocalReplyRewriter | undefined
  readonly requestHeaders: HeaderMap | undefined
  readonly streamInfo: StreamInfo
}

const noBody = new Uint8Array(0)

/** The headers and body of a reply. A string body is sent as UTF-8. */
export function prepareLocalReply(
  reply: LocalReply,
  isGrpc: boolean,
  isHead: boolean,
  owner: LocalReplyOwner,
): PreparedReply {
  const headers = new HeaderMap([':status', String(reply.status)])
  owner.finalizeLocalReplyHeaders(headers)
  reply.modifyHeaders?.(headers)
  let status = reply.status
  let body = reply.body === undefined ? noBody : typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body
  let contentType = 'text/plain'
  let replacesType = false
  owner.streamInfo.responseCode = status
  if (owner.localReplyRewriter !== undefined) {
    const own = headers.get('content-type')
    const rewritten = owner.localReplyRewriter.rewrite({ status, body }, headers, {
      requestHeaders: owner.requestHeaders,
      responseHeaders: headers,
      responseTrailers: undefined,
      streamInfo: owner.streamInfo,
      localReplyBody: Buffer.from(body).toString('latin1'),
      logType: 'NotSet',
    })
    replacesType = Buffer.compare(rewritten.body, body) !== 0 && headers.get('content-type') === own
    ;({ status, body, contentType } = rewritten)
  }
  if (isGrpc) {
    headers.set(':status', '200')
    headers.set('content-type', 'application/grpc')
    if (!headers.has('grpc-status')) headers.add('grpc-status', String(reply.grpcStatus ?? grpcStatusOfHttp(status)))
    if (body.length > 0 && !isHead) headers.set('grpc-message', percentEncode(withoutNewline(body, contentType)))
    headers.remove('content-length')
    return { headers, body: noBody }
  }
  if (body.length === 0) {
    headers.remove('content-length')
    headers.remove('content-type')
    return { headers, body }
  }
  headers.set('content-length', String(body.length))
  if (replacesType || !headers.has('content-type')) headers.set('content-type', contentType)
  return { headers, body: isHead ? noBody : body }
}

/** Formatted JSON ends with a newline, which a header value cannot hold. */
function withoutNewline(body: Uint8Array, contentType: string): Uint8Array {
  return contentType === 'application/json' && body.at(-1) === 0x0a ? body.subarray(0, -1) : body
}
