/** What extensions of a connection manager and of its codecs do. Follows Envoy's interfaces of `envoy/http`. */
import type { Address } from './address.ts'
import type { HeaderMap } from './header-map.ts'
import type { StreamInfo } from './stream-info.ts'

/** What `original_ip_detection_extensions` found in a request. */
export interface DetectedAddress {
  /** Undefined: not found, the next extension is asked. */
  readonly address: Address | undefined
  /** Whether an address within `internal_address_config` makes the request internal. */
  readonly trusted: boolean
  /** Whether `x-forwarded-for` stays as it is; otherwise the peer is appended. */
  readonly skipXffAppend: boolean
  /** Not found, and the request is answered with this status. */
  readonly rejectWith: number | undefined
}

/** Called once a request, before its route is chosen. */
export interface OriginalIpDetection {
  detect(headers: HeaderMap, peer: Address): DetectedAddress
}

/** Changes request headers before the connection manager looks at them. */
export interface EarlyHeaderMutation {
  mutate(headers: HeaderMap, streamInfo: StreamInfo): void
}

/** `request_id_extension`. */
export interface RequestIds {
  make(): string
  /** What becomes of an id that came from outside and is preserved. */
  keep(id: string): string
}

/** How the names of one message are written to HTTP/1 peers. */
export interface HeaderKeyFormatter {
  /** A name as it was received. */
  onKey(key: string): void
  onReasonPhrase(phrase: string): void
  /** @param name in lower case */
  format(name: string): string
  /** '' for the usual one. */
  readonly reasonPhrase: string
}

/** Made once per configuration, called once a message. */
export type HeaderKeyFormatterFactory = () => HeaderKeyFormatter
