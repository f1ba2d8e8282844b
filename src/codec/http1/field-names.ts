/**
 * Field names that are met often: looked up as they stand in the message, they need neither a check nor a new
 * lower-case string. The fields that the codec itself must understand have a kind.
 */

export const FieldKind = {
  plain: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  proxyConnection: 5,
  upgrade: 6,
} as const
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind]

export interface FieldName {
  readonly name: string
  readonly kind: FieldKind
}

const kinds: Readonly<Record<string, FieldKind>> = {
  host: FieldKind.host,
  'content-length': FieldKind.contentLength,
  'transfer-encoding': FieldKind.transferEncoding,
  connection: FieldKind.connection,
  'proxy-connection': FieldKind.proxyConnection,
  upgrade: FieldKind.upgrade,
}

const common = `accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials
access-control-allow-headers access-control-allow-methods access-control-allow-origin access-control-expose-headers
access-control-max-age access-control-request-headers access-control-request-method age alt-svc authorization baggage
cache-control connection content-disposition content-encoding content-language content-length content-location
content-security-policy content-type cookie date dnt etag expect expires forwarded from grpc-accept-encoding
grpc-encoding grpc-message grpc-status grpc-timeout host if-match if-modified-since if-none-match if-range
if-unmodified-since keep-alive last-modified link location max-forwards origin pragma priority proxy-connection range
referer referrer-policy retry-after sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode
sec-fetch-site sec-fetch-user sec-websocket-accept sec-websocket-extensions sec-websocket-key sec-websocket-protocol
sec-websocket-version server server-timing set-cookie strict-transport-security te trace-parent traceparent tracestate
trailer transfer-encoding upgrade upgrade-insecure-requests user-agent vary via www-authenticate x-api-key
x-b3-sampled x-b3-spanid x-b3-traceid x-cache x-content-type-options x-correlation-id x-csrf-token
x-envoy-attempt-count x-envoy-expected-rq-timeout-ms x-envoy-upstream-service-time x-forwarded-for x-forwarded-host
x-forwarded-port x-forwarded-proto x-frame-options x-powered-by x-real-ip x-request-id x-requested-with
x-xss-protection`.split(/\s+/)

const table = new Map<string, FieldName>()
for (const name of common) {
  const field: FieldName = { name, kind: kinds[name] ?? FieldKind.plain }
  table.set(name, field)
  table.set(
    name.replace(/(^|-)[a-z]/g, letter => letter.toUpperCase()),
    field,
  )
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** The field of a name as written; undefined when it is not a token (RFC 9110 §5.6.2). */
export function fieldName(written: string): FieldName | undefined {
  const known = table.get(written)
  if (known !== undefined) return known
  if (!token.test(written)) return undefined
  const name = written.toLowerCase()
  return { name, kind: kinds[name] ?? FieldKind.plain }
}
