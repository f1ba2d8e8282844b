import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf, streamInfo } from '../../test/support/routing.ts'
import type { Matcher } from '../config/v3.ts'
import type { Runtime } from '../core/extension.ts'
import { HeaderMap } from '../core/header-map.ts'
import { insufficientData, type MatchContext, type MatchData } from './match-data.ts'
import { httpInputs, networkInputs, routeInputs } from './match-inputs.ts'
import { makeMatchTree, type MatchTree } from './match-tree.ts'

const runtime: Runtime = {
  getInteger: (_, value) => value,
  getDouble: (_, value) => value,
  getBoolean: (_, value) => value,
  featureEnabled: (_, numerator, denominator, random) => random % denominator < numerator,
}

/** Actions are strings. */
function tree(matcher: object, more: Partial<MatchContext<string>> = {}): MatchTree<string> {
  return makeMatchTree(messageOf<Matcher>('xds.type.matcher.v3.Matcher', JSON.stringify(matcher)), {
    inputs: httpInputs,
    runtime,
    makeAction: config => String((config.value as { value?: unknown }).value ?? config.value),
    ...more,
  })
}

const typed = (type: string, config: object = {}): object => ({
  name: type,
  typed_config: { '@type': `type.googleapis.com/${type}`, ...config },
})
const act = (value: string, more: object = {}): object => ({
  action: typed('google.protobuf.StringValue', { value }),
  ...more,
})
const http = (name: string, config: object = {}): object => typed(`envoy.type.matcher.v3.Http${name}MatchInput`, config)
const common = (name: string, config: object = {}): object =>
  typed(`envoy.extensions.matching.common_inputs.${name}`, config)
const exact = (input: object, value: string): object => ({ single_predicate: { input, value_match: { exact: value } } })
const when = (predicate: object, onMatch: object): object => ({ predicate, on_match: onMatch })
const data = (parts: Partial<MatchData> = {}): MatchData => ({ streamInfo: streamInfo(), ...parts })
const status = (code: string): MatchData => data({ responseHeaders: new HeaderMap([':status', code]) })

test('what has not come yet makes no decision', () => {
  const of = tree({
    matcher_list: {
      matchers: [
        when(exact(http('RequestHeader', { header_name: 'x-a' }), 'v'), act('request')),
        when(exact(http('ResponseStatusCodeClass'), '2xx'), act('good')),
      ],
    },
    on_no_match: act('otherwise'),
  })
  const requestHeaders = new HeaderMap(['x-a', 'v'])
  assert.equal(of(data()), insufficientData)
  assert.equal(of(data({ requestHeaders })), 'request')
  assert.equal(of(data({ requestHeaders: new HeaderMap() })), insufficientData)
  assert.equal(of({ ...status('204'), requestHeaders: new HeaderMap() }), 'good')
  assert.equal(of({ ...status('404'), requestHeaders: new HeaderMap() }), 'otherwise')
})

test('an or is decided by one that matches, an and by one that does not', () => {
  const request = exact(http('RequestHeader', { header_name: 'x-a' }), 'v')
  const response = exact(http('ResponseHeader', { header_name: 'x-b' }), 'w')
  const of = (kind: string) =>
    tree({
      matcher_list: { matchers: [when({ [kind]: { predicate: [response, request] } }, act('yes'))] },
      on_no_match: act('no'),
    })
  const matching = data({ requestHeaders: new HeaderMap(['x-a', 'v']) })
  const other = data({ requestHeaders: new HeaderMap() })
  assert.equal(of('or_matcher')(matching), 'yes')
  assert.equal(of('or_matcher')(other), insufficientData)
  assert.equal(of('and_matcher')(matching), insufficientData)
  const reversed = tree({
    matcher_list: { matchers: [when({ and_matcher: { predicate: [request, response] } }, act('yes'))] },
    on_no_match: act('no'),
  })
  assert.equal(reversed(other), 'no')
})

test('keep_matching tells of the action and goes on', () => {
  const matcher = {
    matcher_list: {
      matchers: [
        when(exact(http('ResponseStatusCode'), '200'), act('first', { keep_matching: true })),
        when(exact(http('ResponseStatusCodeClass'), '2xx'), act('second')),
      ],
    },
  }
  const skipped: string[] = []
  assert.equal(
    tree(matcher, { keepsMatching: true })(status('200'), action => void skipped.push(action)),
    'second',
  )
  assert.deepEqual(skipped, ['first'])
  assert.throws(() => tree(matcher), /keep_matching is not supported in this context/)
})

test('inputs of the connection', () => {
  const info = streamInfo()
  const tls = {
    peerChain: [{ subject: 'CN=client', dnsSans: ['a.test', 'b.test'], uriSans: ['spiffe://x'] }],
  }
  Object.assign(info, { downstream: { ...info.downstream, requestedServerName: 'sni.test', tls } })
  const value = (input: object, inputs = httpInputs, more: Partial<MatchData> = {}): unknown => {
    let seen: unknown
    const spy = Object.fromEntries(
      Object.entries(inputs).map(([url, make]) => [
        url,
        (message: object) => {
          const made = make(message)
          return { kind: made.kind, get: (from: MatchData) => (seen = made.get(from)) }
        },
      ]),
    )
    tree(
      { matcher_list: { matchers: [when(exact(input, 'x'), act('x'))] } },
      { inputs: spy },
    )({
      streamInfo: info,
      ...more,
    })
    return seen
  }
  assert.equal(value(common('network.v3.DestinationIPInput')), '127.0.0.1')
  assert.equal(value(common('network.v3.DestinationPortInput')), '10000')
  assert.equal(value(common('network.v3.SourceIPInput')), '10.1.10.23')
  assert.equal(value(common('network.v3.SourcePortInput')), '4711')
  assert.equal(value(common('network.v3.DirectSourceIPInput')), '10.1.10.23')
  assert.equal(value(common('network.v3.SourceTypeInput')), undefined)
  assert.equal(value(common('network.v3.ServerNameInput')), 'sni.test')
  assert.equal(value(common('ssl.v3.UriSanInput')), 'spiffe://x')
  assert.equal(value(common('ssl.v3.DnsSanInput')), 'a.test,b.test')
  assert.equal(value(common('ssl.v3.SubjectInput')), 'CN=client')
  assert.equal(value(common('environment_variable.v3.Config', { name: 'NO_SUCH_VARIABLE' })), undefined)
  const offered = { transportProtocol: 'tls', applicationProtocols: ['h2', 'http/1.1'] }
  assert.equal(value(common('network.v3.TransportProtocolInput'), networkInputs, offered), 'tls')
  assert.equal(value(common('network.v3.ApplicationProtocolInput'), networkInputs, offered), "'h2','http/1.1'")
  info.downstreamRemoteAddress = { kind: 'ip', ip: '127.0.0.9', port: 1, version: 4 }
  assert.equal(value(common('network.v3.SourceTypeInput')), 'local')
  const requestHeaders = new HeaderMap([':path', '/?a=%41b&q'])
  assert.equal(value(http('RequestQueryParam', { query_param: 'a' }), httpInputs, { requestHeaders }), 'Ab')
})

test('dynamic metadata is asked by a matcher of values', () => {
  const predicate = {
    single_predicate: {
      input: common('network.v3.DynamicMetadataInput', { filter: 'f', path: [{ key: 'k' }] }),
      custom_match: typed('envoy.extensions.matching.input_matchers.metadata.v3.Metadata', {
        value: { bool_match: true },
      }),
    },
  }
  const of = tree({ matcher_list: { matchers: [when(predicate, act('yes'))] }, on_no_match: act('no') })
  const info = streamInfo()
  assert.equal(of({ streamInfo: info }), 'no')
  info.dynamicMetadata = new Map([['f', { k: true }]])
  assert.equal(of({ streamInfo: info }), 'yes')
})

test('what cannot be matched is refused', () => {
  const header = http('RequestHeader', { header_name: 'x' })
  const metadata = common('network.v3.DynamicMetadataInput', { filter: 'f', path: [{ key: 'k' }] })
  const list = (predicate: object) => () => tree({ matcher_list: { matchers: [when(predicate, act('x'))] } })
  const custom = (config: object) => () =>
    tree({ matcher_tree: { input: header, custom_match: typed('xds.type.matcher.v3.ServerNameMatcher', config) } })
  assert.throws(list(exact(metadata, 'x')), /kind metadata, and its matcher takes the kind string/)
  assert.throws(
    () => tree({ matcher_tree: { input: metadata, exact_match_map: { map: { a: act('x') } } } }),
    /a tree takes the kind string/,
  )
  assert.throws(
    () =>
      tree(
        { matcher_tree: { input: http('ResponseStatusCode'), exact_match_map: { map: { a: act('x') } } } },
        { inputs: routeInputs },
      ),
    /no input that can be used here/,
  )
  const twice = { domain_matchers: [{ domains: ['a.test', 'a.test'], on_match: act('x') }] }
  assert.throws(custom(twice), /duplicate domain a\.test/)
  assert.throws(custom({ domain_matchers: [{ domains: ['a.*'], on_match: act('x') }] }), /supported as wildcards/)
  const ip = (address_prefix: string, prefix_len: number) => () =>
    tree({
      matcher_tree: {
        input: header,
        custom_match: typed('xds.type.matcher.v3.IPMatcher', {
          range_matchers: [{ ranges: [{ address_prefix, prefix_len }], on_match: act('x') }],
        }),
      },
    })
  assert.throws(ip('10.0.0', 8), /no IP address/)
  assert.throws(ip('10.0.0.0', 33), /at most 32/)
})
