/** Requests through the proxy from node:http2 and node:http clients to node:http2 and node:http servers, in every pairing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import { after, before, describe, it } from 'node:test'
import { clientStart, FrameLog, headers, request } from '../support/http2-frames.ts'
import { RawClient } from '../support/raw-client.ts'
import { ask, Setup } from './setup.ts'

const mib = 1 << 20
let setup: Setup
let session: http2.ClientHttp2Session

/** `/…/echo`: the body and the trailers back. `/…/size?n`: n bytes. `/…/reset`, `/…/early`, `/…/hints`, `/…/hang`. */
function serve(request: http2.Http2ServerRequest, response: http2.Http2ServerResponse): void {
  request.on('error', () => {})
  response.on('error', () => {})
  const { pathname, search } = new URL(request.url, 'http://a')
  const what = pathname.split('/').at(-1)
  if (what === 'size') {
    const size = Number(search.slice(1))
    response.writeHead(200, { 'content-length': size })
    let sent = 0
    const more = (): void => {
      while (sent < size) {
        const length = Math.min(100_000, size - sent)
        sent += length
        if (!response.write(Buffer.alloc(length, sent & 0xff))) {
          response.once('drain', more)
          return
        }
      }
      response.end()
    }
    more()
  } else if (what === 'reset') {
    response.writeHead(200)
    response.write('part')
    setImmediate(() => request.socket.destroy())
  } else if (what === 'early') {
    response.writeHead(403)
    response.end('no')
  } else if (what === 'head') {
    response.writeHead(200, { 'content-length': 12 })
    response.end()
  } else if (what === 'echo') {
    response.writeHead(200, { 'x-version': request.httpVersion, 'x-headers': JSON.stringify(request.headers) })
    request.on('data', chunk => response.write(chunk))
    request.on('end', () => {
      response.addTrailers({ 'x-sum': 'done', ...pick(request.trailers) })
      response.end()
    })
  }
}

function pick(trailers: Readonly<Record<string, unknown>>): Record<string, string> {
  const found = trailers['x-client']
  return typeof found === 'string' ? { 'x-client': found } : {}
}

before(async () => {
  setup = await Setup.start(serve, { http_protocol_options: { enable_trailers: true } })
  session = setup.connect()
  await once(session, 'connect')
})

after(async () => {
  session?.destroy()
  await setup?.stop()
})

for (const [name, prefix, version] of [
  ['HTTP/2 to HTTP/2', '', '2.0'],
  ['HTTP/2 to HTTP/1', '/h1', '1.1'],
] as const) {
  describe(name, () => {
    const post = (path: string): http2.OutgoingHttpHeaders => ({ ':method': 'POST', ':path': prefix + path })

    it('headers, body and trailers both ways', async () => {
      const answer = await ask(
        session,
        { ...post('/echo'), cookie: ['a=1', 'b=2'], te: 'trailers' },
        Buffer.from('hello'),
        {
          'x-client': 'yes',
        },
      )
      assert.equal(answer.status, 200)
      assert.equal(answer.body.toString(), 'hello')
      assert.equal(answer.headers['x-version'], version)
      const seen = JSON.parse(String(answer.headers['x-headers'])) as Record<string, string>
      assert.equal(seen['cookie'], 'a=1; b=2')
      assert.equal(seen[version === '2.0' ? ':authority' : 'host'], `127.0.0.1:${setup.port}`)
      assert.deepEqual(Object.fromEntries(Object.entries(answer.trailers)), { 'x-sum': 'done', 'x-client': 'yes' })
    })

    it('a large body up', async () => {
      const chunks = Array.from({ length: 64 }, (_, i) => Buffer.alloc(mib / 4, i))
      const answer = await ask(session, post('/echo'), chunks)
      assert.ok(Buffer.concat(chunks).equals(answer.body))
    })

    it('many large answers at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => ask(session, { ':path': `${prefix}/size?${3 * mib}` })),
      )
      for (const { body } of answers) assert.equal(body.length, 3 * mib)
    })

    it('many small requests at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 90 }, (_, i) => ask(session, post('/echo'), Buffer.from(String(i)))),
      )
      for (const [i, { body }] of answers.entries()) assert.equal(body.toString(), String(i))
    })

    it('HEAD', async () => {
      const answer = await ask(session, { ':method': 'HEAD', ':path': `${prefix}/head` })
      assert.equal(answer.headers['content-length'], '12')
      assert.equal(answer.body.length, 0)
    })

    it('an answer that comes before the request is whole', async () => {
      const stream = session.request(post('/early'), { endStream: false })
      stream.on('error', () => {})
      const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
      assert.equal(headers[':status' as never], 403)
      stream.resume()
      await once(stream, 'close')
      assert.equal(stream.rstCode, 0)
    })

    it('an upstream that breaks off in the middle resets the stream, not the connection', async () => {
      await assert.rejects(ask(session, { ':path': `${prefix}/reset` }), /NGHTTP2_INTERNAL_ERROR/)
      assert.equal((await ask(session, { ':path': '/direct' })).status, 200)
    })

    it('a client that gives up', async () => {
      const stream = session.request({ ':path': `${prefix}/hang` })
      stream.on('error', () => {})
      await setup.proxy.waitForStats(
        stats => stats.get(`cluster.${prefix === '' ? 'h2' : 'h1'}.upstream_rq_active`) === 1,
        'the request to arrive',
      )
      stream.close(http2.constants.NGHTTP2_CANCEL)
      await setup.proxy.waitForStats(
        stats => stats.get(`cluster.${prefix === '' ? 'h2' : 'h1'}.upstream_rq_active`) === 0,
        'the request to be given up upstream',
      )
    })
  })
}

describe('HTTP/1 to HTTP/2', () => {
  async function ask1(path: string, body: Buffer | undefined, trailers?: Record<string, string>) {
    const request = http.request({ port: setup.port, path, method: body === undefined ? 'GET' : 'POST', agent: false })
    if (trailers !== undefined) {
      request.setHeader('trailer', Object.keys(trailers).join(','))
      request.write(body)
      request.addTrailers(trailers)
      request.end()
    } else request.end(body)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return {
      status: response.statusCode,
      headers: response.headers,
      body: Buffer.concat(chunks),
      trailers: response.trailers,
    }
  }

  it('headers, body and trailers', async () => {
    const body = Buffer.alloc(3 * mib, 7)
    const answer = await ask1('/echo', body, { 'x-client': 'yes' })
    assert.equal(answer.headers['x-version'], '2.0')
    assert.ok(body.equals(answer.body))
    assert.deepEqual(Object.fromEntries(Object.entries(answer.trailers)), { 'x-sum': 'done', 'x-client': 'yes' })
  })

  it('a large answer', async () => {
    assert.equal((await ask1(`/size?${5 * mib}`, undefined)).body.length, 5 * mib)
  })

  it('stays HTTP/1 to HTTP/1 by the same listener', async () => {
    assert.equal((await ask1('/h1/echo', Buffer.from('x'))).headers['x-version'], '1.1')
  })
})

describe('recognition', () => {
  it('HTTP/2 is recognised however its preface is split', async () => {
    const client = await RawClient.connect(setup.port)
    for (const character of clientStart + headers(1, request('/direct'))) {
      client.write(character)
      await new Promise(resolve => setImmediate(resolve))
    }
    const log = new FrameLog()
    let taken = 0
    await client.waitFor(each => {
      log.push(each.received.subarray(taken))
      taken = each.received.length
      return log.seen.includes('data 1 end direct\n')
    }, 'the answer')
    client.destroy()
  })

  it('HTTP/1 that begins like it is not held back', async () => {
    const client = await RawClient.connect(setup.port)
    client.write('P')
    client.write('ROPFIND /direct HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.waitFor(each => each.text.endsWith('direct\n'), 'the answer')
    client.destroy()
  })
})

describe('errors', () => {
  it('local replies', async () => {
    const answer = await ask(session, { ':path': '/dead/x' })
    assert.equal(answer.status, 503)
    assert.match(answer.body.toString(), /connection failure/)
  })

  it('stats say which protocols were spoken', async () => {
    const stats = await setup.proxy.stats()
    assert.ok((stats.get('http.auto.downstream_rq_http2_total') ?? 0) > 20)
    assert.ok((stats.get('http.auto.downstream_cx_http1_total') ?? 0) > 2)
    assert.ok((stats.get('cluster.h2.upstream_cx_http2_total') ?? 0) > 0)
    assert.equal(stats.get('http2.pending_send_bytes'), 0)
    assert.equal(stats.get('http2.streams_active'), 0)
  })
})
