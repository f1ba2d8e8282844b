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
  /** Whether several fields of this name become one list, as Envoy's "inline" headers do: 1 in requests, 2 in responses. */
  readonly joined: number
  /** Below 64, different for each name that is joined. */
  readonly index: number
}

export const joinedInRequests = 1
export const joinedInResponses = 2

const requestLists = `accept accept-encoding authorization cache-control content-type content-encoding user-agent
x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-request-id te expect via keep-alive grpc-timeout
origin referer if-match if-none-match pragma access-control-request-headers access-control-request-method
x-client-trace-id x-forwarded-client-cert x-envoy-original-path grpc-accept-encoding connection proxy-connection
upgrade`.split(/\s+/)
const responseLists = `access-control-allow-methods access-control-max-age etag vary grpc-message proxy-status
access-control-allow-credentials access-control-allow-origin age content-encoding content-type expires location via
x-request-id x-envoy-upstream-canary access-control-allow-headers access-control-expose-headers cache-control date
last-modified grpc-status x-envoy-attempt-count x-envoy-decorator-operation x-envoy-degraded
x-envoy-upstream-healthchecked-cluster keep-alive connection proxy-connection upgrade`.split(/\s+/)
const joinedIndex = new Map([...new Set([...requestLists, ...responseLists])].map((name, index) => [name, index]))

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

/** For each byte of a token (RFC 9110 §5.6.2) the byte in lower case, 0 for other bytes. */
export const tokenByte = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  const character = String.fromCharCode(byte)
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) tokenByte[byte] = character.toLowerCase().charCodeAt(0)
}

/**
 * Names by the hash of their lower-case bytes: common ones stay, others are kept until a name of the same slot comes.
 * It saves each known name its string and its checks: about 40 ns.
 */
const slots = 4096
const table: (FieldName | undefined)[] = Array.from({ length: slots }, () => undefined)
const fixed = new Set<number>()
const maxCachedLength = 64

/** One step of the hash over a lower-case byte; starts at 0. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 65599) + byte) | 0
}

function hashOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = hashStep(hash, name.charCodeAt(i))
  return hash
}

function make(name: string): FieldName {
  const joined =
    (requestLists.includes(name) ? joinedInRequests : 0) | (responseLists.includes(name) ? joinedInResponses : 0)
  return { name, kind: kinds[name] ?? FieldKind.plain, joined, index: joinedIndex.get(name) ?? 0 }
}

for (const name of [...Object.keys(kinds), ...joinedIndex.keys(), ...common]) {
  const slot = hashOf(name) & (slots - 1)
  if (fixed.has(slot)) continue
  table[slot] = make(name)
  fixed.add(slot)
}

/** The field whose name is `data[start…end)`, all of it token bytes with that hash. */
export function fieldNameAt(data: Uint8Array, start: number, end: number, hash: number): FieldName {
  const length = end - start
  const slot = hash & (slots - 1)
  const found = table[slot]
  if (found !== undefined && found.name.length === length) {
    const name = found.name
    let i = 0
    while (i < length && name.charCodeAt(i) === tokenByte[data[start + i] as number]) i++
    if (i === length) return found
  }
  let name = ''
  for (let at = start; at < end; at++) name += String.fromCharCode(tokenByte[data[at] as number] as number)
  if (length > maxCachedLength || fixed.has(slot)) return make(name)
  const field = make(internalized(name))
  table[slot] = field
  return field
}

/** The same string as the one that V8 keeps for property names, so that comparing it costs a comparison of pointers. */
function internalized(name: string): string {
  return Object.keys({ [name]: 0 })[0] as string
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** The field of a name as written; undefined when it is not a token. */
export function fieldName(written: string): FieldName | undefined {
  return token.test(written) ? make(written.toLowerCase()) : undefined
}
