import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import {
  ErrorCode,
  type FrameHandler,
  FrameFlag,
  frameHead,
  FrameReader,
  FrameType,
  goAwayFrame,
  headersFrames,
  pingFrame,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from './framing.ts'
import { HpackDecoder, HpackEncoder } from './hpack.ts'

/** Notes the events; adjacent pieces of data are one. */
class Recorder implements FrameHandler {
  readonly events: string[] = []
  readonly reader = new FrameReader(this)
  #data = ''

  read(...pieces: string[]): number {
    let error: number = ErrorCode.noError
    for (const piece of pieces) {
      error = this.reader.execute(Buffer.from(piece, 'latin1'))
      if (error !== ErrorCode.noError) break
    }
    return error
  }

  #note(event: string): number {
    this.events.push(event)
    return ErrorCode.noError
  }

  onHeaderBlock(streamId: number, block: Uint8Array, flags: number): number {
    return this.#note(`headers ${streamId} ${Buffer.from(block).toString('hex')} ${flags}`)
  }

  onDataFrame(streamId: number, length: number, flags: number): number {
    return this.#note(`data frame ${streamId} ${length} ${flags}`)
  }

  onData(streamId: number, data: Uint8Array, last: boolean): number {
    this.#data += Buffer.from(data).toString('latin1')
    if (last) {
      this.#note(`data ${streamId} ${this.#data}`)
      this.#data = ''
    }
    return ErrorCode.noError
  }

  onPriority(streamId: number, dependsOn: number): number {
    return this.#note(`priority ${streamId} ${dependsOn}`)
  }

  onRstStream(streamId: number, errorCode: number): number {
    return this.#note(`reset ${streamId} ${errorCode}`)
  }

  onSettings(settings: number[]): number {
    return this.#note(`settings ${settings.join(' ')}`)
  }

  onSettingsAck(): number {
    return this.#note('settings ack')
  }

  onPing(payload: Uint8Array, ack: boolean): number {
    return this.#note(`ping ${Buffer.from(payload).toString('hex')} ${ack}`)
  }

  onGoAway(lastStreamId: number, errorCode: number, debug: Uint8Array): number {
    return this.#note(`go away ${lastStreamId} ${errorCode} ${Buffer.from(debug).toString('latin1')}`)
  }

  onWindowUpdate(streamId: number, increment: number): number {
    return this.#note(`window ${streamId} ${increment}`)
  }

  onPushPromise(): number {
    return this.#note('push')
  }

  onMetadata(streamId: number, payload: Uint8Array, last: boolean): number {
    return this.#note(`metadata ${streamId} ${payload.length}${last ? ' last' : ''}`)
  }
  onUnknownFrame(type: number): number {
    return this.#note(`unknown ${type}`)
  }
}

const { data, headers, continuation, priority, rstStream, settings, ping, goAway, windowUpdate, pushPromise } =
  FrameType
const { endStream, endHeaders, padded, ack } = FrameFlag

function frame(type: number, flags: number, streamId: number, payload: string): string {
  return frameHead(payload.length, type, flags, streamId) + payload
}

/** Every kind of frame, and what comes of it. */
const all: [bytes: string, events: string[]][] = [
  [settingsFrame([3, 100, 4, 0xffff_ffff]), ['settings 3 100 4 4294967295']],
  [settingsFrame([]), ['settings ']],
  [settingsAckFrame, ['settings ack']],
  [pingFrame(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 255), true), ['ping 01020304050607ff true']],
  [rstStreamFrame(5, 0xdead_beef), ['reset 5 3735928559']],
  [windowUpdateFrame(0, 0x7fff_ffff), ['window 0 2147483647']],
  [goAwayFrame(0x7fff_ffff, 11, 'calm'), ['go away 2147483647 11 calm']],
  [frame(priority, 0, 3, '\x80\0\0\x01\x10'), ['priority 3 1']],
  [frame(headers, endHeaders | endStream, 1, 'ab'), ['headers 1 6162 5']],
  [frame(headers, endHeaders | padded, 1, '\x02ab\0\0'), ['headers 1 6162 12']],
  [frame(headers, endHeaders | FrameFlag.priority, 1, '\0\0\0\x07\xffab'), ['priority 1 7', 'headers 1 6162 36']],
  [
    frame(headers, endStream, 1, 'a') + frame(continuation, 0, 1, 'b') + frame(continuation, endHeaders, 1, ''),
    ['headers 1 61 1', 'headers 1 62 0', 'headers 1  4'],
  ],
  [frame(data, endStream, 1, 'hello'), ['data frame 1 5 1', 'data 1 hello']],
  [frame(data, 0, 1, ''), ['data frame 1 0 0', 'data 1 ']],
  [frame(data, padded, 1, '\x03hello\0\0\0'), ['data frame 1 9 8', 'data 1 hello']],
  [frame(data, padded, 1, '\0hello'), ['data frame 1 6 8', 'data 1 hello']],
  [frame(data, padded, 1, '\x02\0\0'), ['data frame 1 3 8', 'data 1 ']],
  [frame(data, padded, 1, '\0'), ['data frame 1 1 8', 'data 1 ']],
  [frame(pushPromise, endHeaders, 1, '\0\0\0\x02'), ['push']],
  [frame(0xfa, 0xff, 77, 'whatever'), ['unknown 250']],
]

describe('HTTP/2 frames', () => {
  for (const [bytes, events] of all) {
    it(`reads ${events.join(', ')}, whole and byte by byte`, () => {
      const whole = new Recorder()
      assert.equal(whole.read(bytes), ErrorCode.noError)
      assert.deepEqual(whole.events, events)
      const pieces = new Recorder()
      assert.equal(pieces.read(...bytes.split('')), ErrorCode.noError)
      assert.deepEqual(pieces.events, events)
    })
  }

  it('reads any sequence of frames in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...all), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (frames, sizes) => {
          const text = frames.map(([bytes]) => bytes).join('')
          const pieces: string[] = []
          for (let at = 0, i = 0; at < text.length; i++) {
            const size = sizes[i % sizes.length] as number
            pieces.push(text.slice(at, at + size))
            at += size
          }
          const recorder = new Recorder()
          assert.equal(recorder.read(...pieces), ErrorCode.noError)
          assert.deepEqual(
            recorder.events,
            frames.flatMap(([, events]) => events),
          )
        },
      ),
      { seed: 20_261_125, numRuns: 500 },
    )
  })

  const { frameSizeError, protocolError } = ErrorCode
  const wrong: [name: string, bytes: string, error: number][] = [
    ['a frame over the limit', frameHead(16_385, data, 0, 1), frameSizeError],
    ['DATA on stream 0', frame(data, 0, 0, 'a'), protocolError],
    ['DATA with more padding than payload', frame(data, padded, 1, '\x05abcd'), protocolError],
    ['padded DATA without pad length', frame(data, padded, 1, ''), frameSizeError],
    ['HEADERS on stream 0', frame(headers, endHeaders, 0, ''), protocolError],
    ['HEADERS with more padding than payload', frame(headers, endHeaders | padded, 1, '\x02a'), protocolError],
    ['padded HEADERS without pad length', frame(headers, endHeaders | padded, 1, ''), frameSizeError],
    ['HEADERS with half a priority', frame(headers, endHeaders | FrameFlag.priority, 1, 'abc'), frameSizeError],
    [
      'HEADERS whose padding covers the priority',
      frame(headers, endHeaders | padded | FrameFlag.priority, 1, '\x01abcde'),
      protocolError,
    ],
    ['a short PRIORITY', frame(priority, 0, 1, 'abcd'), frameSizeError],
    ['PRIORITY on stream 0', frame(priority, 0, 0, 'abcde'), protocolError],
    ['a long RST_STREAM', frame(rstStream, 0, 1, 'abcde'), frameSizeError],
    ['RST_STREAM on stream 0', frame(rstStream, 0, 0, 'abcd'), protocolError],
    ['SETTINGS on a stream', frame(settings, 0, 1, ''), protocolError],
    ['SETTINGS of 5 bytes', frame(settings, 0, 0, 'abcde'), frameSizeError],
    ['an acknowledgement with settings', frame(settings, ack, 0, 'abcdef'), frameSizeError],
    ['PING on a stream', frame(ping, 0, 1, 'abcdefgh'), protocolError],
    ['a short PING', frame(ping, 0, 0, 'abcdefg'), frameSizeError],
    ['GOAWAY on a stream', frame(goAway, 0, 1, 'abcdefgh'), protocolError],
    ['a short GOAWAY', frame(goAway, 0, 0, 'abcdefg'), frameSizeError],
    ['a short WINDOW_UPDATE', frame(windowUpdate, 0, 1, 'abc'), frameSizeError],
    ['CONTINUATION of nothing', frame(continuation, endHeaders, 1, 'a'), protocolError],
    ['CONTINUATION of another stream', frame(headers, 0, 1, 'a') + frame(continuation, 0, 3, 'a'), protocolError],
    ['a frame within a header block', frame(headers, 0, 1, 'a') + frame(ping, 0, 0, 'abcdefgh'), protocolError],
    ['an unknown frame within a header block', frame(headers, 0, 1, 'a') + frame(0xfa, 0, 0, ''), protocolError],
  ]
  for (const [name, bytes, error] of wrong) {
    it(`refuses ${name}`, () => {
      const recorder = new Recorder()
      assert.equal(recorder.read(bytes), error)
      const events = recorder.events.length
      assert.equal(recorder.read(settingsAckFrame), error)
      assert.equal(recorder.events.length, events)
      assert.equal(new Recorder().read(...bytes.split('')), error)
    })
  }

  it('ends with the error that its handler gives', () => {
    const recorder = new Recorder()
    recorder.onWindowUpdate = () => ErrorCode.flowControlError
    assert.equal(recorder.read(windowUpdateFrame(0, 1) + settingsAckFrame), ErrorCode.flowControlError)
    assert.deepEqual(recorder.events, [])
  })

  it('writes header blocks in as many frames as they need', () => {
    const list = [':status', '200', 'x', 'y'.repeat(50)]
    for (const size of [10, 25, 16_384]) {
      const recorder = new Recorder()
      recorder.read(headersFrames(9, list, true, new HpackEncoder({ huffman: false }), size))
      const parts = recorder.events.map(event => event.split(' '))
      assert.ok(parts.every(([kind, id, block = '']) => kind === 'headers' && id === '9' && block.length <= size * 2))
      assert.deepEqual(parts.map(part => Number(part.at(-1)) & endHeaders).indexOf(endHeaders), parts.length - 1)
      const decoded: string[] = []
      const block = Buffer.from(parts.map(part => part[2]).join(''), 'hex')
      new HpackDecoder().decode(block, { listBytes: 1000, fieldCount: 10 }, decoded)
      assert.deepEqual(decoded, list)
    }
  })
})
