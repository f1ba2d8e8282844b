import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { keep } from '../base/read-buffer.ts'
import { setLogSink } from '../base/log.ts'
import { makePeer, Observer, refusedPort, Signal, socketPair } from '../../test/support/sockets.ts'
import { connect } from './connect.ts'
import type { SocketConnection } from './connection.ts'

const timeout = 20_000

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.resume()
  await once(socket, 'end')
  return Buffer.concat(chunks)
}

function connectTo(port: number, bufferLimitBytes = 1024 * 1024): Observer {
  return new Observer(connect({ address: { kind: 'ip', ip: '127.0.0.1', port, version: 4 }, bufferLimitBytes }))
}

/** Bytes whose place can be told from their value. */
function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff
  return bytes
}

describe('SocketConnection', { timeout }, () => {
  it('reads and writes, and knows both addresses', async () => {
    await using pair = await socketPair()
    const { server, client } = pair
    server.read()
    client.write('ping')
    await server.until('ping')
    server.connection.write('po', false)
    server.connection.write(Buffer.from('n'), false)
    server.connection.write('g', false)
    const [data] = (await once(client, 'data')) as [Buffer]
    assert.equal(data.toString(), 'pong', 'what one turn writes leaves as one write')
    const { remoteAddress, localAddress } = server.connection
    assert.deepEqual(remoteAddress, { kind: 'ip', ip: '127.0.0.1', port: client.localPort, version: 4 })
    assert.deepEqual(localAddress, { kind: 'ip', ip: '127.0.0.1', port: client.remotePort, version: 4 })
  })

  it('with batchWrites, what several turns write leaves as one write, in order, and large chunks are not held back', async () => {
    await using pair = await socketPair()
    const { connection } = pair.server
    connection.batchWrites = true
    for (const text of ['one ', 'two ', 'three']) connection.guard(() => connection.write(text, false))
    const [data] = (await once(pair.client, 'data')) as [Buffer]
    assert.equal(data.toString(), 'one two three')
    const large = pattern(20_000)
    const received = readAll(pair.client)
    connection.guard(() => connection.write('before ', false))
    connection.guard(() => connection.write(large, false))
    connection.guard(() => connection.write(' after', true))
    assert.ok(Buffer.concat([Buffer.from('before '), large, Buffer.from(' after')]).equals(await received))
  })

  it('what a read that filled the buffer has caused leaves, whether or not more is read', async () => {
    await using pair = await socketPair()
    const { server, client } = pair
    const { connection } = server
    connection.setReader({ onData: data => connection.write(`${data.length}\n`, false) })
    client.write(pattern(2 * 65_536))
    let answer = ''
    let sum = 0
    while (sum < 2 * 65_536) {
      const [data] = (await once(client, 'data')) as [Buffer]
      answer += data.toString()
      sum = answer.split('\n').reduce((all, line) => all + Number(line), 0)
    }
    assert.equal(sum, 2 * 65_536)
  })

  it('what nobody waits for leaves with what is written next, and soon by itself', async () => {
    await using pair = await socketPair()
    const { connection } = pair.server
    connection.guard(() => connection.writeLater('one '))
    connection.guard(() => connection.write('two', false))
    assert.equal(String((await once(pair.client, 'data'))[0]), 'one two')
    connection.guard(() => connection.writeLater('three'))
    assert.equal(String((await once(pair.client, 'data'))[0]), 'three')
  })

  it('writes strings and buffers of every size in order, whatever the kernel takes', async () => {
    await using pair = await socketPair(0)
    const { server, client } = pair
    const source = pattern(3_000_000)
    const received = readAll(client)
    let at = 0
    for (let step = 0; at < source.length; step++) {
      const size = [1, 17, 300, 5000, 20_000, 70_000, 200_000][step % 7] as number
      const piece = source.subarray(at, at + size)
      server.connection.write(step % 3 === 0 ? piece.toString('latin1') : piece, false)
      at += size
      if (step % 11 === 0) await Promise.resolve()
    }
    server.connection.write('', true)
    assert.ok((await received).equals(source))
  })

  it('keeps what is written before it is connected', async () => {
    await using peer = await makePeer()
    const client = connectTo(peer.port)
    client.connection.write('early', false)
    const socket = await peer.socket(0)
    const [data] = (await once(socket, 'data')) as [Buffer]
    assert.equal(data.toString(), 'early')
    assert.deepEqual(client.events, ['connected'])
    client.connection.close('no-flush')
  })

  it('keeps ids apart', async () => {
    await using pair = await socketPair()
    await using other = await socketPair()
    assert.notEqual(pair.server.connection.id, other.server.connection.id)
  })

  describe('back-pressure', () => {
    it('tells of a full write buffer and of a half empty one', async () => {
      const limit = 20_000
      await using pair = await socketPair(limit)
      const { server, client } = pair
      client.pause()
      const chunk = pattern(8 * 1024)
      let written = 0
      while (server.highs === 0) {
        server.connection.write(chunk, false)
        written += chunk.length
        await new Promise(setImmediate)
      }
      assert.ok(server.connection.aboveHighWatermark)
      assert.ok(server.connection.bufferedBytes > limit)
      assert.ok(server.connection.bufferedBytes < limit + 3 * chunk.length)
      let received = 0
      client.on('data', data => (received += data.length))
      client.resume()
      await server.low.promise
      assert.ok(server.connection.bufferedBytes <= limit / 2)
      server.connection.write('', true)
      await once(client, 'end')
      assert.equal(received, written)
      assert.equal(server.highs, server.lows)
    })

    it('lets little wait whatever the limit: the kernel has enough by then', async () => {
      await using pair = await socketPair(1 << 20)
      const { server, client } = pair
      client.pause()
      const chunk = pattern(8 * 1024)
      while (server.highs === 0) {
        server.connection.write(chunk, false)
        await new Promise(setImmediate)
      }
      assert.ok(server.connection.bufferedBytes < 64 * 1024, String(server.connection.bufferedBytes))
    })

    it('bounds the memory between a fast sender and a slow reader, and loses nothing', async () => {
      const limit = 128 * 1024
      await using downstream = await socketPair(limit)
      await using upstream = await makePeer()
      const up = connectTo(upstream.port, limit)
      const { connection: from } = downstream.server
      let most = 0
      from.addCallbacks({
        onEvent: () => {},
        onAboveWriteBufferHighWatermark: () => up.connection.readDisable(true),
        onBelowWriteBufferLowWatermark: () => up.connection.readDisable(false),
      })
      up.connection.enableHalfClose(true)
      up.connection.setReader({
        onData(data, endStream) {
          from.write(data, endStream)
          most = Math.max(most, from.bufferedBytes)
        },
      })
      const source = pattern(16 * 1024 * 1024)
      ;(await upstream.socket(0)).end(source)
      downstream.client.pause()
      await downstream.server.high.promise
      const received = await readAll(downstream.client)
      assert.ok(received.equals(source))
      assert.ok(downstream.server.lows > 0)
      assert.ok(most < limit + 2 * 64 * 1024, `${most} bytes were buffered`)
    })

    it('counts readDisable', async () => {
      await using pair = await socketPair()
      const { server, client } = pair
      server.read()
      server.connection.readDisable(true)
      server.connection.readDisable(true)
      server.connection.readDisable(false)
      client.write('later')
      await new Promise(setImmediate)
      await new Promise(setImmediate)
      assert.equal(server.received, '')
      server.connection.readDisable(false)
      await server.until('later')
    })
  })

  describe('closing', () => {
    it('half closes both ways', async () => {
      await using pair = await socketPair()
      const { server, client } = pair
      server.connection.enableHalfClose(true)
      server.read()
      client.end('request')
      await server.ended.promise
      assert.equal(server.received, 'request')
      assert.equal(server.connection.state, 'open')
      const answer = readAll(client)
      server.connection.write('answer', true)
      assert.equal((await answer).toString(), 'answer')
      assert.equal(await server.closed.promise, 'local-close')
    })

    it('half closes our side first', async () => {
      await using pair = await socketPair()
      const { server, client } = pair
      server.connection.enableHalfClose(true)
      server.read()
      server.connection.write('done', true)
      assert.equal((await readAll(client)).toString(), 'done')
      client.end('still')
      assert.equal(await server.closed.promise, 'remote-close')
      assert.equal(server.received, 'still')
    })

    it('takes FIN for a close unless half close is enabled', async () => {
      await using pair = await socketPair()
      pair.server.read()
      pair.client.end()
      assert.equal(await pair.server.closed.promise, 'remote-close')
      assert.equal(pair.server.connection.remoteReset, false)
    })

    it('sends RST when told to, and tells of one', async () => {
      await using pair = await socketPair()
      const gone = new Promise(resolve => pair.client.on('close', resolve))
      let code: string | undefined
      pair.client.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
      pair.server.connection.close('abort-reset')
      pair.client.resume()
      await gone
      assert.equal(code, 'ECONNRESET')
      assert.deepEqual(pair.server.events, ['local-close'])

      await using other = await socketPair()
      other.server.read()
      other.client.resetAndDestroy()
      assert.equal(await other.server.closed.promise, 'remote-close')
      assert.equal(other.server.connection.remoteReset, true)
    })

    it('flushes before it closes', async () => {
      await using pair = await socketPair(0)
      const { server, client } = pair
      const source = pattern(8_000_000)
      server.connection.write(source, false)
      server.connection.close('flush-write', 'because')
      assert.equal(server.connection.state, 'closing')
      server.connection.write('too late', false)
      assert.ok((await readAll(client)).equals(source))
      assert.equal(await server.closed.promise, 'local-close')
      assert.equal(server.connection.localCloseReason, 'because')
    })

    it('waits for the peer after flushing, but not for ever', async () => {
      await using pair = await socketPair()
      const { server, client } = pair
      let timeouts = 0
      server.connection.setConnectionStats({
        readTotal: { add: () => {} },
        writeTotal: { add: () => {} },
        delayedCloseTimeouts: { inc: () => timeouts++ },
      })
      server.connection.delayedCloseTimeoutMs = 20
      server.read()
      server.connection.write('bye', false)
      server.connection.close('flush-write-and-delay')
      client.write('this is dropped')
      assert.equal((await readAll(client)).toString(), 'bye')
      assert.equal(await server.closed.promise, 'local-close')
      assert.equal(server.received, '')
      assert.equal(timeouts, 1)

      await using other = await socketPair()
      other.server.connection.delayedCloseTimeoutMs = 60_000
      other.server.read()
      other.server.connection.close('flush-write-and-delay')
      other.client.end()
      other.client.resume()
      assert.equal(await other.server.closed.promise, 'remote-close')
    })

    it('tells of a close once, and of nothing after it', async () => {
      await using pair = await socketPair()
      const { server } = pair
      server.read()
      pair.client.write('x')
      server.connection.close('no-flush')
      server.connection.close('abort-reset')
      server.connection.write('y', true)
      server.connection.readDisable(true)
      server.connection.readDisable(false)
      pair.client.destroy()
      await once(pair.client, 'close')
      assert.deepEqual(server.events, ['local-close'])
      assert.equal(server.received, '')
    })

    it('lets a bug in a reader end that connection only', async () => {
      const lines: string[] = []
      setLogSink({ write: (_level, _component, message) => lines.push(message) })
      await using pair = await socketPair()
      pair.server.connection.setReader({
        onData() {
          throw new Error('oh')
        },
      })
      pair.client.write('x')
      assert.equal(await pair.server.closed.promise, 'local-close')
      assert.equal(pair.server.connection.localCloseReason, 'internal_error')
      assert.match(lines.join(), /closed by a bug: Error: oh/)
    })
  })

  describe('chunks', () => {
    it('stay valid when they are kept', async () => {
      await using pair = await socketPair()
      const { connection } = pair.server
      const source = pattern(2_000_000)
      const kept: Uint8Array[] = []
      const ended = new Signal<void>()
      connection.enableHalfClose(true)
      connection.setReader({
        onData(data, endStream) {
          const half = data.length >> 1
          kept.push(keep(data.subarray(0, half)), keep(data.subarray(half)))
          if (endStream) ended.fire()
        },
      })
      pair.client.end(source)
      await ended.promise
      assert.ok(Buffer.concat(kept).equals(source))
    })

    it('are counted', async () => {
      await using pair = await socketPair()
      let read = 0
      let written = 0
      pair.server.connection.setConnectionStats({
        readTotal: { add: n => (read += n) },
        writeTotal: { add: n => (written += n) },
      })
      pair.server.read()
      pair.client.write('12345')
      await pair.server.until('12345')
      pair.server.connection.write('123', true)
      await readAll(pair.client)
      assert.deepEqual([read, written], [5, 3])
    })
  })
})

describe('connect', { timeout }, () => {
  const failed = async (connection: SocketConnection): Promise<[string, string]> => {
    const event = await new Observer(connection).closed.promise
    return [event, connection.transportFailureReason]
  }

  it('tells of a refused connection in the C library’s words', async () => {
    const port = await refusedPort()
    assert.deepEqual(await failed(connectTo(port).connection), [
      'remote-close',
      'delayed connect error: Connection refused',
    ])
    assert.deepEqual(await failed(connect({ address: { kind: 'pipe', path: '/nowhere' }, bufferLimitBytes: 0 })), [
      'remote-close',
      'delayed connect error: No such file or directory',
    ])
  })

  it('tells of a source address that is not ours as a local failure', async () => {
    const connection = connect({
      address: { kind: 'ip', ip: '127.0.0.1', port: 1, version: 4 },
      sourceAddress: { kind: 'ip', ip: '203.0.113.1', port: 0, version: 4 },
      bufferLimitBytes: 0,
    })
    const [event, reason] = await failed(connection)
    assert.equal(event, 'local-close')
    assert.match(reason, /connect error: Cannot assign requested address/)
  })

  it('binds its source address', async () => {
    await using peer = await makePeer()
    const client = new Observer(
      connect({
        address: { kind: 'ip', ip: '127.0.0.1', port: peer.port, version: 4 },
        sourceAddress: { kind: 'ip', ip: '127.0.0.2', port: 0, version: 4 },
        keepAlive: { idleSeconds: 30, intervalSeconds: 10, probes: 3 },
        bufferLimitBytes: 0,
      }),
    )
    assert.equal((await peer.socket(0)).remoteAddress, '127.0.0.2')
    client.connection.close('no-flush')
  })

  it('speaks over Unix sockets and IPv6', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'connection-'))
    const path = join(folder, 's')
    for (const [host, where] of [
      ['::1', undefined],
      ['', path],
    ] as const) {
      await using pair = await socketPair(1024, where, host)
      pair.server.read()
      pair.client.write('hello')
      await pair.server.until('hello')
      if (where === undefined) assert.equal(pair.server.connection.remoteAddress.kind, 'ip')
      const answer = readAll(pair.client)
      pair.server.connection.write('bye', true)
      assert.equal((await answer).toString(), 'bye')
    }
    rmSync(folder, { recursive: true })
  })
})
