/** A network filter before tcp_proxy, and an access logger, both of the same module. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type ProxyKind, ProxyProcess } from '../../test/support/proxy-process.ts'
import { builtinExtensions } from '../../src/extensions/builtin.ts'
import { compile, filterEntry } from '../tools/compile.ts'
import { clusterOf, type FilterUse, pluginConfig, proxies } from './support/proxy.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'conformance.wasm')
await compile(filterEntry('conformance'), file)

const extensions = 'type.googleapis.com/envoy.extensions'

async function listenTcp(): Promise<{ port: number; close: () => void }> {
  const server = createServer(socket => {
    socket.on('data', data => socket.write(`you said ${data.toString()}`))
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.end())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, close: () => void server.close() }
}

/** Writes the pieces one after the other and reads until the other side closes or `until` came. */
function talk(port: number, pieces: readonly string[], until: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    const send = (index: number): void => {
      if (index < pieces.length) socket.write(pieces[index] as string, () => setImmediate(send, index + 1))
    }
    socket.setNoDelay(true)
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer in 5 s')))
    socket.on('connect', () => send(0))
    socket.on('data', data => {
      received += data.toString()
      if (until !== '' && received.includes(until)) socket.end()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
  })
}

function lines(proxy: ProxyProcess): string[] {
  return proxy.output
    .split('\n')
    .map(line => /wasm log[^:]*: (.*)$/.exec(line)?.[1])
    .filter(line => line !== undefined)
}

/** @param start of the line */
async function eventually(proxy: ProxyProcess, start: string): Promise<void> {
  const deadline = performance.now() + 5000
  while (!lines(proxy).some(line => line.startsWith(start))) {
    if (performance.now() > deadline) throw new Error(`waited 5 s for "${start}" in\n${proxy.output}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** Until sluice has the extension. */
function missing(kind: ProxyKind, name: string): string | false {
  return (
    kind === 'sluice' && !builtinExtensions.some(extension => extension.name === name) && `sluice has no ${name} yet`
  )
}

/** The filter before tcp_proxy. */
function startTcp(kind: ProxyKind, use: FilterUse, upstreamPort: number): Promise<ProxyProcess> {
  const filters = [
    {
      name: 'wasm',
      typed_config: { '@type': `${extensions}.filters.network.wasm.v3.Wasm`, config: pluginConfig(use) },
    },
    {
      name: 'tcp',
      typed_config: {
        '@type': `${extensions}.filters.network.tcp_proxy.v3.TcpProxy`,
        stat_prefix: 'tcp',
        cluster: 'upstream',
      },
    },
  ]
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } }
  const listeners = [{ name: 'tcp', address, filter_chains: [{ filters }] }]
  return ProxyProcess.start(
    kind,
    { static_resources: { listeners, clusters: [clusterOf('upstream', upstreamPort)] } },
    { flags: ['--component-log-level', 'wasm:info'] },
  )
}

/** The guide's first network filter, compiled where its imports are found. */
async function compileGuideFilter(): Promise<string> {
  const guide = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const source = /```ts\n(.*?)```/s.exec(guide.slice(guide.indexOf('`assembly/network.ts`')))?.[1] ?? ''
  const within = mkdtempSync(join(import.meta.dirname, 'guide-'))
  try {
    writeFileSync(join(within, 'network.ts'), source)
    await compile(join(within, 'network.ts'), join(folder, 'network.wasm'))
  } finally {
    rmSync(within, { recursive: true, force: true })
  }
  return join(folder, 'network.wasm')
}

const guideFilter = compileGuideFilter()

for (const { kind, skip } of proxies) {
  const skipNetwork = skip || missing(kind, 'envoy.filters.network.wasm')

  test(`a network filter on ${kind}`, { skip: skipNetwork }, async () => {
    const upstream = await listenTcp()
    const proxy = await startTcp(kind, { file, rootId: 'network' }, upstream.port)
    try {
      assert.equal(await talk(proxy.ports.tcp ?? 0, ['pi', 'ng\n'], '<seen>'), 'you said PING\n<seen>')
      await eventually(proxy, 'downstream closed ')
      assert.equal(await talk(proxy.ports.tcp ?? 0, ['close\n'], ''), '')
      assert.equal(lines(proxy).filter(line => line === 'connected').length, 2)
    } finally {
      await proxy.stop()
      upstream.close()
    }
  })

  test(`the guide’s first network filter on ${kind}`, { skip: skipNetwork }, async () => {
    const upstream = await listenTcp()
    const use = { file: await guideFilter, rootId: 'first_word', configuration: 'HELLO' }
    const proxy = await startTcp(kind, use, upstream.port)
    try {
      assert.equal(await talk(proxy.ports.tcp ?? 0, ['HE', 'LLO you'], 'HELLO you'), 'you said HELLO you')
      await eventually(proxy, '127.0.0.1:')
      assert.match(lines(proxy).join('\n'), /^127\.0\.0\.1:\d+ sent 9 bytes$/m)
      assert.equal(await talk(proxy.ports.tcp ?? 0, ['GET / HTTP/1.1\r\n'], ''), '')
    } finally {
      await proxy.stop()
      upstream.close()
    }
  })

  test(`an access logger on ${kind}`, { skip: skip || missing(kind, 'envoy.access_loggers.wasm') }, async () => {
    const manager = {
      '@type': `${extensions}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: 'ingress',
      access_log: [
        {
          name: 'wasm',
          typed_config: {
            '@type': `${extensions}.access_loggers.wasm.v3.WasmAccessLog`,
            config: pluginConfig({ file, rootId: 'logger' }),
          },
        },
      ],
      route_config: {
        virtual_hosts: [
          { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, direct_response: { status: 204 } }] },
        ],
      },
      http_filters: [{ name: 'router', typed_config: { '@type': `${extensions}.filters.http.router.v3.Router` } }],
    }
    const proxy = await ProxyProcess.start(
      kind,
      {
        static_resources: {
          listeners: [
            {
              name: 'http',
              address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
              filter_chains: [{ filters: [{ name: 'hcm', typed_config: manager }] }],
            },
          ],
        },
      },
      { flags: ['--component-log-level', 'wasm:info'] },
    )
    try {
      await fetch(`http://127.0.0.1:${proxy.ports.http}/logged?x`)
      await eventually(proxy, 'access /logged?x 204')
    } finally {
      await proxy.stop()
    }
  })
}
