/** Runs the network cases against one proxy and tells what the filter logged and what came through to each side. */
import { createServer, type Server, type Socket } from 'node:net'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'
import { type NetworkCase, networkCases, type Step } from './network-cases.ts'
import { cluster, linePrefix, poll, probePlugin } from './run-probe.ts'

export interface NetworkOutcome {
  readonly log: readonly string[]
  /** All bytes that arrived there, and how its peer left: `open`, `closed`, `reset`. */
  readonly client: string
  readonly server: string
}

const type = 'type.googleapis.com/envoy.extensions'

/** A TCP server for one connection at a time. */
class TcpServer {
  readonly #server: Server
  socket: Socket | undefined
  text = ''
  state = 'none'

  private constructor() {
    this.#server = createServer({ noDelay: true }, socket => {
      this.socket = socket
      this.state = 'open'
      socket.on('data', data => (this.text += data.toString('latin1')))
      socket.on('end', () => (this.state = 'closed'))
      socket.on('error', () => (this.state = 'reset'))
      socket.on('close', () => (this.state = this.state === 'open' ? 'reset' : this.state))
    })
  }

  static async listen(): Promise<TcpServer> {
    const server = new TcpServer()
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  reset(): void {
    this.socket?.destroy()
    this.socket = undefined
    this.text = ''
    this.state = 'none'
  }

  close(): void {
    this.reset()
    this.#server.close()
  }
}

/** Each case has a VM of its own. */
function wasm(vm: string, commands: readonly string[], file: string | undefined): JsonObject {
  const config = probePlugin(vm, commands.join(';'), file)
  return { name: 'wasm', typed_config: { '@type': `${type}.filters.network.wasm.v3.Wasm`, config } }
}

function accessLogger(vm: string, commands: readonly string[], file: string | undefined): JsonObject {
  const config = probePlugin(vm, commands.join(';'), file)
  return { name: 'wasm', typed_config: { '@type': `${type}.access_loggers.wasm.v3.WasmAccessLog`, config } }
}

function listener({ name, probe, second, logger, before = 'tcp' }: NetworkCase, file: string | undefined): JsonObject {
  const access_log = logger === undefined ? [] : [accessLogger(name, logger, file)]
  const terminal =
    before === 'tcp'
      ? { '@type': `${type}.filters.network.tcp_proxy.v3.TcpProxy`, stat_prefix: 'tcp', cluster: 'tcp', access_log }
      : {
          '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
          stat_prefix: 'http',
          access_log,
          route_config: {
            virtual_hosts: [
              { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'a' } }] },
            ],
          },
          http_filters: [{ name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } }],
        }
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    traffic_direction: 'INBOUND',
    filter_chains: [
      {
        name: 'chain',
        filters: [
          wasm(name, probe, file),
          ...(second === undefined ? [] : [wasm(name, second, file)]),
          { name: 'terminal', typed_config: terminal },
        ],
      },
    ],
  }
}

async function runCase(proxy: ProxyProcess, server: TcpServer, test: NetworkCase): Promise<NetworkOutcome> {
  const from = proxy.output.length
  const logged = (): string[] =>
    proxy.output
      .slice(from)
      .split('\n')
      .filter(line => linePrefix.test(line))
      .map(line => line.replace(linePrefix, ''))
      .filter(line => !line.startsWith('RuntimeError'))
  server.reset()
  const client = await RawClient.connect(proxy.ports[test.name] as number)
  const reached = ({ until }: Step): boolean => {
    if (until === undefined) return true
    if ('client' in until) return client.text.includes(until.client)
    if ('server' in until) return server.text.includes(until.server)
    return logged().filter(line => line.startsWith(until.log)).length >= (until.times ?? 1)
  }
  for (const step of test.steps) {
    if (step.who === 'client') {
      if (step.send !== undefined) client.write(step.send)
      if (step.last === 'end') client.end()
      if (step.last === 'reset') client.reset()
    } else {
      await poll(() => server.socket !== undefined, 1000)
      if (step.send !== undefined) server.socket?.write(step.send)
      if (step.last === 'end') server.socket?.end()
      if (step.last === 'reset') server.socket?.resetAndDestroy()
    }
    await poll(() => reached(step) || client.peer !== 'open', 1500)
  }
  const deletes = test.second === undefined ? 1 : 2
  await poll(() => client.peer !== 'open', 300)
  const outcome = { client: client.peer, server: server.state }
  client.destroy()
  await poll(() => logged().filter(line => line === 'delete').length >= deletes, 500)
  // The access logger has the last word.
  const told = test.logger?.length ?? 0
  await poll(() => logged().filter(line => line.startsWith('  ')).length >= told, 2000)
  const ends = /date: .*\r\n|x-envoy-upstream-service-time: .*\r\n|server: .*\r\n/g
  return {
    // How a codec cuts its bytes into pieces is its own affair.
    log: logged().filter(line => test.before !== 'http' || !line.startsWith('upstream_data')),
    client: `${client.text.replace(ends, '')} ${outcome.client}`,
    server: `${server.text} ${outcome.server === 'none' ? 'none' : ''}`.trim(),
  }
}

/** Outcomes by case name. @param file another probe than the host's, told to do the same */
export async function runNetwork(kind: ProxyKind, only = '', file?: string): Promise<Record<string, NetworkOutcome>> {
  const upstream = await Upstream.listen()
  const server = await TcpServer.listen()
  const outcomes: Record<string, NetworkOutcome> = {}
  const cases = networkCases.filter(({ name }) => name.includes(only))
  const proxy = await ProxyProcess.start(
    kind,
    {
      static_resources: {
        listeners: cases.map(each => listener(each, file)),
        clusters: [cluster('a', upstream.port), cluster('tcp', server.port), cluster('second', server.port)],
      },
    },
    { flags: ['--component-log-level', 'wasm:info'] },
  )
  try {
    for (const test of cases) outcomes[test.name] = await runCase(proxy, server, test)
  } finally {
    await proxy.stop()
    upstream.close()
    server.close()
  }
  return outcomes
}
