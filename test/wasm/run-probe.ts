/** Runs the probe cases against one proxy and tells what the filter logged and what client and upstream saw. */
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { type Message, parseMessages } from '../support/http-message.ts'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'
import { grpcCases } from './grpc-cases.ts'
import { type GrpcServer, listenGrpc } from './grpc-server.ts'
import { foreignCases } from './foreign-cases.ts'
import { type ProbeCase, probeCases } from './probe-cases.ts'

export interface ProbeOutcome {
  /** What the filter logged, in order. */
  readonly log: readonly string[]
  /** Status line, sorted header lines, body; `closed` when the connection ended without an answer. */
  readonly client: readonly string[]
  readonly upstream: readonly (readonly string[])[]
}

const type = 'type.googleapis.com/envoy.extensions'
export const linePrefix = /^.*wasm log(?: probe)?(?: probe-root)? probe-vm: /
/** Set by each proxy in its own way. */
const unstable =
  /^(date|server|x-request-id|x-envoy-upstream-service-time|x-envoy-expected-rq-timeout-ms|x-forwarded-for|user-agent):/i

export const probeFile = join(import.meta.dirname, '../fixtures/wasm/as-probe/as-probe.wasm')
const stringValue = 'type.googleapis.com/google.protobuf.StringValue'

/** The `PluginConfig` of a use of the probe. @param vm tells VMs apart @param file of the probe, if another */
export function probePlugin(vm: string, commands: string, file = probeFile): JsonObject {
  return {
    name: 'probe',
    root_id: 'probe-root',
    configuration: { '@type': stringValue, value: commands },
    vm_config: {
      vm_id: 'probe-vm',
      configuration: { '@type': stringValue, value: vm },
      code: { local: { filename: file } },
    },
  }
}

/** @param place whether the probe is a filter of the connection manager, or of the cluster that it routes to */
function listener(
  name: string,
  file: string,
  allowStop: boolean,
  place: 'downstream' | 'upstream' = 'downstream',
): JsonObject {
  const config = { ...probePlugin('vm conf', '', file), allow_on_headers_stop_iteration: allowStop }
  const probe = { name: 'wasm', typed_config: { '@type': `${type}.filters.http.wasm.v3.Wasm`, config } }
  const metadata = { filter_metadata: { m: { k: 'v', n: 1.5, b: true, s: { x: 1 } } } }
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    traffic_direction: 'INBOUND',
    filter_chains: [
      {
        name: 'chain',
        filters: [
          {
            name: 'hcm',
            typed_config: {
              '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
              stat_prefix: name,
              route_config: {
                virtual_hosts: [
                  {
                    name: 'host',
                    domains: ['*'],
                    routes: [
                      {
                        name: 'route',
                        match: { prefix: '/' },
                        metadata,
                        route: { cluster: place === 'upstream' ? 'filtered' : 'a' },
                      },
                    ],
                  },
                ],
              },
              http_protocol_options: { enable_trailers: true },
              http_filters: [
                ...(place === 'upstream' ? [] : [probe]),
                { name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } },
              ],
            },
          },
        ],
      },
    ],
  }
}

export function cluster(
  name: string,
  port: number,
  protocol: JsonObject = { http_protocol_options: { enable_trailers: true } },
  http_filters: readonly JsonObject[] = [],
): JsonObject {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } }
  return {
    name,
    connect_timeout: '1s',
    type: 'STATIC',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${type}.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: protocol,
        ...(http_filters.length > 0 ? { http_filters } : {}),
      },
    },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  }
}

function seen({ start, headers, body, trailers }: Message): string[] {
  const stable = headers.filter(line => !unstable.test(line)).toSorted()
  return [
    start,
    ...stable,
    ...(body.length > 0 ? [`body ${body.toString('latin1')}`] : []),
    ...trailers.map(line => `trailer ${line}`),
  ]
}

async function runCase(
  proxy: ProxyProcess,
  upstream: Upstream,
  grpc: GrpcServer,
  test: ProbeCase,
): Promise<ProbeOutcome> {
  const logged = (): string[] =>
    proxy.output
      .slice(from)
      .split('\n')
      .filter(line => linePrefix.test(line))
      .map(line => line.replace(linePrefix, ''))
  const from = proxy.output.length
  upstream.script([test.upstream ?? 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'])
  const client = await RawClient.connect(proxy.ports[test.listener ?? 'plain'] as number)
  const { method = 'GET', headers = '' } = test
  client.write(
    `${method} /path?q=1 HTTP/1.1\r\nhost: example.com\r\nx-probe: ${test.probe.join(';')}\r\n${headers}\r\n`,
  )
  for (const [index, piece] of (test.body ?? []).entries()) {
    const bodies = () => logged().filter(line => line.startsWith('request_body')).length
    if (index > 0) await poll(() => bodies() >= index, 2000)
    client.write(piece)
  }
  const parsed = () =>
    parseMessages(client.received, { request: false, head: method === 'HEAD', ended: client.peer !== 'open' })
  await client.waitFor(c => parsed().finals >= 1 || c.peer !== 'open', 'an answer', 3000).catch(() => undefined)
  const closed = client.peer !== 'open' || parsed().finals === 0
  client.destroy()
  await poll(() => logged().includes('delete'), 3000)
  const messages = parsed().messages.flatMap(seen)
  return {
    log: joinEnds(logged()).map(line => stableLine(test.anyEnd ? line.replace(/eos=\d$/, 'eos=') : line)),
    client: closed ? [...messages, 'closed'] : messages,
    upstream: test.anyUpstream
      ? []
      : [
          ...grpc.calls.splice(0).map(lines => lines.filter(line => !unstable.test(line))),
          ...upstream.requests.map(request => seen(request.message)),
        ],
  }
}

/**
 * The end of a body comes with its last bytes, or in a call of its own, with none or with those that were held: both are
 * right, and are made the former.
 */
function joinEnds(lines: readonly string[]): string[] {
  const joined: string[] = []
  for (const line of lines) {
    const [, direction, size] = /^(request|response)_body (\d+) eos=1$/.exec(line) ?? []
    const before = joined.findLastIndex(each => each.startsWith(`${direction}_body`))
    const [, held] = /_body (\d+) eos=0$/.exec(joined[before] ?? '') ?? []
    if (held !== undefined && (size === '0' || size === held)) joined[before] = `${direction}_body ${held} eos=1`
    else joined.push(line)
  }
  return joined
}

function stableLine(line: string): string {
  return line
    .replaceAll(/0x[0-9a-f]{60,}/g, hex => `{${hash('sha256', hex).slice(0, 12)}}`)
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, '{uuid}')
    .replace(/x-envoy-upstream-service-time=\d+/, 'x-envoy-upstream-service-time={ms}')
    .replace(/date=\w+, [\w: ]+ GMT/, 'date={time}')
}

export async function poll(done: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!done() && performance.now() < deadline) await new Promise(resolve => setTimeout(resolve, 2))
}

/** Outcomes by case name. @param only a pattern of names @param file a module that does what the probe does */
export async function runProbe(kind: ProxyKind, only = '', file = probeFile): Promise<Record<string, ProbeOutcome>> {
  const upstream = await Upstream.listen()
  const dead = await Upstream.listen()
  const deadPort = dead.port
  dead.close()
  const grpc = await listenGrpc()
  const outcomes: Record<string, ProbeOutcome> = {}
  const proxy = await ProxyProcess.start(
    kind,
    {
      node: { id: 'node-1', cluster: 'cluster-1' },
      layered_runtime: {
        layers: [{ name: 'wasm', static_layer: { sluice: { wasm: { log_lines_per_second: 1_000_000 } } } }],
      },
      static_resources: {
        listeners: [
          listener('plain', file, false),
          listener('stop-iteration', file, true),
          listener('upstream', file, false, 'upstream'),
        ],
        clusters: [
          cluster('a', upstream.port),
          cluster('filtered', upstream.port, undefined, [
            {
              name: 'wasm',
              typed_config: { '@type': `${type}.filters.http.wasm.v3.Wasm`, config: probePlugin('vm conf', '', file) },
            },
            {
              name: 'codec',
              typed_config: { '@type': `${type}.filters.http.upstream_codec.v3.UpstreamCodec` },
            },
          ]),
          cluster('dead', deadPort),
          cluster('grpc', grpc.port, { http2_protocol_options: {} }),
          cluster('grpcdead', deadPort, { http2_protocol_options: {} }),
        ],
      },
    },
    { flags: ['--component-log-level', 'wasm:info'] },
  )
  try {
    for (const test of [...probeCases, ...foreignCases, ...grpcCases])
      if (new RegExp(only).test(test.name) && !(test.endsEnvoy && kind === 'envoy'))
        outcomes[test.name] = await runCase(proxy, upstream, grpc, test)
  } finally {
    await proxy.stop()
    upstream.close()
    grpc.close()
  }
  return outcomes
}
