/** Our CEL prints what Envoy's prints (record.ts), and refuses what it refuses. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AttributeEnvironment, AttributeSource } from '../../src/attributes/attribute-source.ts'
import { printCel } from '../../src/cel/cel-text.ts'
import { compileCel } from '../../src/cel/cel.ts'
import type { Cluster, Host } from '../../src/core/cluster.ts'
import { HeaderMap } from '../../src/core/header-map.ts'
import type { DownstreamInfo } from '../../src/core/stream-info.ts'
import { StreamInformation } from '../../src/network/stream-info.ts'
import { plainRoute } from '../support/http-harness.ts'
import type { Outcome } from './expressions.ts'

/** Ours goes on where Envoy's differs for no good reason. */
const different: Readonly<Record<string, string>> = {
  'google.protobuf.Duration{seconds: 5}': 'messages are not made: nothing that an expression can read needs one',
  'google.protobuf.Struct{}': 'the same',
  'upstream.locality': 'whole messages are printed as JSON: Envoy prints them in a form that it changes at random',
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8')) as readonly Outcome[]
const ip = (port: number) => ({ kind: 'ip', ip: '127.0.0.1', version: 4, port }) as const

const downstream = {
  connectionId: 0,
  ...{ localAddress: ip(1), directRemoteAddress: ip(2), remoteAddress: ip(2) },
  ...{ requestedServerName: undefined, tls: undefined, listenerName: 'l', filterChainName: 'chain' },
} as const satisfies DownstreamInfo

const host = {
  ...{ address: ip(4), addressString: '127.0.0.1:4', metadata: undefined },
  locality: { region: '', zone: '', subZone: '' },
} as unknown as Host

const info = Object.assign(new StreamInformation(downstream, 'HTTP/1.1'), {
  ...{ responseCode: 203, responseCodeDetails: 'via_upstream', bytesSent: 5, durationMs: 2.2 },
  ...{ firstUpstreamTxMs: 1, lastUpstreamRxMs: 2 },
  ...{ upstreamHost: host, upstreamClusterName: 'c', upstreamLocalAddress: ip(5), upstreamRequestAttemptCount: 1 },
  ...{ routeName: 'rt', virtualHostName: 'vh' },
  dynamicMetadata: new Map([['dm', { s: 'str', n: 2, b: true, l: [1, 'a', { x: 1 }], o: { p: 'q' } }]]),
  route: {
    ...plainRoute,
    metadata: { rm: { k: 'rv', n: 1.5, b: true, l: [1, 'a'] } },
    virtualHostMetadata: { vm: { k: 'vv' } },
  },
})
const source: AttributeSource = {
  streamInfo: info,
  requestHeaders: new HeaderMap([
    ...[':authority', 'example.com', ':path', '/p/a?q=1&b=2', ':method', 'GET', ':scheme', 'http'],
    ...['x-a', 'abc', 'x-two', '1', 'x-two', '2', 'x-n', '42', 'user-agent', 'ua', 'x-utf', 'Ã©'],
    ...['x-forwarded-proto', 'http', 'x-request-id', '00000000-0000-0000-0000-000000000000'],
  ]),
  responseHeaders: new HeaderMap([
    ...[':status', '203', 'x-u', '1', 'content-length', '5', 'x-envoy-upstream-service-time', '0'],
    ...['date', 'Wed, 25 Nov 2026 02:54:36 GMT', 'server', 'envoy'],
  ]),
  responseTrailers: undefined,
}
const cluster = { info: { metadata: { cm: { k: 'cv' } } }, hosts: [host] } as unknown as Cluster
const environment: AttributeEnvironment = {
  clusters: { get: name => (name === 'c' ? cluster : undefined) },
  node: { id: 'nid', cluster: 'ncl', zone: 'nz' },
  trafficDirection: 'INBOUND',
  listenerMetadata: { lm: { k: 'lv' } },
}

for (const [expression, expected] of golden) {
  test(expression, { skip: different[expression] ?? false }, () => {
    if (typeof expected !== 'string') return assert.throws(() => compileCel(expression, environment), /./)
    const value = printCel(compileCel(expression, environment).evaluate(source))
    assert.equal(Buffer.from(value ?? '-', 'latin1').toString(), expected)
  })
}
