import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster, HttpPoolCallbacks } from '../core/cluster.ts'
import type { RequestEncoder, ResponseDecoder } from '../core/codec.ts'
import { HeaderMap } from '../core/header-map.ts'
import { GrpcStream } from './client-stream.ts'
import { encodeFrame } from './frames.ts'

/** A stream on a cluster whose one connection does what the test says. */
class Harness {
  readonly events: string[] = []
  readonly sent: string[] = []
  bufferedBytes = 0
  onMessage: () => void = () => {}
  decoder: ResponseDecoder | undefined
  pool: HttpPoolCallbacks | undefined
  readonly stream = new GrpcStream({
    onInitialMetadata: headers => void this.events.push(`initial ${headers?.status ?? 'none'}`),
    onMessage: message => {
      this.events.push(`message ${Buffer.from(message).toString()}`)
      this.onMessage()
    },
    onTrailingMetadata: trailers => void this.events.push(`trailing ${trailers?.get('grpc-status') ?? 'none'}`),
    onClose: (status, message) => void this.events.push(`close ${status} ${message}`),
  })

  constructor(timeoutMs = 0, hasHost = true) {
    const cluster = {
      chooseHost: () => (hasHost ? {} : undefined),
      httpConnectionPool: () => ({
        newStream: (decoder: ResponseDecoder, pool: HttpPoolCallbacks) => {
          this.decoder = decoder
          this.pool = pool
          return { cancel: () => void this.sent.push('cancelled') }
        },
      }),
    }
    const request = { service: 'a.S', method: 'M', authority: 'a', metadata: ['x-a', '1'], timeoutMs }
    this.stream.start(cluster as unknown as Cluster, request)
  }

  connect(): void {
    const buffered = (): number => this.bufferedBytes
    const encoder = {
      encodeHeaders: (headers: HeaderMap, end: boolean) =>
        void this.sent.push(`headers ${headers.path} ${headers.get('x-a')} ${headers.get('grpc-timeout')} ${end}`),
      encodeData: (data: Uint8Array, end: boolean) =>
        void this.sent.push(`data ${Buffer.from(data).toString('latin1').slice(5)} ${end}`),
      stream: {
        setCallbacks() {},
        resetStream: (reason: string) => void this.sent.push(`reset ${reason}`),
        get bufferedBytes() {
          return buffered()
        },
      },
    }
    this.pool?.onPoolReady(encoder as unknown as RequestEncoder, {} as never, {} as never)
  }
}

const ok = HeaderMap.of({ ':status': '200' })

test('what is sent before there is a connection waits for it', () => {
  const harness = new Harness(1500)
  harness.stream.send(Buffer.from('one'), false)
  harness.stream.send(Buffer.from('two'), true)
  harness.connect()
  assert.deepEqual(harness.sent, ['headers /a.S/M 1 1500m false', 'data one false', 'data two true'])
  harness.stream.cancel()
})

test('closed before there is a connection: the headers end the stream', () => {
  const harness = new Harness()
  harness.stream.closeLocal()
  harness.connect()
  assert.deepEqual(harness.sent, ['headers /a.S/M 1 undefined true'])
})

test('no more than 16 MiB wait to be sent', () => {
  const harness = new Harness()
  assert.equal(harness.stream.send(Buffer.alloc(16 * 1024 * 1024), false), true)
  assert.equal(harness.stream.send(Buffer.from('x'), false), false)
  harness.connect()
  assert.equal(harness.stream.send(Buffer.from('x'), false), true)
  harness.bufferedBytes = 16 * 1024 * 1024
  assert.equal(harness.stream.send(Buffer.from('x'), false), false)
})

test('the server ends first: our side is reset', () => {
  const harness = new Harness()
  harness.connect()
  harness.decoder?.decodeHeaders(ok, false)
  harness.decoder?.decodeData(encodeFrame(Buffer.from('a')), false)
  harness.decoder?.decodeTrailers(HeaderMap.of({ 'grpc-status': '5', 'grpc-message': 'no' }))
  assert.deepEqual(harness.events, ['initial 200', 'message a', 'trailing 5', 'close 5 no{via_upstream}'])
  assert.deepEqual(harness.sent.slice(1), ['reset local-reset'])
})

test('cancelled in the middle of a chunk: the messages behind are not told', () => {
  const harness = new Harness()
  harness.connect()
  harness.decoder?.decodeHeaders(ok, false)
  harness.onMessage = () => harness.stream.cancel()
  harness.decoder?.decodeData(Buffer.concat([encodeFrame(Buffer.from('a')), encodeFrame(Buffer.from('b'))]), true)
  assert.deepEqual(harness.events, ['initial 200', 'message a'])
  assert.deepEqual(harness.sent.slice(1), ['reset local-reset'])
})

test('cancelled while it waits for a connection', () => {
  const harness = new Harness()
  harness.stream.cancel()
  assert.deepEqual(harness.sent, ['cancelled'])
})

test('no healthy host, timeout, a message that is too large', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const none = new Harness(0, false)
  assert.deepEqual(none.events, [])
  t.mock.timers.tick(1)
  const reply = (text: string) => ['initial none', 'trailing 14', `close 14 ${text}`]
  assert.deepEqual(none.events, reply('no healthy upstream{no_healthy_upstream}'))
  const slow = new Harness(50)
  slow.connect()
  t.mock.timers.tick(50)
  assert.deepEqual(slow.events, reply('upstream request timeout{response_timeout}'))
  const large = new Harness()
  large.connect()
  large.decoder?.decodeHeaders(ok, false)
  large.decoder?.decodeData(Buffer.from([0, 0xff, 0, 0, 0]), false)
  assert.deepEqual(large.events.slice(1), ['trailing none', 'close 8 via_upstream'])
})
