/** HTTP/1 clients that ask for much and read nothing: each holds no more than a few chunks, and those are given back. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { Setup } from '../http2/setup.ts'
import { processTree, rssOf } from '../support/process-meter.ts'

const mib = 1 << 20
const bodyBytes = 100 * mib
const chunk = Buffer.alloc(64 * 1024, 'x')
const readers = 200
/** Before an answer stalls, the kernel's buffers have to be full: a gigabyte in all. */
const slowMachineMs = 120_000
let setup: Setup

before(async () => {
  setup = await Setup.start((incoming, response) => {
    incoming.on('error', () => {})
    response.on('error', () => {})
    let left = bodyBytes
    response.writeHead(200, { 'content-length': String(bodyBytes) })
    const more = (): void => {
      while (left > 0) {
        left -= chunk.length
        if (!response.write(chunk)) {
          response.once('drain', more)
          return
        }
      }
      response.end()
    }
    more()
  })
})
after(async () => {
  await setup?.stop()
})

/** Reads one whole answer. @returns its bytes */
async function readAll(path: string): Promise<number> {
  const socket = connect(setup.port, '127.0.0.1')
  socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)
  let bytes = 0
  socket.on('data', data => (bytes += data.length))
  await once(socket, 'close')
  return bytes
}

test(`${readers} clients that do not read a body of ${bodyBytes / mib} MiB hold little, and give it back`, async () => {
  // What the proxy needs to work at all, it has from here on.
  assert.ok((await readAll('/h1/big')) > bodyBytes)
  const rss = rssOf(processTree(setup.proxy.pid))
  const sockets = Array.from({ length: readers }, () => {
    const socket = connect(setup.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write('GET /h1/big HTTP/1.1\r\nhost: a\r\n\r\n')
    return socket
  })
  await setup.proxy.waitForStats(
    stats =>
      stats.get('http.auto.downstream_rq_active') === readers &&
      (stats.get('cluster.h1.upstream_flow_control_paused_reading_total') ?? 0) -
        (stats.get('cluster.h1.upstream_flow_control_resumed_reading_total') ?? 0) >=
        readers,
    'all answers to stall',
    slowMachineMs,
  )
  const grown = rssOf(processTree(setup.proxy.pid)) - rss
  assert.ok(grown < 64 * mib, `${grown / mib} MiB more`)
  for (const socket of sockets) socket.destroy()
  await setup.proxy.waitForStats(
    stats => stats.get('cluster.h1.upstream_rq_active') === 0 && stats.get('http.auto.downstream_cx_active') === 0,
    'everything to be given up',
    slowMachineMs,
  )
  // And who reads gets all of it.
  assert.ok((await readAll('/big')) > bodyBytes)
})
