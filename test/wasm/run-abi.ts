/**
 * The modules of test/fixtures/wasm/rust-abi, one for each version of the ABI, as HTTP and as network filter: a request with
 * trailers both ways, one that the filter answers, one without a body, and a connection. What each callback logged.
 */
import { join } from 'node:path'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'
import { listenGrpc } from './grpc-server.ts'
import { cluster, poll } from './run-probe.ts'

export const abiVersions = ['0-1-0', '0-2-0', '0-2-1'] as const

/** By callback, what it logged, without repetitions. */
export type AbiOutcome = Readonly<Record<string, readonly string[]>>

const type = 'type.googleapis.com/envoy.extensions'
const text = (value: string) => ({ '@type': 'type.googleapis.com/google.protobuf.StringValue', value })

function listener(name: string, filters: readonly JsonObject[]): JsonObject {
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } }
  return { name, address, filter_chains: [{ name: 'chain', filters }] }
}

function configuration(version: string, upstreamPort: number, grpcPort: number): JsonObject {
  const filename = join(import.meta.dirname, `../fixtures/wasm/rust-abi/rust-abi-${version}.wasm`)
  const config = (name: string) => ({
    name,
    root_id: `${name}-root`,
    configuration: text('plugin configuration'),
    vm_config: { vm_id: `${name}-vm`, configuration: text('vm configuration'), code: { local: { filename } } },
  })
  const http_filters = [
    { name: 'wasm', typed_config: { '@type': `${type}.filters.http.wasm.v3.Wasm`, config: config('http') } },
    { name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } },
  ]
  const manager = {
    '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'http',
    route_config: { virtual_hosts: [{ name: 'host', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'a' } }] }] },
    http_protocol_options: { enable_trailers: true },
    http_filters,
  } // biome-ignore format: one line
  const proxy = { '@type': `${type}.filters.network.tcp_proxy.v3.TcpProxy`, stat_prefix: 'tcp', cluster: 'a' }
  return {
    static_resources: {
      listeners: [
        listener('http', [{ name: 'hcm', typed_config: manager }]),
        listener('tcp', [
          { name: 'wasm', typed_config: { '@type': `${type}.filters.network.wasm.v3.Wasm`, config: config('tcp') } },
          { name: 'tcp', typed_config: proxy },
        ]),
      ],
      clusters: [cluster('a', upstreamPort), cluster('grpc', grpcPort, { http2_protocol_options: {} })],
    },
  }
}

const withTrailers =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n5\r\nhello\r\n0\r\nx-t: 1\r\n\r\n'

export async function runAbi(kind: ProxyKind, version: string): Promise<AbiOutcome> {
  const upstream = await Upstream.listen()
  upstream.script([withTrailers])
  const grpc = await listenGrpc()
  const proxy = await ProxyProcess.start(kind, configuration(version, upstream.port, grpc.port), {
    flags: ['--component-log-level', 'wasm:info'],
  })
  const prefix = /^.*wasm log(?: http| tcp)? (http|tcp)-root (?:http|tcp)-vm: /
  const lines = (): string[] =>
    proxy.output.split('\n').flatMap(line => {
      const place = prefix.exec(line)?.[1]
      return place === undefined ? [] : [`${place} ${line.replace(prefix, '')}`]
    })
  const count = (start: string) => lines().filter(line => line.startsWith(start)).length
  const exchange = async (port: string, sent: string, end: string, deleted: number): Promise<void> => {
    const client = await RawClient.connect(proxy.ports[port] as number)
    client.write(sent)
    await client.waitFor(c => c.text.includes(end) || c.peer !== 'open', 'an answer', 5000)
    client.destroy()
    await poll(() => count(`${port} delete`) >= deleted, 5000)
  }
  const head = 'HTTP/1.1\r\nhost: example.com\r\n'
  try {
    await poll(() => count('http tick') > 0 && count('http queue_ready') > 0, 5000)
    await exchange(
      'http',
      `POST /path ${head}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nx-t: 1\r\n\r\n`,
      'x-t: 1',
      1,
    )
    await exchange('http', `GET /path ${head}x-reply: 1\r\n\r\n`, 'no', 2)
    await exchange('tcp', `GET /path ${head}\r\n`, 'x-t: 1', 1)
  } finally {
    await proxy.stop()
    upstream.close()
    grpc.close()
  }
  const outcome: Record<string, string[]> = {}
  for (const line of new Set(lines())) {
    const colon = line.indexOf(':')
    const callback = line.slice(0, colon)
    ;(outcome[callback] ??= []).push(line.slice(colon + 2))
  }
  return Object.fromEntries(Object.entries(outcome).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
