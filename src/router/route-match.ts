/** `envoy.config.route.v3.RouteMatch` as a predicate. Follows Envoy's `RouteEntryImplBase::matchRoute`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import {
  type RouteMatch,
  type RouteMatch_TlsContextMatchOptions,
  type TypedExtensionConfig,
  UriTemplateMatchConfig,
} from '../config/v3.ts'
import type { Runtime } from '../core/extension.ts'
import { isGrpcRequest } from '../core/grpc.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { makeCookieMatcher } from '../matching/cookie-matcher.ts'
import { makeFilterStateMatcher } from '../matching/filter-state-matcher.ts'
import { allMatch, makeHeaderMatcher } from '../matching/header-matcher.ts'
import { makeMetadataMatcher } from '../matching/metadata-matcher.ts'
import { makeQueryParameterMatcher } from '../matching/query-parameter-matcher.ts'
import { makeRegex } from '../matching/regex.ts'
import { makeRuntimeFraction } from '../matching/runtime-fraction.ts'
import { exact, prefix, type StringPredicate } from '../matching/string-matcher.ts'
import { parseUriTemplate, type UriTemplate } from '../matching/uri-template.ts'
import { withoutQuery } from './path.ts'

/** One request's question to all routes of a virtual host. */
export interface MatchInput {
  readonly headers: HeaderMap
  readonly streamInfo: StreamInfo
  /** `:path` without the query, and without what `ignore_path_parameters_in_path_matching` takes off. */
  readonly path: string
  readonly random: number
}

export interface RouteMatcher {
  matches(input: MatchInput): boolean
  /** Takes CONNECT requests, which have no path; others do not. */
  readonly connect: boolean
  /** Length of the part of `path` that a prefix or path rewrite replaces. */
  matchedLength(path: string): number
  /** Of `path_match_policy`. */
  readonly template: UriTemplate | undefined
}

/** Throws `ConfigError` for what cannot be matched. */
export function makeRouteMatcher(message: RouteMatch, runtime: Runtime): RouteMatcher {
  const template = message.pathMatchPolicy && templateOf(message.pathMatchPolicy)
  const path = pathTest(message, template)
  // A CONNECT request has no path, CONNECT-UDP one that is kept.
  const wholePath = message.safeRegex !== undefined || message.connectMatcher !== undefined
  const prefixLength = toBytes(message.prefix ?? message.pathSeparatedPrefix ?? message.path ?? '').length
  const more = conditions(message, template, runtime)
  return {
    connect: message.connectMatcher !== undefined,
    matches:
      more.length === 0
        ? input => path(input.path)
        : input => {
            if (!path(input.path)) return false
            for (let i = 0; i < more.length; i++) if (!(more[i] as Condition)(input)) return false
            return true
          },
    matchedLength: wholePath ? text => text.length : () => prefixLength,
    template,
  }
}

type Condition = (input: MatchInput) => boolean

/** There is one kind of path matcher. */
function templateOf(message: TypedExtensionConfig): UriTemplate {
  const any = message.typedConfig
  if (any?.typeUrl !== UriTemplateMatchConfig.typeUrl)
    throw configError(message, 'typedConfig', `needs a path matcher: ${UriTemplateMatchConfig.typeUrl}`)
  const config = any.value as UriTemplateMatchConfig
  try {
    return parseUriTemplate(config.pathTemplate)
  } catch (error) {
    throw configError(config, 'pathTemplate', `${(error as Error).message}, in "${config.pathTemplate}"`)
  }
}

function pathTest(message: RouteMatch, template: UriTemplate | undefined): StringPredicate {
  const ignoreCase = message.caseSensitive === false
  if (message.prefix !== undefined) return message.prefix === '/' ? startsWithSlash : prefix(message.prefix, ignoreCase)
  if (message.path !== undefined) return exact(message.path, ignoreCase)
  if (message.pathSeparatedPrefix !== undefined) {
    const test = prefix(message.pathSeparatedPrefix, ignoreCase)
    const length = toBytes(message.pathSeparatedPrefix).length
    return path => test(path) && (path.length === length || path[length] === '/')
  }
  if (message.safeRegex !== undefined) {
    const regex = makeRegex(message.safeRegex)
    return path => regex.matches(path)
  }
  // Both look at other things than the path without its parameters.
  if (message.connectMatcher !== undefined || template !== undefined) return isAnything
  throw configError(
    message,
    undefined,
    'needs prefix, path, safe_regex, path_separated_prefix, path_match_policy or connect_matcher',
  )
}

function isAnything(): boolean {
  return true
}

/** By far the most frequent route. */
function startsWithSlash(path: string): boolean {
  return path.charCodeAt(0) === 0x2f
}

function conditions(message: RouteMatch, template: UriTemplate | undefined, runtime: Runtime): Condition[] {
  const all: Condition[] = []
  if (message.connectMatcher !== undefined) all.push(input => isConnect(input.headers))
  if (template !== undefined) all.push(input => template.matches(withoutQuery(input.headers.path)))
  if (message.runtimeFraction !== undefined) {
    const enabled = makeRuntimeFraction(message.runtimeFraction, runtime)
    all.push(input => enabled(input.random))
  }
  if (message.grpc !== undefined) all.push(input => isGrpcRequest(input.headers))
  if (message.headers.length > 0) {
    const matchers = message.headers.map(makeHeaderMatcher)
    all.push(input => allMatch(matchers, input.headers))
  }
  for (const each of message.queryParameters) {
    const matches = makeQueryParameterMatcher(each)
    all.push(input => matches(input.headers.path))
  }
  for (const each of message.cookies) {
    const matches = makeCookieMatcher(each)
    all.push(input => matches(input.headers))
  }
  if (message.tlsContext !== undefined) all.push(tlsCondition(message.tlsContext))
  for (const each of message.dynamicMetadata) {
    const matches = makeMetadataMatcher(each)
    all.push(input => matches(input.streamInfo.dynamicMetadata))
  }
  for (const each of message.filterState) {
    const matches = makeFilterStateMatcher(each)
    all.push(input => matches(input.streamInfo))
  }
  return all
}

/** Also CONNECT-UDP, which is an upgrade. */
function isConnect(headers: HeaderMap): boolean {
  return headers.method === 'CONNECT' || headers.get('upgrade')?.toLowerCase() === 'connect-udp'
}

/** What the client's certificate was, as far as it is asked for. */
function tlsCondition({ presented, validated }: RouteMatch_TlsContextMatchOptions): Condition {
  return ({ streamInfo }) => {
    const { tls } = streamInfo.downstream
    return (
      (presented === undefined || (tls?.peerPresented ?? false) === presented) &&
      (validated === undefined || (tls?.peerValidated ?? false) === validated)
    )
  }
}
