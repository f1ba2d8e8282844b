import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { Cluster, HttpPoolCallbacks } from '../core/cluster.ts'
import type { RequestEncoder, ResponseDecoder } from '../core/codec.ts'
import { HeaderMap } from '../core/header-map.ts'
import { HttpCall, type HttpCallResponse } from './http-call.ts'

/** A cluster whose one connection does what the test says. */
class FakeCluster {
  decoder: ResponseDecoder | undefined
  pool: HttpPoolCallbacks | undefined
  readonly events: string[] = []
  hasHost = true

  get cluster(): Cluster {
    return {
      chooseHost: () => (this.hasHost ? {} : undefined),
      httpConnectionPool: () => ({
        newStream: (decoder: ResponseDecoder, pool: HttpPoolCallbacks) => {
          this.decoder = decoder
          this.pool = pool
          return { cancel: () => void this.events.push('cancelled') }
        },
      }),
    } as unknown as Cluster
  }

  connect(): void {
    const encoder = {
      encodeHeaders: (headers: HeaderMap, end: boolean) => void this.events.push(`headers ${headers.path} ${end}`),
      encodeData: (data: Uint8Array, end: boolean) =>
        void this.events.push(`data ${Buffer.from(data).toString()} ${end}`),
      encodeTrailers: () => void this.events.push('trailers'),
      stream: { setCallbacks() {}, resetStream: (reason: string) => void this.events.push(`reset ${reason}`) },
    }
    this.pool?.onPoolReady(encoder as unknown as RequestEncoder, {} as never, {} as never)
  }
}

function start(fake: FakeCluster, more: { body?: string; timeoutMs?: number; trailers?: HeaderMap } = {}) {
  const answers: HttpCallResponse[] = []
  const call = new HttpCall(response => void answers.push(response))
  const headers = HeaderMap.of({ ':authority': 'a', ':path': '/p', ':method': 'GET' })
  const { body = '', timeoutMs = 0, trailers } = more
  call.start(fake.cluster, { headers, body: Buffer.from(body), trailers, timeoutMs })
  return {
    call,
    answers,
    text: () => answers.map(({ headers: h, body: b }) => `${h?.status} ${Buffer.from(b).toString()}`),
  }
}

test('request, answer in pieces', () => {
  const fake = new FakeCluster()
  const { answers, text } = start(fake, { body: 'hi', trailers: HeaderMap.of({ t: '1' }) })
  fake.connect()
  assert.deepEqual(fake.events, ['headers /p false', 'data hi false', 'trailers'])
  fake.decoder?.decodeHeaders(HeaderMap.of({ ':status': '200' }), false)
  fake.decoder?.decodeData(Buffer.from('a'), false)
  fake.decoder?.decodeData(Buffer.from('b'), false)
  assert.equal(answers.length, 0)
  fake.decoder?.decodeTrailers(HeaderMap.of({ 'x-t': '1' }))
  assert.deepEqual(text(), ['200 ab'])
  assert.equal(answers[0]?.trailers?.get('x-t'), '1')
})

test('failures are answers, never before start has returned', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const none = new FakeCluster()
  none.hasHost = false
  const unhealthy = start(none)
  const refused = new FakeCluster()
  const failing = start(refused)
  refused.pool?.onPoolFailure('remote-connection-failure', 'Connection refused', undefined)
  assert.deepEqual([unhealthy.text(), failing.text()], [[], []])
  t.mock.timers.tick(1)
  assert.deepEqual(unhealthy.text(), ['503 no healthy upstream'])
  const reason = 'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure'
  assert.deepEqual(failing.text(), [`503 ${reason}`])
})

test('timeout: 504 and the stream is reset', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const fake = new FakeCluster()
  const { text } = start(fake, { timeoutMs: 50 })
  fake.connect()
  t.mock.timers.tick(50)
  assert.deepEqual(text(), ['504 upstream request timeout'])
  assert.equal(fake.events.at(-1), 'reset local-reset')
})

test('an answer that breaks off has no headers', () => {
  const fake = new FakeCluster()
  const { answers } = start(fake)
  fake.connect()
  fake.decoder?.decodeHeaders(HeaderMap.of({ ':status': '200' }), false)
  ;(fake.decoder as HttpCall).onResetStream('connection-termination')
  assert.equal(answers.length, 1)
  assert.equal(answers[0]?.headers, undefined)
})

for (const [reason, status, words] of [
  ['connection-termination', 503, 'connection termination'],
  ['remote-reset', 503, 'remote reset'],
  ['protocol-error', 502, 'protocol error'],
] as const)
  test(`${reason} before an answer is ${status}`, () => {
    const fake = new FakeCluster()
    const { text } = start(fake)
    fake.connect()
    ;(fake.decoder as HttpCall).onResetStream(reason)
    const body = `upstream connect error or disconnect/reset before headers. reset reason: ${words}`
    assert.deepEqual(text(), [`${status} ${body}`])
  })

test('an answer of more than 16 MiB is given up', () => {
  const fake = new FakeCluster()
  const { answers } = start(fake)
  fake.connect()
  fake.decoder?.decodeHeaders(HeaderMap.of({ ':status': '200' }), false)
  for (let i = 0; i < 17; i++) fake.decoder?.decodeData(Buffer.alloc(1024 * 1024), false)
  assert.equal(answers.length, 1)
  assert.equal(answers[0]?.headers, undefined)
  assert.equal(fake.events.at(-1), 'reset local-reset')
})

test('cancelled while it waits for a connection, and while it waits for an answer', () => {
  const waiting = new FakeCluster()
  start(waiting).call.cancel()
  assert.deepEqual(waiting.events, ['cancelled'])
  const sent = new FakeCluster()
  const { call, answers } = start(sent)
  sent.connect()
  call.cancel()
  assert.equal(sent.events.at(-1), 'reset local-reset')
  assert.equal(answers.length, 0)
  mock.reset()
})
