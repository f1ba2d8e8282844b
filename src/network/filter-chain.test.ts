import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Signal, type SocketPair, socketPair } from '../../test/support/sockets.ts'
import type { NetworkFilter, NetworkFilterCallbacks, NetworkFilterFactory } from '../core/connection.ts'
import { NetworkFilterChain } from './filter-chain.ts'

const names = { listenerName: 'l', filterChainName: 'f' }

function start(pair: SocketPair, ...factories: NetworkFilterFactory[]): NetworkFilterChain {
  const chain = new NetworkFilterChain(pair.server.connection, factories, names)
  chain.start()
  return chain
}

/** A last filter that gathers what it is given. */
class Sink implements NetworkFilter {
  received = ''
  readonly ended = new Signal<void>()
  #waiting: { bytes: number; signal: Signal<void> } | undefined

  readonly factory = (): NetworkFilter => this

  onData(data: Uint8Array, endStream: boolean): 'stop' {
    this.received += Buffer.from(data).toString()
    if (this.#waiting !== undefined && this.received.length >= this.#waiting.bytes) this.#waiting.signal.fire()
    if (endStream) this.ended.fire()
    return 'stop'
  }

  async bytes(count: number): Promise<string> {
    if (this.received.length >= count) return this.received
    this.#waiting = { bytes: count, signal: new Signal() }
    await this.#waiting.signal.promise
    return this.received
  }
}

describe('network filter chain', { timeout: 20_000 }, () => {
  it('asks the filters in order, writes in reverse order, and tells all of the end', async () => {
    await using pair = await socketPair()
    const told: string[] = []
    const filter =
      (name: string): NetworkFilterFactory =>
      () => ({
        onNewConnection: () => (told.push(`new ${name}`), 'continue'),
        onData: data => (told.push(`${name} reads ${data.length}`), 'continue'),
        onWrite: data => (told.push(`${name} writes ${data.length}`), 'continue'),
        onDestroy: () => told.push(`${name} ends`),
      })
    let handle: NetworkFilterCallbacks | undefined
    start(pair, filter('a'), filter('b'), callbacks => {
      handle = callbacks
      return { onData: (data, endStream) => (callbacks.connection.write(data, endStream), 'stop') }
    })
    pair.client.write('hey')
    const [answer] = (await once(pair.client, 'data')) as [Buffer]
    assert.equal(answer.toString(), 'hey')
    assert.equal(handle?.downstream.listenerName, 'l')
    pair.server.connection.close('no-flush')
    assert.deepEqual(told, ['new a', 'new b', 'a reads 3', 'b reads 3', 'b writes 3', 'a writes 3', 'a ends', 'b ends'])
  })

  it('keeps what a filter stopped, and hands it on in one piece of time', async () => {
    await using pair = await socketPair()
    pair.server.connection.enableHalfClose(true)
    const sink = new Sink()
    let go = (): void => {}
    const seen = new Signal<void>()
    let open = false
    start(
      pair,
      callbacks => {
        go = () => {
          open = true
          callbacks.continueReading()
        }
        let bytes = 0
        return {
          onNewConnection: () => 'stop',
          onData(data, endStream) {
            bytes += data.length
            if (endStream) seen.fire()
            return open ? 'continue' : 'stop'
          },
        }
      },
      sink.factory,
    )
    pair.client.write('one ')
    pair.client.end('two')
    await seen.promise
    assert.equal(sink.received, '')
    go()
    await sink.ended.promise
    assert.equal(sink.received, 'one two')
  })

  it('reads no more than the buffer limit ahead of a filter that stopped', async () => {
    const limit = 10_000
    await using pair = await socketPair(limit)
    const sink = new Sink()
    let kept = 0
    let go = (): void => {}
    const full = new Signal<void>()
    let open = false
    start(
      pair,
      callbacks => {
        go = () => {
          open = true
          callbacks.continueReading()
        }
        return {
          onData(data) {
            if (open) return 'continue'
            kept += data.length
            if (kept > limit) full.fire()
            return 'stop'
          },
        }
      },
      sink.factory,
    )
    pair.client.write('x'.repeat(500_000))
    await full.promise
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    assert.ok(kept <= limit + 64 * 1024, `${kept} bytes were kept`)
    go()
    assert.equal((await sink.bytes(500_000)).length, 500_000)
  })

  it('lets a filter consume, and inject in both directions', async () => {
    await using pair = await socketPair()
    const sink = new Sink()
    start(
      pair,
      () => ({ onWrite: data => (assert.equal(data.toString(), 'psst'), 'continue') }),
      callbacks => ({
        onData(data) {
          callbacks.injectReadData(Buffer.from(Buffer.from(data).toString().toUpperCase()), false)
          callbacks.injectWriteData('psst', false)
          return 'consumed'
        },
        onWrite: () => assert.fail('injected behind this filter'),
      }),
      sink.factory,
    )
    pair.client.write('abc')
    assert.equal(await sink.bytes(3), 'ABC')
    const [answer] = (await once(pair.client, 'data')) as [Buffer]
    assert.equal(answer.toString(), 'psst')
  })

  it('goes no further once a filter has closed the connection', async () => {
    await using pair = await socketPair()
    start(
      pair,
      ({ connection }) => ({ onNewConnection: () => (connection.close('no-flush'), 'continue') }),
      () => ({ onNewConnection: () => assert.fail('closed') }),
    )
    assert.equal(await pair.server.closed.promise, 'local-close')
  })
})
