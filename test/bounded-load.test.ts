/** `hash_balance_factor` under load: of requests that none answers, which hosts they go to, as recorded from Envoy 1.40. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { http } from './golden/case.ts'
import { type JsonObject, ProxyProcess } from './support/proxy-process.ts'

const consistent = (hash_balance_factor: number): JsonObject => ({
  consistent_hashing_lb_config: { hash_balance_factor },
})
const byPolicy = (lb_policy: string, factor: number): JsonObject => ({
  lb_policy,
  common_lb_config: consistent(factor),
})
const byExtension = (type: string, settings: JsonObject): JsonObject => {
  const typed_config = {
    '@type': `type.googleapis.com/envoy.extensions.load_balancing_policies.${type}`,
    ...settings,
  }
  return { load_balancing_policy: { policies: [{ typed_extension_config: { name: type, typed_config } }] } }
}

interface Balanced {
  readonly settings: JsonObject
  /** The hosts, 1 to 5 times as much. */
  readonly weighted?: boolean
  /** Numbers of hosts, in the order of requests: two with the same hash, one with another, and so on. */
  readonly chosen: string
}

const clusters: Readonly<Record<string, Balanced>> = {
  ring100: { settings: byPolicy('RING_HASH', 100), chosen: '440220421341230423334231' },
  ring125: { settings: byPolicy('RING_HASH', 125), chosen: '440240221421420343234231' },
  ring200: { settings: byPolicy('RING_HASH', 200), weighted: true, chosen: '443440444441442440442441' },
  maglev110: { settings: byPolicy('MAGLEV', 110), chosen: '221423443240320430243323' },
  maglev150: { settings: byPolicy('MAGLEV', 150), weighted: true, chosen: '221243243424420424444243' },
  ring: { settings: byExtension('ring_hash.v3.RingHash', consistent(130)), chosen: '440420241221420423342331' },
  ring_old: {
    settings: byExtension('ring_hash.v3.RingHash', { hash_balance_factor: 130 }),
    chosen: '440420241221420423342331',
  },
  maglev: {
    settings: byExtension('maglev.v3.Maglev', { table_size: 101, ...consistent(130) }),
    weighted: true,
    chosen: '220243424440240243421442',
  },
}

const servers: Server[] = []
const arrived: number[] = []
let onArrival = (): void => {}
let proxy: ProxyProcess | undefined

function makeCluster(name: string, { settings, weighted }: Balanced): JsonObject {
  const lb_endpoints = servers.map((server, i) => ({
    endpoint: {
      address: { socket_address: { address: '127.0.0.1', port_value: (server.address() as AddressInfo).port } },
    },
    // The choice must not hang on ports.
    metadata: { filter_metadata: { 'envoy.lb': { hash_key: `key${i}` } } },
    ...(weighted ? { load_balancing_weight: i + 1 } : {}),
  }))
  return { name, type: 'STATIC', load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints }] }, ...settings }
}

before(async () => {
  for (let i = 0; i < 5; i++) {
    const server = createServer(() => {
      arrived.push(i)
      onArrival()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
  }
  const routes = Object.keys(clusters).map(name => ({
    match: { path: `/${name}` },
    route: { cluster: name, timeout: '0s', hash_policy: [{ header: { header_name: 'x-hash' } }] },
  }))
  proxy = await ProxyProcess.start('sluice', {
    static_resources: {
      listeners: [http({ routes })],
      clusters: Object.entries(clusters).map(([name, each]) => makeCluster(name, each)),
    },
  })
})

after(async () => {
  await proxy?.stop()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

for (const [name, { chosen }] of Object.entries(clusters))
  test(name, async () => {
    arrived.length = 0
    const open: ClientRequest[] = []
    for (let i = 0; i < chosen.length; i++) {
      const arrival = new Promise<void>(resolve => (onArrival = resolve))
      const headers = { 'x-hash': i % 3 === 2 ? `other${i}` : 'same' }
      const client = request({ port: proxy?.ports['http'], path: `/${name}`, headers, agent: false })
      client.on('error', () => {})
      client.end()
      open.push(client)
      await arrival
    }
    for (const client of open) client.destroy()
    assert.equal(arrived.join(''), chosen)
  })
