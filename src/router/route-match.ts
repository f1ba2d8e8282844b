/** `envoy.config.route.v3.RouteMatch` as a predicate. Follows Envoy's `RouteEntryImplBase::matchRoute`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { FractionalPercent, RouteMatch, RuntimeFractionalPercent } from '../config/v3.ts'
import type { Runtime } from '../core/extension.ts'
import { isGrpcRequest } from '../core/grpc.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { allMatch, makeHeaderMatcher } from '../matching/header-matcher.ts'
import { makeQueryParameterMatcher } from '../matching/query-parameter-matcher.ts'
import { makeRegex } from '../matching/regex.ts'
import { exact, prefix, type StringPredicate } from '../matching/string-matcher.ts'

/** One request's question to all routes of a virtual host. */
export interface MatchInput {
  readonly headers: HeaderMap
  /** `:path` without the query. */
  readonly path: string
  readonly random: number
}

export interface RouteMatcher {
  matches(input: MatchInput): boolean
  /** Takes CONNECT requests, which have no path; others do not. */
  readonly connect: boolean
  /** Length of the part of `path` that a prefix or path rewrite replaces. */
  matchedLength(path: string): number
}

/** Throws `ConfigError` for what cannot be matched. */
export function makeRouteMatcher(message: RouteMatch, runtime: Runtime): RouteMatcher {
  const path = pathTest(message)
  const wholePath = message.safeRegex !== undefined
  const prefixLength = toBytes(message.prefix ?? message.pathSeparatedPrefix ?? message.path ?? '').length
  const more = conditions(message, runtime)
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
  }
}

type Condition = (input: MatchInput) => boolean

function pathTest(message: RouteMatch): StringPredicate {
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
  if (message.connectMatcher !== undefined) return isAnything
  throw configError(message, undefined, 'needs prefix, path, safe_regex, path_separated_prefix or connect_matcher')
}

function isAnything(): boolean {
  return true
}

/** By far the most frequent route. */
function startsWithSlash(path: string): boolean {
  return path.charCodeAt(0) === 0x2f
}

function conditions(message: RouteMatch, runtime: Runtime): Condition[] {
  const all: Condition[] = []
  if (message.connectMatcher !== undefined) all.push(input => input.headers.method === 'CONNECT')
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
  return all
}

/** Takes a random number of the stream. */
export function makeRuntimeFraction(message: RuntimeFractionalPercent, runtime: Runtime): (random: number) => boolean {
  const { numerator, denominator } = message.defaultValue ?? { numerator: 0, denominator: 'HUNDRED' }
  const key = message.runtimeKey
  const of = denominators[denominator]
  return random => runtime.featureEnabled(key, numerator, of, random)
}

const denominators: Readonly<Record<FractionalPercent['denominator'], number>> = {
  HUNDRED: 100,
  TEN_THOUSAND: 10_000,
  MILLION: 1_000_000,
}
