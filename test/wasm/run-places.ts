/**
 * The probe in the places that are no filters: stat sink, bootstrap service (once a process, and once a worker) and access
 * logger. What each logs, without repetitions: Envoy runs them in a trial VM and in one more VM on the main thread too.
 */
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'
import { cluster, poll, probeFile } from './run-probe.ts'

export type PlacesOutcome = Readonly<Record<string, readonly string[]>>

const type = 'type.googleapis.com/envoy.extensions'
const text = (value: string) => ({ '@type': 'type.googleapis.com/google.protobuf.StringValue', value })
const call = ':path=/from-place|:method=POST|:authority=a body 1000'

/** What the probe does in each place: commands by phase. */
const places: Readonly<Record<string, readonly string[]>> = {
  sink: [
    'stats stat http.plain.downstream_rq_total', 'stats stat http.plain.downstream_rq_active', 'stats stat server.live', 'stats stat none',
    'stats prop plugin_name', 'stats prop plugin_root_id', 'stats prop xds.node.id', 'stats prop xds.listener_direction', 'stats prop request.path', 'stats get 0 :path',
    'stats buf 1 0 9', 'stats buf 7 0 9', 'stats setprop a b', `stats call a ${call}`, 'call get 6 :status', 'call buf 4 0 100',
  ],
  singleton: ['configure tick 20', 'configure buf 6 0 100', 'tick share ticks 1 0', 'tick prop plugin_name', 'tick prop request.path', 'tick queue q', 'tick define 0 from_service', 'tick increment 4 1', 'tick tick 0', `tick call a ${call}`, 'call get 6 :status', 'call done'],
  worker: ['configure tick 20', 'tick tick 0', 'tick prop plugin_name', 'tick prop connection_id', `tick call a ${call}`, 'call get 6 :status', 'call buf 4 0 100'],
  logger: ['log prop request.path', 'log prop response.code', 'log get 0 :path', 'log get 2 :status', 'log get 3 x', 'log setprop a b', 'log prop a', 'log set 2 a b', 'log continue 0', 'log close 0', 'log reply 200 d b', `log call a ${call}`, 'call get 6 :status', 'call buf 4 0 100'],
} // biome-ignore format: one place reads best as one line

function plugin(place: string): JsonObject {
  return {
    name: `${place}-name`,
    root_id: `${place}-root`,
    configuration: text((places[place] as readonly string[]).join(';')),
    vm_config: { vm_id: `${place}-vm`, configuration: text(`${place} vm`), code: { local: { filename: probeFile } } },
  }
}

function configuration(upstreamPort: number): JsonObject {
  const service = (singleton: boolean, place: string) => ({
    name: `envoy.bootstrap.wasm.${place}`,
    typed_config: { '@type': `${type}.wasm.v3.WasmService`, singleton, config: plugin(place) },
  })
  const sink = {
    name: 'envoy.stat_sinks.wasm',
    typed_config: { '@type': `${type}.stat_sinks.wasm.v3.Wasm`, config: plugin('sink') },
  }
  const log = {
    name: 'envoy.access_loggers.wasm',
    typed_config: { '@type': `${type}.access_loggers.wasm.v3.WasmAccessLog`, config: plugin('logger') },
  }
  const manager = {
    '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'plain',
    access_log: [log],
    route_config: {
      virtual_hosts: [
        { name: 'host', domains: ['*'], routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }] },
      ],
    },
    http_filters: [{ name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } }],
  }
  return {
    node: { id: 'node-1', cluster: 'cluster-1' },
    stats_flush_on_admin: true,
    // Few, because the size that Envoy reserves for gauges doubles with each.
    stats_config: {
      stats_matcher: {
        inclusion_list: {
          patterns: [{ prefix: 'http.plain.downstream_rq' }, { exact: 'server.live' }, { prefix: 'wasmcustom' }],
        },
      },
    },
    stats_sinks: [sink],
    bootstrap_extensions: [service(true, 'singleton'), service(false, 'worker')],
    static_resources: {
      listeners: [
        {
          name: 'plain',
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          filter_chains: [{ filters: [{ name: 'hcm', typed_config: manager }] }],
        },
      ],
      clusters: [cluster('a', upstreamPort)],
    },
  }
}

export async function runPlaces(kind: ProxyKind): Promise<PlacesOutcome> {
  const upstream = await Upstream.listen()
  upstream.script(['HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplace'])
  const proxy = await ProxyProcess.start(kind, configuration(upstream.port), {
    flags: ['--component-log-level', 'wasm:info'],
  })
  const lines = (place: string): string[] => {
    const prefix = new RegExp(`^.*wasm log(?: ${place}-name)? ${place}-root ${place}-vm: `)
    const logged = proxy.output.split('\n').filter(line => prefix.test(line))
    return [...new Set(logged.map(line => line.replace(prefix, '')))]
  }
  const calls = (place: string): boolean => lines(place).some(line => line.includes('get 6 :status'))
  try {
    const client = await RawClient.connect(proxy.ports.plain as number)
    client.write('GET /path HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n\r\n')
    await client.waitFor(c => c.peer !== 'open', 'the end')
    await poll(() => ['logger', 'singleton', 'worker'].every(calls), 5000)
    const stats = await proxy.stats('wasmcustom')
    await poll(() => calls('sink'), 5000)
    await proxy.stats('wasmcustom')
    await poll(() => proxy.output.split('sink-vm:   get 6 :status').length > 2, 5000)
    await proxy.terminate()
    const found = Object.fromEntries(Object.keys(places).map(place => [place, lines(place)]))
    return {
      ...found,
      stats: [...stats].map(([name, value]) => `${name} ${value > 0 ? 'counted' : 'zero'}`),
      upstream: [...new Set(upstream.requests.map(({ message }) => `${message.start} ${message.body.toString()}`))],
    }
  } finally {
    await proxy.stop()
    upstream.close()
  }
}
