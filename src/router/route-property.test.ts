/** Random route tables and requests: the table must find what a plain reading of Envoy's documentation finds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { factoryContext, FakeCluster, messageOf, streamInfo } from '../../test/support/routing.ts'
import type { RouteConfiguration } from '../config/v3.ts'
import { HeaderMap } from '../core/header-map.ts'
import { makeRouteTable } from './route-table.ts'

// ── what is generated: small alphabets, so that much of it meets ──

interface StringMatch {
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'contains' | 'safe_regex'
  readonly text: string
  readonly ignoreCase: boolean
}

interface HeaderMatch {
  readonly name: string
  readonly value: StringMatch | { readonly present: boolean } | { readonly start: number; readonly end: number }
  readonly invert: boolean
  readonly missingAsEmpty: boolean
}

interface NamedMatch {
  readonly name: string
  readonly value: StringMatch
  readonly invert: boolean
}

interface Match {
  readonly path: { readonly kind: 'prefix' | 'path' | 'path_separated_prefix' | 'safe_regex'; readonly text: string }
  readonly caseSensitive: boolean
  readonly percent: number | undefined
  readonly headers: readonly HeaderMatch[]
  readonly query: readonly NamedMatch[]
  readonly cookies: readonly NamedMatch[]
}

interface Host {
  readonly domains: readonly string[]
  readonly routes: readonly Match[]
}

interface Table {
  readonly hosts: readonly Host[]
  readonly ignorePort: boolean
  readonly ignoreParameters: boolean
}

interface Request {
  readonly authority: string
  readonly path: string
  readonly query: string
  readonly headers: readonly (readonly [string, string])[]
  readonly random: number
}

const segment = fc.constantFrom('a', 'ab', 'b', 'A', 'a;p', 'é')
const path = fc.array(segment, { maxLength: 3 }).map(parts => `/${parts.join('/')}`)
const text = fc.constantFrom('a', 'ab', 'A', 'b', '1', '-2')
const regex = fc.constantFrom('a.*', '[ab]+', 'a|b', '', '(?i)a', '1?')
const stringMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('exact', 'prefix', 'suffix', 'contains'),
    text,
    ignoreCase: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('safe_regex'),
    text: regex.filter(each => each !== ''),
    ignoreCase: fc.constant(false),
  }),
)
const headerMatch: fc.Arbitrary<HeaderMatch> = fc.record({
  name: fc.constantFrom('x-a', 'X-B', ':method'),
  value: fc.oneof(
    stringMatch,
    fc.record({ present: fc.boolean() }),
    fc.record({ start: fc.integer({ min: -2, max: 0 }), end: fc.integer({ min: 1, max: 2 }) }),
  ),
  invert: fc.boolean(),
  missingAsEmpty: fc.boolean(),
})
const namedMatch: fc.Arbitrary<NamedMatch> = fc.record({
  name: fc.constantFrom('k', 'l'),
  value: stringMatch,
  invert: fc.boolean(),
})
const pathRegex = fc.constantFrom('/a.*', '/[ab]', '/a/b?', '/(a|b)/.*', '(?i)/AB', '/a{1}b', '/a')
const match: fc.Arbitrary<Match> = fc.record({
  path: fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('prefix'), text: path }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('path'), text: path }) },
    fc.record({
      kind: fc.constant('path_separated_prefix'),
      text: path.filter(each => each !== '/' && !/[;é]/.test(each)),
    }),
    fc.record({ kind: fc.constant('safe_regex'), text: pathRegex }),
  ),
  caseSensitive: fc.boolean(),
  percent: fc.option(fc.constantFrom(0, 50, 100), { nil: undefined }),
  headers: fc.array(headerMatch, { maxLength: 2 }),
  query: fc.array(namedMatch, { maxLength: 1 }),
  cookies: fc.array(namedMatch, { maxLength: 1 }),
})
const label = fc.constantFrom('a', 'b', 'ab')
const hostName = fc.array(label, { minLength: 1, maxLength: 3 }).map(labels => labels.join('.'))
const domain = fc.oneof(
  fc.constant('*'),
  hostName,
  hostName.map(name => `*.${name}`),
  hostName.map(name => `*-${name}`),
  hostName.map(name => `${name}.*`),
  hostName.map(name => `${name}:80`),
)
const table: fc.Arbitrary<Table> = fc.uniqueArray(domain, { minLength: 1, maxLength: 8 }).chain(domains =>
  fc.record({
    hosts: fc
      .array(fc.array(match, { maxLength: 12 }), { minLength: 1, maxLength: domains.length })
      .map(routes =>
        routes.map((each, i) => ({ domains: domains.filter((_, at) => at % routes.length === i), routes: each })),
      ),
    ignorePort: fc.boolean(),
    ignoreParameters: fc.boolean(),
  }),
)
const request: fc.Arbitrary<Request> = fc.record({
  authority: fc.oneof(
    hostName,
    hostName.map(name => `x-${name}`),
    hostName.map(name => `${name}:80`),
    hostName.map(name => name.toUpperCase()),
  ),
  path,
  query: fc.constantFrom('', '?k=a', '?k=ab&l=1', '?l', '?k=b&k=a'),
  headers: fc.array(fc.tuple(fc.constantFrom('x-a', 'x-b'), fc.oneof(text, fc.constant(''))), { maxLength: 3 }),
  random: fc.nat(99),
})
const cookieHeader = fc.constantFrom(undefined, 'k=a', 'l=1; k=ab', 'k="A"', 'k=b; k=a')

// ── the configuration of it ──

function stringYaml({ kind, text: of, ignoreCase }: StringMatch): object {
  return kind === 'safe_regex' ? { safe_regex: { regex: of } } : { [kind]: of, ignore_case: ignoreCase }
}

function matchYaml(of: Match): object {
  const headers = of.headers.map(({ name, value, invert, missingAsEmpty }) => ({
    name,
    ...('present' in value
      ? { present_match: value.present }
      : 'start' in value
        ? { range_match: value }
        : { string_match: stringYaml(value) }),
    invert_match: invert,
    treat_missing_header_as_empty: missingAsEmpty,
  }))
  return {
    [of.path.kind]: of.path.kind === 'safe_regex' ? { regex: of.path.text } : of.path.text,
    case_sensitive: of.caseSensitive,
    ...(of.percent === undefined ? {} : { runtime_fraction: { default_value: { numerator: of.percent } } }),
    headers,
    query_parameters: of.query.map(({ name, value }) => ({ name, string_match: stringYaml(value) })),
    cookies: of.cookies.map(({ name, value, invert }) => ({
      name,
      string_match: stringYaml(value),
      invert_match: invert,
    })),
  }
}

function tableOf(of: Table) {
  const virtual_hosts = of.hosts.map(({ domains, routes }, host) => ({
    name: `h${host}`,
    domains,
    routes: routes.map((each, i) => ({ name: `h${host} r${i}`, match: matchYaml(each), route: { cluster: 'up' } })),
  }))
  const message = messageOf<RouteConfiguration>(
    'envoy.config.route.v3.RouteConfiguration',
    JSON.stringify({
      virtual_hosts,
      ignore_port_in_host_matching: of.ignorePort,
      ignore_path_parameters_in_path_matching: of.ignoreParameters,
    }),
  )
  return makeRouteTable(message, factoryContext(new Map([['up', new FakeCluster('up')]])))
}

// ── the plain reading of it ──

function anchored(pattern: string, text_: string): boolean {
  const flags = pattern.startsWith('(?i)') ? 'i' : ''
  return new RegExp(`^(?:${pattern.replace('(?i)', '')})$`, flags).test(text_)
}

function matchesText({ kind, text: of, ignoreCase }: StringMatch, value: string): boolean {
  if (kind === 'safe_regex') return anchored(of, value)
  const [wanted, given] = ignoreCase ? [of.toLowerCase(), value.toLowerCase()] : [of, value]
  if (kind === 'exact') return given === wanted
  if (kind === 'prefix') return given.startsWith(wanted)
  return kind === 'suffix' ? given.endsWith(wanted) : given.includes(wanted)
}

function matchesHeader({ name, value, invert, missingAsEmpty }: HeaderMatch, of: Request): boolean {
  const lower = name.toLowerCase()
  const found = lower === ':method' ? ['GET'] : of.headers.filter(([key]) => key === lower).map(([, each]) => each)
  const values = found.length === 0 && missingAsEmpty ? [''] : found
  if ('present' in value) return (values.length > 0 === value.present) !== invert
  if (values.length === 0) return false
  const test_ = (each: string): boolean =>
    'start' in value
      ? /^[+-]?\d+$/.test(each) && Number(each) >= value.start && Number(each) < value.end
      : matchesText(value, each)
  return values.some(test_) !== invert
}

function matchesNamed({ value, invert }: NamedMatch, given: string | undefined, mayInvert: boolean): boolean {
  const matches = given !== undefined && matchesText(value, given)
  return mayInvert ? matches !== invert : matches
}

function queryValue(query: string, name: string): string | undefined {
  const pair = query
    .slice(1)
    .split('&')
    .map(each => each.split('='))
    .find(([key]) => key === name)
  return pair === undefined ? undefined : (pair[1] ?? '')
}

function cookieValue(cookie: string | undefined, name: string): string | undefined {
  const pair = (cookie ?? '')
    .split('; ')
    .map(each => each.split('='))
    .find(([key, value]) => key === name && value !== undefined)
  return pair?.[1]?.replaceAll('"', '')
}

function matchesPath({ path: { kind, text: of }, caseSensitive }: Match, given: string): boolean {
  if (kind === 'safe_regex') return anchored(of, given)
  const [wanted, value] = caseSensitive ? [of, given] : [of.toLowerCase(), given.toLowerCase()]
  if (kind === 'path') return value === wanted
  if (!value.startsWith(wanted)) return false
  return kind === 'prefix' || value.length === wanted.length || value[wanted.length] === '/'
}

function matches(of: Match, asked: Request, cookie: string | undefined, ignoreParameters: boolean): boolean {
  const given = ignoreParameters
    ? asked.path
        .split('/')
        .map(each => each.split(';')[0])
        .join('/')
    : asked.path
  return (
    matchesPath(of, given) &&
    (of.percent === undefined || asked.random < of.percent) &&
    of.headers.every(each => matchesHeader(each, asked)) &&
    of.query.every(each => matchesNamed(each, queryValue(asked.query, each.name), false)) &&
    of.cookies.every(each => matchesNamed(each, cookieValue(cookie, each.name), true))
  )
}

function hostFor(of: Table, authority: string): number {
  const given = authority.toLowerCase()
  const name = of.ignorePort ? given.replace(/:\d+$/, '') : given
  const all = of.hosts.flatMap(({ domains }, host) => domains.map(each => ({ each, host })))
  const longest = (candidates: typeof all): number | undefined =>
    candidates.toSorted((a, b) => b.each.length - a.each.length)[0]?.host
  return (
    all.find(({ each }) => each === name)?.host ??
    longest(
      all.filter(
        ({ each }) =>
          each !== '*' && each.startsWith('*') && name.length >= each.length && name.endsWith(each.slice(1)),
      ),
    ) ??
    longest(
      all.filter(
        ({ each }) =>
          each !== '*' && each.endsWith('*') && name.length >= each.length && name.startsWith(each.slice(0, -1)),
      ),
    ) ??
    all.find(({ each }) => each === '*')?.host ??
    -1
  )
}

function expected(of: Table, asked: Request, cookie: string | undefined): string | undefined {
  const host = hostFor(of, asked.authority)
  const route = of.hosts[host]?.routes.findIndex(each => matches(each, asked, cookie, of.ignoreParameters)) ?? -1
  return route < 0 ? undefined : `h${host} r${route}`
}

const bytes = (of: string): string => Buffer.from(of).toString('latin1')

test('a random table finds the route that a plain reading finds', () => {
  let found = 0
  fc.assert(
    fc.property(table, fc.array(fc.tuple(request, cookieHeader), { minLength: 20, maxLength: 40 }), (of, requests) => {
      const routes = tableOf(of)
      for (const [asked, cookie] of requests) {
        const headers = new HeaderMap([
          ...[':authority', asked.authority, ':path', bytes(asked.path) + asked.query, ':method', 'GET'],
          ...['x-forwarded-proto', 'http', ...asked.headers.flat()],
          ...(cookie === undefined ? [] : ['cookie', cookie]),
        ])
        const name = routes.route(headers, streamInfo(), asked.random)?.routeName
        assert.equal(name, expected(of, asked, cookie), JSON.stringify([asked, cookie]))
        if (name !== undefined) found++
      }
    }),
    { seed: 20_261_125, numRuns: 400 },
  )
  // Otherwise it would have shown nothing.
  assert.ok(found > 500, `${found} requests found a route`)
})
