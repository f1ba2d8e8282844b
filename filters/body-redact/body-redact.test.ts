import assert from 'node:assert/strict'
import { createServer as createHttpServer, request } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'
import { buffers, cut, FilterHost } from '../lib/filter-host.ts'

for (const { kind, skip } of proxies) {
  test(`body-redact on ${kind}: its example`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'body-redact')
    try {
      const body =
        'pay 4111 1111 1111 1111 or 4111-1111-1111-1112, ask Jo.Doe+x@mail.example.com at db-1.internal.example!'
      const answer = await proxy.request('/', {
        method: 'POST',
        body,
        headers: { 'accept-encoding': 'gzip', range: 'bytes=0-9' },
      })
      const echo = JSON.parse(answer.body)
      assert.equal(
        echo.body,
        'pay [card] or 4111-1111-1111-1112, ask [redacted] at db!',
        'no card without its check digit',
      )
      assert.deepEqual([echo.headers['accept-encoding'], echo.headers.range], ['identity', undefined])
      assert.equal(answer.headers['content-length'], undefined)
      await proxy.process.waitForStats(
        stats => stats.get('wasmcustom.pattern.host.body_redact_matches') === 1,
        'counter',
      )
    } finally {
      await proxy.stop()
    }
  })

  test(`body-redact on ${kind}: matches that lie over chunks, and nothing waits without need`, { skip }, async () => {
    const pieces = ['plain, then sec', 'r', 'et-1', '23. ', 'done sec']
    let next = (): void => {}
    const server = createHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      let index = 0
      next = () => {
        const piece = pieces[index++]
        if (piece === undefined) response.end()
        else response.write(piece)
      }
      next()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const configuration = { patterns: [{ regex: 'secret-\\d{1,3}', replacement: '***' }] }
    const ports = { 10_001: (server.address() as AddressInfo).port }
    const proxy = await FilterProxy.stock(kind, 'body-redact', configuration, { ports })
    try {
      const seen: string[] = []
      await new Promise<void>((resolve, reject) => {
        const call = request({ port: Object.values(proxy.process.ports)[0], agent: false }, response => {
          response.setEncoding('utf8')
          response.on('data', (text: string) => {
            seen.push(text)
            // The first bytes come before the server sends more.
            if (seen.length === 1) for (let i = 0; i < pieces.length; i++) setImmediate(next)
          })
          response.on('end', resolve)
          response.on('error', reject)
        })
        call.on('error', reject)
        call.end()
      })
      assert.equal(seen[0], 'plain, then ')
      assert.equal(seen.join(''), 'plain, then ***. done sec')
    } finally {
      await proxy.stop()
      server.close()
    }
  })

  test(`body-redact on ${kind}: requests, media types, compressed bodies`, { skip }, async () => {
    const configuration = {
      request: true,
      response: false,
      content_types: ['application/json'],
      patterns: [{ text: 'a.c(' }, { known: 'us_ssn', replacement: '' }],
    }
    const proxy = await FilterProxy.stock(kind, 'body-redact', configuration)
    try {
      const json = { 'content-type': 'application/json; charset=utf-8' }
      const send = (headers: Record<string, string>) =>
        proxy.request('/', { method: 'POST', body: 'abc( a.c( 123-45-6789', headers })
      assert.equal(JSON.parse((await send(json)).body).body, 'abc( [redacted] ')
      assert.equal(JSON.parse((await send({ 'content-type': 'text/plain' })).body).body, 'abc( a.c( 123-45-6789')
      assert.equal((await send({ ...json, 'content-encoding': 'gzip' })).status, 415)
    } finally {
      await proxy.stop()
    }
  })

  test(`body-redact on ${kind}: an answer with trailers keeps its end`, { skip }, async () => {
    const server = createHttp2Server()
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      const announced = headers[':path'] === '/announced'
      stream.respond(
        { ':status': 200, 'content-type': 'text/plain', ...(announced ? { trailer: 'x-end' } : {}) },
        { waitForTrailers: true },
      )
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }))
      stream.on('error', () => {})
      stream.write('no secre')
      stream.end('t-1 secret-')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const configuration = { patterns: [{ text: 'secret-1', replacement: '*' }] }
    const ports = { 10_001: (server.address() as AddressInfo).port }
    const proxy = await FilterProxy.stock(kind, 'body-redact', configuration, { ports, http2Upstream: true })
    try {
      assert.equal((await proxy.request('/announced')).body, 'no * secret-')
      await assert.rejects(proxy.request('/unannounced'), 'rather than losing its last bytes')
    } finally {
      await proxy.stop()
      server.close()
    }
  })

  test(`body-redact on ${kind}: faults are told with their paths`, { skip }, async () => {
    const bad = {
      patterns: [
        { regex: 'a+' },
        { regex: '(' },
        { known: 'passport' },
        {},
        { regex: 'x?' },
        { regex: 'a{5000}' },
        { text: 'x', regex: 'y' },
      ],
      request: false,
      response: false,
    }
    await assert.rejects(FilterProxy.stock(kind, 'body-redact', bad), (error: Error) => {
      assert.match(error.message, /patterns\[0\]\.regex may match without end: write an upper bound/)
      assert.match(error.message, /patterns\[1\]\.regex is no pattern: '\(' without '\)' at character 2/)
      assert.match(error.message, /patterns\[2\]\.known must be one of: credit_card, /)
      assert.match(error.message, /patterns\[3\] must have one of known, regex, text/)
      assert.match(error.message, /patterns\[4\]\.regex may match nothing at all/)
      assert.match(error.message, /patterns\[5\]\.regex may match more than 4096 bytes/)
      assert.match(error.message, /patterns\[6\] must have one of/)
      assert.match(error.message, /must redact request or response/)
      return true
    })
  })
}

/** The body as it comes out of the filter, in pieces. */
function redact(host: FilterHost, pieces: readonly Uint8Array[]): string {
  const context = host.open()
  host.headers.set(0, [[':path', '/']])
  host.headers.set(2, [['content-type', 'text/plain']])
  host.host.run('proxy_on_request_headers', context, 1, 1)
  host.host.run('proxy_on_response_headers', context, 1, 0)
  let text = ''
  for (const [index, piece] of pieces.entries()) {
    const { calls } = host.data('proxy_on_response_body', context, piece, index === pieces.length - 1)
    for (const call of calls)
      if (call[0] === 'proxy_set_buffer_bytes' && call[1] === buffers.responseBody) text += call[4]
  }
  host.close(context)
  return text
}

test('body-redact: gives what replacing in the whole body gives, however it is cut', () => {
  // Each beside the JavaScript expression that means the same (of several ways to match the longest counts here).
  const patterns = [
    ['ab{1,3}c?', /ab{1,3}c?/g],
    ['\\b[ab]{2,4}\\b', /\b[ab]{2,4}\b/g],
    ['(?i)(abc|b.)', /(abc|b.)/gi],
    ['[^a\\s]c', /[^a\s]c/g],
    ['\\d{2}-(\\d{1,2}\\B|c)', /\d{2}-(?:\d{2}\B|\d\B|c)/g],
    ['^a|c$', /^a|c$/g],
  ] as const
  for (const [regex, expression] of patterns) {
    const host = new FilterHost('body-redact', { patterns: [{ regex, replacement: '<>' }] })
    const unit = fc.constantFrom('a', 'b', 'c', 'A', 'B', 'C', ' ', '1', '2', '-', '\n')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 5 }), (text, places) => {
        assert.equal(redact(host, cut(Buffer.from(text), places)), text.replaceAll(expression, '<>'), regex)
      }),
      { numRuns: 400 },
    )
  }
})

test('body-redact: what is known by name', () => {
  const names = ['credit_card', 'email', 'us_ssn', 'iban', 'ipv4', 'jwt', 'bearer']
  const host = new FilterHost('body-redact', { patterns: names.map(known => ({ known, replacement: `<${known}>` })) })
  const cases: [string, string][] = [
    ['5500-0000-0000-0004.', '<credit_card>.'],
    ['41111111111111110', '41111111111111110'],
    ['<a@b.co>', '<<email>>'],
    ['a@b', 'a@b'],
    ['DE89 3704 0044 0532 0130 00, GB82WEST12345698765432', '<iban>, <iban>'],
    ['DE88 3704 0044 0532 0130 00', 'DE88 3704 0044 0532 0130 00'],
    ['10.0.0.255 10.0.0.256', '<ipv4> 10.0.0.256'],
    ['t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqbyJ9.c2lnbmF0dXJl;', 't=<jwt>;'],
    ['Authorization: Bearer abcdefgh.ijkl==', 'Authorization: <bearer>'],
    ['078-05-1120 078-05-11201', '<us_ssn> 078-05-11201'],
  ]
  for (const [text, wanted] of cases) assert.equal(redact(host, [Buffer.from(text)]), wanted)
})

test('body-redact: no pattern and no body makes it trap', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(...Array.from('ab\\.[]()|*+?{}12,^-$:diwsbBDWSxu\u00e9\u{1f600}')),
        minLength: 1,
        maxLength: 20,
      }),
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.nat(60), { maxLength: 4 }),
      (regex, bytes, places) => {
        let host
        try {
          host = new FilterHost('body-redact', { patterns: [{ regex }] })
        } catch (error) {
          assert.match(String(error), /bad configuration: patterns\[0\]/)
          return
        }
        redact(host, cut(bytes, places))
      },
    ),
    { numRuns: 1500 },
  )
})
