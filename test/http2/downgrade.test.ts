/**
 * What an HTTP/2 client could say to make an HTTP/1 upstream see another request than the proxy did: none of it reaches the
 * upstream. `SLUICE_TEST_PROXY=envoy` runs the same against Envoy.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { FrameType, pingFrame } from '../../src/codec/http2/framing.ts'
import { cluster, http } from '../golden/case.ts'
import {
  block,
  clientStart,
  data,
  end,
  endHeaders,
  frame,
  FrameLog,
  headers,
  request,
} from '../support/http2-frames.ts'
import { type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'

const kind: ProxyKind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'
const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n'

const get = (...more: string[]): string => headers(1, request('/', more))
const post = (...more: string[]): string => headers(1, request('/', more, 'POST'), 0)
/** Pseudo-headers as given, in place of the usual. */
function with_(changes: Readonly<Record<string, string>>, ...more: string[]): string {
  const list = [':method', 'GET', ':path', '/', ':scheme', 'http', ':authority', 'a.test']
  for (let i = 0; i < list.length; i += 2) list[i + 1] = changes[list[i] as string] ?? (list[i + 1] as string)
  return headers(1, [...list, ...more])
}
const without = (name: string, ...more: string[]): string => {
  const list = request('/')
  const at = list.indexOf(name)
  return headers(1, [...list.slice(0, at), ...list.slice(at + 2), ...more])
}
const trailers = (...list: string[]): string => post() + data(1, 'x') + headers(1, list)

/** In each place where a byte could end a line early, or begin another. */
const breaks = ['\r', '\n', '\r\n', '\0', '\r\nx: y', '\n\n', `\r\n\r\n${smuggled}`]
const shown = (text: string): string => JSON.stringify(text.slice(0, 8))

const refused: Record<string, string> = {
  ...Object.fromEntries(
    breaks.flatMap(each => [
      [`${shown(each)} in a value`, get('x', `a${each}b`)],
      [`${shown(each)} at the end of a value`, get('x', `a${each}`)],
      [`${shown(each)} at the start of a value`, get('x', `${each}a`)],
      [`${shown(each)} in a name`, get(`x${each}y`, 'a')],
      [`${shown(each)} in :path`, with_({ ':path': `/${each}` })],
      [`${shown(each)} in :authority`, with_({ ':authority': `a${each}b` })],
      [`${shown(each)} in :method`, with_({ ':method': `GET${each}` })],
      [`${shown(each)} in :scheme`, with_({ ':scheme': `http${each}` })],
      [`${shown(each)} in host`, without(':authority', 'host', `a${each}b`)],
      [`${shown(each)} in a cookie`, get('cookie', `a=1${each}`)],
      [`${shown(each)} in te`, get('te', `trailers${each}`)],
    ]),
  ),
  'a request line in :path': with_({ ':path': '/ HTTP/1.1' }),
  'a space in :path': with_({ ':path': '/a b' }),
  'a tab in :path': with_({ ':path': '/a\tb' }),
  'a request line in :method': with_({ ':method': 'GET / HTTP/1.1' }),
  'an empty :method': with_({ ':method': '' }),
  'an empty :path': with_({ ':path': '' }),
  'a URL in :path': with_({ ':path': 'http://b.test/' }),
  'a space in :authority': with_({ ':authority': 'a b' }),
  'a path in :authority': with_({ ':authority': 'a/b' }),
  'two :path': get(':path', '/b'),
  'two :method': get(':method', 'POST'),
  'two :authority': get(':authority', 'b.test'),
  'two :scheme': get(':scheme', 'https'),
  'no :path': without(':path'),
  'no :method': without(':method'),
  ':status': get(':status', '200'),
  'an unknown pseudo-header': get(':other', '1'),
  'a pseudo-header after a field': headers(1, ['x', 'y', ...request('/')]),
  ':protocol without allow_connect': headers(1, [
    ':method',
    'CONNECT',
    ':protocol',
    'websocket',
    ...request('/').slice(2),
  ]),
  'transfer-encoding: chunked': post('transfer-encoding', 'chunked') + data(1, '0\r\n\r\n', end),
  'transfer-encoding in capitals': post('Transfer-Encoding', 'chunked') + data(1, '0\r\n\r\n', end),
  'transfer-encoding: identity': post('transfer-encoding', 'identity') + data(1, 'x', end),
  connection: get('connection', 'x'),
  'connection: close': get('connection', 'close'),
  'keep-alive': get('keep-alive', '1'),
  'proxy-connection': get('proxy-connection', 'close'),
  upgrade: get('upgrade', 'websocket'),
  'te: gzip': get('te', 'gzip'),
  'a name in capitals': get('X-A', '1'),
  'an empty name': get('', '1'),
  'a space in a name': get('a b', '1'),
  'a colon in a name': get('a:b', '1'),
  'a high byte in a name': get('a\xe9', '1'),
  'content-length without a body': headers(1, request('/', ['content-length', '5'], 'POST')),
  'content-length that is no number': post('content-length', 'x') + data(1, 'x', end),
  'content-length with a sign': post('content-length', '+1') + data(1, 'x', end),
  'content-length in hexadecimal': post('content-length', '0x1') + data(1, 'x', end),
  'content-length as a list': post('content-length', '1, 1') + data(1, 'x', end),
  'content-length with a space inside': post('content-length', '1 1') + data(1, 'x', end),
  'content-length beyond all numbers': post('content-length', '99999999999999999999') + data(1, 'x', end),
  'two content-lengths that differ': post('content-length', '1', 'content-length', '2') + data(1, 'x', end),
  'CONNECT with a path': headers(1, [':method', 'CONNECT', ':path', '/', ':authority', 'a:1', ':scheme', 'http'], 0),
  'CONNECT that is not allowed': headers(1, [':method', 'CONNECT', ':authority', 'a:1'], 0),
  'CONNECT to two lines': headers(1, [':method', 'CONNECT', ':authority', `a:1\r\n\r\n${smuggled}`], 0),
}

/** Wrong from a later point on: the upstream may have seen the head, but must not see a whole request, nor a second one. */
const cutOff: Record<string, string> = {
  'more than content-length': post('content-length', '1') + data(1, `x${smuggled}`, end),
  'less than content-length': post('content-length', '500') + data(1, smuggled, end),
  ...Object.fromEntries(
    breaks.flatMap(each => [
      [`${shown(each)} in a trailer`, trailers('x', `a${each}b`)],
      [`${shown(each)} in the name of a trailer`, trailers(`x${each}y`, 'a')],
    ]),
  ),
  'a pseudo-header in trailers': trailers(':path', '/b'),
  'a trailer in capitals': trailers('X', 'y'),
  'connection in trailers': trailers('connection', 'close'),
  'transfer-encoding in trailers': trailers('transfer-encoding', 'chunked'),
  'wrong content-length in trailers': trailers('content-length', '5'),
  'trailers that do not end the request': post() + headers(1, ['x', 'y'], 0),
}

/** Good requests that must stay one request, and what the upstream is to see of it. */
const kept: Record<string, { readonly frames: string; readonly sees: RegExp }> = {
  'a request in a body': {
    frames: post() + data(1, `0\r\n\r\n${smuggled}`, end),
    sees: /^POST \/ HTTP\/1\.1\r\n[^]*transfer-encoding: chunked\r\n\r\n28\r\n0\r\n\r\nGET \/smuggled/,
  },
  'a request in a body with content-length': {
    frames: post('content-length', String(smuggled.length)) + data(1, smuggled, end),
    sees: /^POST \/ HTTP\/1\.1\r\n[^]*content-length: 35\r\n[^]*\r\n\r\nGET \/smuggled/,
  },
  'host beside :authority': {
    frames: get('host', 'b.test'),
    sees: /^GET \/ HTTP\/1\.1\r\nhost: a\.test\r\n(?![^]*host:)/,
  },
  'cookies in pieces': {
    frames: get('cookie', 'a=1', 'cookie', 'b=2'),
    sees: /\r\ncookie: a=1; b=2\r\n(?![^]*cookie)/,
  },
  // Trailers end here unless the cluster wants them.
  'fields of requests in trailers': {
    frames: trailers('host', 'b.test', 'te', 'trailers', 'x', 'y'),
    sees: /\r\n\r\n1\r\nx\r\n0\r\n(?![^]*host)/,
  },
  'a fragment in :path': { frames: with_({ ':path': '/a%0d%0ab' }), sees: /^GET \/a%0d%0ab HTTP\/1\.1\r\n/ },
}

describe(`HTTP/2 to HTTP/1: ${kind}`, () => {
  let received = ''
  const sockets = new Set<Socket>()
  const upstream = createServer(socket => {
    sockets.add(socket)
    let head = ''
    socket.on('error', () => {})
    socket.on('data', bytes => {
      received += bytes.toString('latin1')
      head += bytes.toString('latin1')
      // Whole requests are answered; a body of chunks is whole with its last.
      const whole = /^(?:GET|POST) [^]*?\r\n\r\n/.exec(head)
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(whole?.[0] ?? '')?.[1] ?? 0)
      const chunked = /\r\ntransfer-encoding: chunked/i.test(whole?.[0] ?? '')
      if (whole === null || (chunked ? !head.endsWith('\r\n0\r\n\r\n') : head.length < whole[0].length + length)) return
      head = ''
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
  })
  let proxy: ProxyProcess

  before(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    proxy = await ProxyProcess.start(kind, {
      static_resources: {
        listeners: [
          http({ name: 'h2', hcm: { access_log: [] } }),
          http({
            name: 'upgrades',
            hcm: {
              access_log: [],
              http2_protocol_options: { allow_connect: true },
              upgrade_configs: [{ upgrade_type: 'websocket' }, { upgrade_type: 'other' }],
            },
          }),
        ],
        clusters: [cluster('a', [String((upstream.address() as AddressInfo).port)])],
      },
    })
  })
  after(async () => {
    await proxy.stop()
    upstream.close()
    for (const socket of sockets) socket.destroy()
  })

  const started = async (): Promise<number> => (await proxy.stats()).get('cluster.a.upstream_rq_total') ?? 0
  const over = async (): Promise<unknown> =>
    proxy.waitForStats(
      stats => stats.get('http.h2.downstream_cx_active') === 0 && stats.get('cluster.a.upstream_rq_active') === 0,
      'the connection to be over',
    )

  /** Sends frames and waits until the proxy has dealt with them. */
  async function send(frames: string, listener = 'h2'): Promise<FrameLog> {
    received = ''
    const client = await RawClient.connect(proxy.ports[listener] ?? 0)
    const log = new FrameLog()
    let taken = 0
    const pings = (count: number) => (): boolean => {
      log.push(client.received.subarray(taken))
      taken = client.received.length
      return client.peer !== 'open' || log.seen.filter(line => line.startsWith('ping')).length >= count
    }
    client.write(clientStart + frames + pingFrame(Buffer.from('sentinel'), false))
    await client.waitFor(pings(1), 'the answer to PING')
    if (client.peer === 'open') client.write(pingFrame(Buffer.from('sentinel'), false))
    await client.waitFor(pings(2), 'the answer to the second PING')
    client.destroy()
    return log
  }

  test(`${Object.keys(refused).length} requests never start upstream`, async t => {
    for (const [name, frames] of Object.entries(refused)) {
      await t.test(name, async () => {
        const before = await started()
        await send(frames)
        assert.equal(await started(), before)
      })
    }
  })

  test(`${Object.keys(cutOff).length} requests go wrong, and are never whole`, async t => {
    for (const [name, frames] of Object.entries(cutOff)) {
      await t.test(name, async () => {
        await send(frames)
        await over()
        assert.equal(received.split(' HTTP/1.1\r\n').length <= 2, true, received)
        assert.ok(!received.includes('\r\n0\r\n'), received)
        assert.ok(!received.includes('smuggled') || received.includes('content-length: 500'), received)
      })
    }
  })

  test('good requests stay one request', async t => {
    for (const [name, { frames, sees }] of Object.entries(kept)) {
      await t.test(name, async () => {
        const before = await started()
        await send(frames)
        await over()
        assert.equal((await started()) - before, 1)
        assert.match(received, sees)
      })
    }
  })

  test('what follows an upgrade that was answered otherwise is no request', async t => {
    const extended = (protocol: string): string =>
      headers(1, [':method', 'CONNECT', ':protocol', protocol, ...request('/').slice(2)], 0)
    await t.test('extended CONNECT', async () => {
      await send(extended('websocket') + data(1, smuggled), 'upgrades')
      assert.ok(!received.includes('smuggled'), received)
    })
    for (const type of ['websocket', 'WebSocket']) {
      await t.test(`HTTP/1: ${type}`, async () => {
        received = ''
        const client = await RawClient.connect(proxy.ports['upgrades'] ?? 0)
        client.write(`GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: ${type}\r\n\r\n${smuggled}`)
        await client.waitFor(c => c.text.includes('\r\n\r\n') || c.peer !== 'open', 'the answer')
        assert.match(client.text, /^HTTP\/1\.1 200 /)
        await client.waitFor(c => c.peer !== 'open', 'the end of the connection')
        client.destroy()
        assert.ok(!received.includes('smuggled'), received)
      })
    }
  })

  test('frames of a header block that end elsewhere', async () => {
    const before = await started()
    const bytes = block(request('/'))
    await send(
      frame(FrameType.headers, end, 1, bytes.slice(0, 3)) +
        data(1, 'x') +
        frame(FrameType.continuation, endHeaders, 1, bytes.slice(3)),
    )
    assert.equal(await started(), before)
  })
})
