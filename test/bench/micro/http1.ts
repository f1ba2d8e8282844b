/** What the HTTP/1 codec and the header map cost: `node test/bench/micro/http1.ts` prints µs (or ns) each. */
import type { RequestDecoder, ResponseDecoder, ResponseEncoder } from '../../../src/core/codec.ts'
import { Http1ClientConnection } from '../../../src/codec/http1/client.ts'
import { Http1ServerConnection } from '../../../src/codec/http1/server.ts'
import { defaultHttp1Settings, defaultUpstreamHttp1Settings } from '../../../src/codec/http1/settings.ts'
import { HeaderMap } from '../../../src/core/header-map.ts'
import { FakeConnection } from '../../support/fake-connection.ts'

/** Writes as a socket does: the strings of a turn become bytes once. */
class Sink extends FakeConnection {
  readonly #buffer = Buffer.allocUnsafe(64 * 1024)
  #text = ''

  override write(data: Uint8Array | string): void {
    this.#text += typeof data === 'string' ? data : Buffer.prototype.latin1Slice.call(data, 0, data.length)
  }

  flush(): number {
    const length = this.#buffer.write(this.#text, 0, 'latin1')
    this.#text = ''
    return length
  }
}

const requests = {
  'curl-sized': 'GET /index.html HTTP/1.1\r\nHost: 127.0.0.1:10000\r\n\r\n',
  'browser-sized': `GET /api/v1/items?limit=20&after=8123 HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r
sec-ch-ua: "Chromium";v="126", "Not.A/Brand";v="24"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: "Linux"\r
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r
Accept: application/json, text/plain, */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r
Sec-Fetch-Dest: empty\r\nReferer: https://www.example.com/items\r\nAccept-Encoding: gzip, deflate, br, zstd\r
Accept-Language: en-US,en;q=0.9\r\nCookie: session=9c1f2e7a8b6d4f0f; theme=dark\r\nX-Custom-Thing: 42\r\n\r\n`,
}
const response = `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Wed, 25 Nov 2026 00:00:00 GMT\r
Content-Type: application/json\r\nContent-Length: 39\r\nConnection: keep-alive\r
Last-Modified: Tue, 24 Nov 2026 00:00:00 GMT\r\nETag: "6543-27"\r\n\r\n{"a":1,"b":2,"message":"hello, world!"}`

function measure(name: string, unit: 'µs' | 'ns', body: (rounds: number) => void): void {
  body(20_000)
  const figures: number[] = []
  for (let sample = 0; sample < 7; sample++) {
    const rounds = 50_000
    const start = process.hrtime.bigint()
    body(rounds)
    figures.push(Number(process.hrtime.bigint() - start) / rounds)
  }
  figures.sort((a, b) => a - b)
  const median = figures[3] as number
  console.log(`${name.padEnd(52)} ${(unit === 'µs' ? median / 1000 : median).toFixed(2)} ${unit}`)
}

for (const [name, text] of Object.entries(requests)) {
  const request = Buffer.from(text, 'latin1')
  const reply = Buffer.from(response, 'latin1')

  const parse = new Http1ServerConnection(
    new Sink(),
    {
      newStream: encoder => ({
        decodeHeaders: () => encoder.encodeHeaders(direct, true),
        decodeData: () => {},
        decodeTrailers: () => {},
        sendLocalReply: () => {},
      }),
      onGoAway: () => {},
    },
    defaultHttp1Settings,
  )
  const direct = HeaderMap.of({ ':status': '200', 'content-length': '0' })
  measure(`${name} request: parse, answer directly`, 'µs', rounds => {
    for (let i = 0; i < rounds; i++) {
      parse.dispatch(request, false)
      ;(parse.connection as Sink).flush()
    }
  })

  const downstream = new Sink()
  const upstream = new Sink()
  let responseEncoder: ResponseEncoder | undefined
  const client = new Http1ClientConnection(
    upstream,
    { onGoAway: () => {}, onMaxStreamsChanged: () => {} },
    defaultUpstreamHttp1Settings,
  )
  const responseDecoder: ResponseDecoder = {
    decode1xxHeaders: () => {},
    decodeHeaders: (headers, endStream) => {
      headers.remove('connection')
      headers.set('server', 'envoy')
      headers.set('x-envoy-upstream-service-time', '1')
      responseEncoder?.encodeHeaders(headers, endStream)
    },
    decodeData: (data, endStream) => responseEncoder?.encodeData(data, endStream),
    decodeTrailers: () => {},
  }
  const requestDecoder: RequestDecoder = {
    decodeHeaders: (headers, endStream) => {
      headers.remove('connection')
      headers.set(':scheme', 'http')
      headers.set('x-forwarded-proto', 'http')
      headers.set('x-request-id', '3f0c7a92-1111-4222-8333-123456789abc')
      headers.set('x-envoy-expected-rq-timeout-ms', '15000')
      client.newStream(responseDecoder).encodeHeaders(headers, endStream)
    },
    decodeData: () => {},
    decodeTrailers: () => {},
    sendLocalReply: () => {},
  }
  const server = new Http1ServerConnection(
    downstream,
    {
      newStream: encoder => {
        responseEncoder = encoder
        return requestDecoder
      },
      onGoAway: () => {},
    },
    defaultHttp1Settings,
  )
  measure(`${name} request: parse, write, response: parse, write`, 'µs', rounds => {
    for (let i = 0; i < rounds; i++) {
      server.dispatch(request, false)
      upstream.flush()
      client.dispatch(reply, false)
      downstream.flush()
    }
  })
}

const names = ':authority :path :method :scheme user-agent accept x-a x-b x-c x-d cookie x-e x-f'.split(' ')
const map = new HeaderMap(names.flatMap(name => [name, 'value']))
measure('header map of 13: get the last', 'ns', rounds => {
  for (let i = 0; i < rounds; i++) map.get('x-f')
})
measure('header map of 13: get an absent one', 'ns', rounds => {
  for (let i = 0; i < rounds; i++) map.get('absent')
})
measure('header map of 13: copy, set, remove', 'ns', rounds => {
  for (let i = 0; i < rounds; i++) {
    const copy = map.copy()
    copy.set('x-new', 'v')
    copy.remove('x-a')
  }
})
