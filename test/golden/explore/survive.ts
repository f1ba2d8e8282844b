/**
 * Sends damaged requests to sluice for a while, to random configurations and upstreams that misbehave:
 * `node test/golden/explore/survive.ts [--seconds N] [--seed N]`. Afterwards it must live, and have nothing left open.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ProxyProcess } from '../../support/proxy-process.ts'
import { okReply } from '../../support/upstream.ts'
import { cluster } from '../case.ts'
import { makeLane } from './configuration.ts'
import { makeCase } from './messages.ts'
import { Random } from './random.ts'
import { ScriptedUpstream } from './upstream.ts'

const { values: flags } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
})
const r = new Random(Number(flags.seed))

/** Bytes changed, lost, repeated, cut off, and HTTP/2 frames of any kind put between. */
function damaged(bytes: Buffer): Buffer {
  let out = bytes
  for (let i = r.below(6); i > 0 && out.length > 0; i--) {
    const at = r.below(out.length)
    const [before, after] = [out.subarray(0, at), out.subarray(at)]
    const from = r.below(out.length)
    switch (r.below(5)) {
      case 0:
        out = Buffer.concat([before, Buffer.from([r.below(256)]), after.subarray(1)])
        break
      case 1:
        out = Buffer.concat([before, after.subarray(1 + r.below(20))])
        break
      case 2:
        out = Buffer.concat([before, out.subarray(from, from + r.below(200)), after])
        break
      case 3:
        out = Buffer.concat([before, Buffer.from([0, 0, 0, r.below(11), r.below(256), 0, 0, 0, r.below(8)]), after])
        break
      default:
        out = out.subarray(0, at + 1)
    }
  }
  return out
}

/** One connection, in pieces, that ends in one way or another. */
function send(port: number, bytes: Buffer): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const ended = new AbortController()
    const finish = (): void => {
      ended.abort()
      socket.destroy()
      resolve()
    }
    socket.on('error', finish)
    socket.on('close', finish)
    socket.on('data', () => {})
    const play = async (): Promise<void> => {
      for (let at = 0; at < bytes.length && !ended.signal.aborted; ) {
        const length = r.chance(0.5) ? bytes.length : 1 + r.below(bytes.length)
        socket.write(bytes.subarray(at, at + length))
        at += length
        await sleep(r.below(3))
      }
      const how = r.below(4)
      if (how === 0) socket.end()
      if (how === 1) socket.resetAndDestroy()
      if (how !== 2) await sleep(r.below(120))
      finish()
    }
    socket.on('connect', () => void play())
  })
}

const http1 = await ScriptedUpstream.listen(false)
const http2 = await ScriptedUpstream.listen(true)
const mirror = await ScriptedUpstream.listen(false)
const ports = { http1: http1.port, http2: http2.port, mirror: mirror.port }
const lanes = Array.from({ length: 6 }, (_, i) => makeLane(r, `lane${i}`, ports))
const proxy = await ProxyProcess.start(
  'sluice',
  {
    node: { id: 'survive', cluster: 'survive' },
    static_resources: {
      listeners: lanes.map(({ listener }) => listener),
      clusters: [cluster('dead', ['1']), ...lanes.flatMap(({ clusters }) => clusters)],
    },
  },
  { concurrency: 2 },
)
const listeners = Object.values(proxy.ports)
const end = performance.now() + Number(flags.seconds) * 1000
let sent = 0
await Promise.all(
  Array.from({ length: 24 }, async () => {
    while (performance.now() < end) {
      const test = makeCase(r)
      for (const upstream of [http1, http2]) upstream.script(test.answers)
      mirror.script([{ when: 'complete', http1: [okReply], http2: () => [] }])
      const text = test.steps.filter(step => typeof step === 'string').join('')
      await send(r.of(listeners), damaged(Buffer.from(text, 'latin1')))
      sent += 1
      assert.ok(!proxy.exited, proxy.output)
    }
  }),
)
await sleep(3000)
const stats = await proxy.stats()
const left = [...stats].filter(
  ([name, value]) =>
    value !== 0 && /^(http\.lane|cluster\.lane|http[12]\.|listener\.127)/.test(name) && name.endsWith('active'),
)
// Connections to upstreams wait in their pools.
const leaked = left.filter(([name]) => !/upstream_cx\w*active$/.test(name))
console.log(`${sent} connections, ${stats.get('server.memory_physical_size')} bytes of memory, left over:`, leaked)
await proxy.stop()
for (const upstream of [http1, http2, mirror]) upstream.close()
process.exit(leaked.length === 0 ? 0 : 1)
