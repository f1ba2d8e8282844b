/** What unified matchers look at, and what their parts agree on. Follows Envoy's `envoy/matcher/matcher.h` and `HttpMatchingData`. */
import type { AnyMessage, Runtime } from '../core/extension.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { StreamInfo } from '../core/stream-info.ts'

/** One request, or one connection, as far as it is known. */
export interface MatchData {
  readonly streamInfo: StreamInfo
  readonly requestHeaders?: HeaderMap | undefined
  readonly requestTrailers?: HeaderMap | undefined
  readonly responseHeaders?: HeaderMap | undefined
  readonly responseTrailers?: HeaderMap | undefined
  /** Of a connection whose filter chain is to be found: `tls` or `raw_buffer`. */
  readonly transportProtocol?: string
  /** As the client offered them. */
  readonly applicationProtocols?: readonly string[]
}

/** An input, and so the whole matcher, cannot tell yet: more of the stream must come. */
export const insufficientData = Symbol('insufficient data')

/**
 * `string`: a byte string, undefined when there is no value. `metadata`: a value of a struct, undefined when there is
 * none. `attributes`: the `MatchData` itself. A matcher takes one kind of input only.
 */
export type InputKind = 'string' | 'metadata' | 'attributes'

export interface Input {
  readonly kind: InputKind
  get(data: MatchData): unknown
}

export interface InputMatcher {
  readonly kind: InputKind
  /** Never asked about insufficient data. */
  matches(value: unknown): boolean
}

/** What a matcher may ask. */
export interface Matching {
  readonly inputs: InputTable
  /** Beside those that there always are, by type URL. A factory throws `ConfigError`. */
  readonly matchers?: Readonly<Record<string, (message: object) => InputMatcher>>
}

/** Where a matcher stands: what it may ask, and what comes of a match. */
export interface MatchContext<Action> extends Matching {
  readonly runtime: Runtime
  /** Whether `keep_matching` has a meaning here; otherwise it is refused. */
  readonly keepsMatching?: boolean
  /** Throws `ConfigError` for an action that has no meaning here. `of` is the message that has it. */
  makeAction(config: AnyMessage, of: object): Action
}

/** By type URL. A factory throws `ConfigError`. */
export type InputTable = Readonly<Record<string, (message: object) => Input>>
