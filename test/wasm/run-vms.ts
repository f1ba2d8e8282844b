/**
 * Which plugins share a VM, its data and its queues; what a VM may do and sees of the process; how contexts and VMs begin and
 * end. The probe in several uses at once; what each use logs, without repetitions: Envoy tries a plugin on the main thread
 * before each worker has it.
 */
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { poll, probeFile } from './run-probe.ts'
import { type Use, vmCases } from './vm-cases.ts'

export interface VmOutcome {
  /** By use. */
  readonly logs?: Readonly<Record<string, readonly string[]>>
  /** Status of each request; `refused`: the configuration was. */
  readonly answers: readonly string[]
}

const type = 'type.googleapis.com/envoy.extensions'
const text = (value: string) => ({ '@type': 'type.googleapis.com/google.protobuf.StringValue', value })

function filter(use: Use): JsonObject {
  const {
    name,
    root = `${name}-root`,
    vm = `${name}-vm`,
    vmConfiguration = '',
    commands = [],
    extra = {},
    vmExtra = {},
  } = use
  const config = {
    name,
    root_id: root,
    configuration: text(commands.join(';')),
    vm_config: {
      vm_id: vm,
      runtime: 'envoy.wasm.runtime.v8',
      configuration: text(vmConfiguration),
      code: { local: { filename: probeFile } },
      ...vmExtra,
    },
    ...extra,
  }
  return { name, typed_config: { '@type': `${type}.filters.http.wasm.v3.Wasm`, config } }
}

function configuration(uses: readonly Use[]): JsonObject {
  const manager = {
    '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'plain',
    route_config: {
      virtual_hosts: [
        { name: 'host', domains: ['*'], routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }] },
      ],
    },
    http_filters: [
      ...uses.map(filter),
      { name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } },
    ],
  }
  return {
    node: { id: 'node-1', cluster: 'cluster-1' },
    static_resources: {
      listeners: [
        {
          name: 'plain',
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          filter_chains: [{ filters: [{ name: 'hcm', typed_config: manager }] }],
        },
      ],
    },
  }
}

/** @param probe '': what the configurations say */
async function request(port: number, probe: string): Promise<string> {
  const client = await RawClient.connect(port)
  client.write(`GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${probe === '' ? '' : `x-probe: ${probe}\r\n`}\r\n`)
  await client.waitFor(c => c.peer !== 'open', 'the end')
  return client.text.slice(9, 12)
}

async function runCase(
  kind: ProxyKind,
  { uses, requests = [], waitFor }: (typeof vmCases)[string],
): Promise<VmOutcome> {
  let proxy: ProxyProcess
  try {
    proxy = await ProxyProcess.start(kind, configuration(uses), {
      flags: ['--component-log-level', 'wasm:info'],
      env: { SLUICE_TEST: 'of the host' },
    })
  } catch {
    return { answers: ['refused'] }
  }
  const lines = ({ name, root = `${name}-root`, vm = `${name}-vm` }: Use): string[] => {
    const prefix = new RegExp(`^.*wasm log(?: ${name})? ${root}${vm === '' ? ' ?' : ` ${vm}`}: `)
    const logged = proxy.output.split('\n').filter(line => prefix.test(line))
    return [...new Set(logged.map(line => stable(line.replace(prefix, '').trimEnd())))]
  }
  try {
    const answers: string[] = []
    for (const probe of requests) answers.push(await request(proxy.ports['plain'] as number, probe))
    if (waitFor !== undefined)
      await poll(() => uses.some(use => lines(use).some(line => line.startsWith(waitFor))), 5000)
    await proxy.terminate()
    return { logs: Object.fromEntries(uses.map(use => [use.name, lines(use)])), answers }
  } finally {
    await proxy.stop()
  }
}

/** Without how often data was written, by trial VMs too, and the order of the environment. */
function stable(line: string): string {
  const [, env, variables] = /^( {2}env -> 0 0 )(.*)$/.exec(line) ?? []
  if (env === undefined || variables === undefined) return line.replace(/ cas \d+$/, ' cas')
  return (
    env +
    variables
      .split(/ (?=\w+=)/)
      .sort()
      .join(' ')
  )
}

/** @param only a pattern of names */
export async function runVms(kind: ProxyKind, only = ''): Promise<Record<string, VmOutcome>> {
  const outcomes: Record<string, VmOutcome> = {}
  for (const [name, each] of Object.entries(vmCases))
    if (new RegExp(only).test(name)) outcomes[name] = await runCase(kind, each)
  return outcomes
}
