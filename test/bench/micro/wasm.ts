/** Nanoseconds that a wasm HTTP filter adds to a request, without a proxy around it: create, headers both ways, log, end. */
import { FakeStream, fixture, makeHandle } from '../../support/fake-wasm.ts'
import { HeaderMap } from '../../../src/core/header-map.ts'
import { setLogLevel } from '../../../src/base/log.ts'

const requestHeaders = [
  ...[':authority', 'example.com', ':path', '/a/b/c?d=e', ':method', 'GET', ':scheme', 'http'],
  ...['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'accept', '*/*'],
  ...['accept-encoding', 'gzip, deflate, br', 'cookie', 'session=0123456789abcdef0123456789abcdef'],
  ...['x-forwarded-proto', 'http', 'x-request-id', '3f0c7a92-1111-4222-8333-123456789abc'],
]
const responseHeaders = [
  ...[':status', '200', 'content-type', 'application/json', 'content-length', '13'],
  ...['server', 'upstream', 'date', 'Wed, 25 Nov 2026 00:00:00 GMT', 'x-envoy-upstream-service-time', '0'],
]
const rounds = 5
const requests = 100_000

setLogLevel('warning')
for (const [name, text] of [
  ['as-headers', 'x-wasm: hello'],
  ['rust-headers', 'rusty'],
  ['go-headers', 'gopher'],
] as const) {
  const handle = makeHandle(fixture(name), { text })
  const stream = new FakeStream(handle)
  const { callbacks } = stream
  const results: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now()
    for (let i = 0; i < requests; i++) {
      const filter = handle.newHttpFilter(callbacks)
      stream.requestHeaders = new HeaderMap(requestHeaders.slice())
      stream.responseHeaders = new HeaderMap(responseHeaders.slice())
      filter.decodeHeaders?.(stream.requestHeaders, true)
      filter.encodeHeaders?.(stream.responseHeaders, false)
      filter.log?.()
      filter.onDestroy?.()
    }
    results.push(((performance.now() - begin) * 1e6) / requests)
    stream.events.length = 0
  }
  console.log(`${name.padEnd(14)} ${results.map(ns => `${Math.round(ns)}`.padStart(7)).join('')} ns/request`)
  handle.close()
}
