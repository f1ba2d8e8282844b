/** Runs one group of golden cases against a proxy and tells what client, upstream, access log and stats saw. */
import { createHash } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { type Message, parseMessages } from '../support/http-message.ts'
import { type JsonObject, ProxyProcess, type ProxyKind } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { hang, listenTcp, type Reply, Upstream } from '../support/upstream.ts'
import { type Case, cluster, type Group, http, type Step } from './case.ts'

/** A message as it is stored: header lines in wire order, the body as text or a digest. */
export interface SeenMessage {
  readonly start: string
  readonly headers: readonly string[]
  readonly framing: string
  readonly body: string
  readonly trailers?: readonly string[]
  readonly cut?: boolean
}

export interface Outcome {
  /** What the client received: messages, or text where it is not HTTP. */
  readonly client: readonly SeenMessage[] | string
  /** How the proxy left the connection. */
  readonly peer: string
  readonly upstream: readonly SeenMessage[]
  log: readonly string[]
}

export interface GroupOutcome {
  readonly cases: Record<string, Outcome>
  readonly stats: Record<string, number>
}

type Names = ReadonlyMap<number, string>

/** A connection over loopback is forwarded as coming from the machine's own address. */
const own = new Set(Object.values(networkInterfaces()).flatMap(list => (list ?? []).map(({ address }) => address)))
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** Replaces what changes from run to run: times, uuids, ports. */
export function normalise(text: string, names: Names): string {
  return text
    .replace(/^(date: ).*$/i, '$1{time}')
    .replace(/^(set-cookie: \w+=")[0-9a-f]{16}(?=")/, '$1{hash}')
    .replace(/^(x-envoy-upstream-service-time: )\d+$/i, '$1{ms}')
    .replace(/^x-forwarded-for: .*/i, line => line.replace(/[\d.]+$/, last => (own.has(last) ? '{own}' : last)))
    .replace(/^(x-envoy-expected-rq-timeout-ms: )14[89]\d\d$/, (_, name: string) => `${name}15000`)
    .replace(uuid, '{uuid}')
    .replace(/(?<=127\.0\.0\.1[:_])\d{4,5}\b/g, port => names.get(Number(port)) ?? '{client}')
    .replace(/(?<=:|x-forwarded-port: )\d{4,5}\b/g, port => names.get(Number(port)) ?? port)
}

export function seen(message: Message, names: Names): SeenMessage {
  const text = message.body.toString('latin1')
  const digest = createHash('sha1').update(message.body).digest('hex')
  return {
    start: normalise(message.start, names),
    headers: message.headers.map(line =>
      normalise(line.length > 300 ? `${line.slice(0, 300)}…${line.length}` : line, names),
    ),
    framing: message.framing,
    body: text.length > 600 ? `${text.length} bytes, sha1 ${digest}` : normalise(text, names),
    ...(message.trailers.length > 0 ? { trailers: message.trailers.map(line => normalise(line, names)) } : {}),
    ...(message.cut ? { cut: true } : {}),
  }
}

const isHead = (send: string | readonly Step[]): boolean =>
  (typeof send === 'string' ? send : send.find(step => typeof step === 'string'))?.startsWith('HEAD ') === true

const replies = (reply: Case['upstream']): readonly Reply[] =>
  reply === undefined ? [] : typeof reply === 'object' && Symbol.iterator in reply ? reply : [reply]

class Runner {
  readonly proxy: ProxyProcess
  readonly upstream: Upstream
  readonly names: Names
  /** Cases by the port of their client. */
  readonly clients = new Map<number, string>()
  /** Cases of plain TCP. */
  readonly tcp = new Set<string>()

  constructor(proxy: ProxyProcess, upstream: Upstream, names: Names) {
    this.proxy = proxy
    this.upstream = upstream
    this.names = names
  }

  async run(test: Case): Promise<Outcome> {
    const { upstream } = this
    const before = test.before === undefined ? undefined : await this.connect(test)
    const script = replies(test.upstream)
    upstream.script(before === undefined ? script : [hang, ...script])
    if (before !== undefined) {
      before.write(test.before as string)
      await upstream.sawHeads(1)
    }

    const client = await this.connect(test)
    const head = isHead(test.send)
    const parsed = () => parseMessages(client.received, { request: false, head, ended: client.peer !== 'open' })
    const finals = (n: number) => () => parsed().finals >= n || client.peer !== 'open'
    for (const step of typeof test.send === 'string' ? [test.send] : test.send) {
      if (typeof step === 'string') client.write(step)
      else if ('do' in step) client[step.do]()
      else if ('text' in step) await client.waitFor(c => c.text.includes(step.text) || c.peer !== 'open', step.text)
      else if ('upstreamHeads' in step) await upstream.sawHeads(step.upstreamHeads)
      else if ('closed' in step) await client.waitFor(c => c.peer !== 'open', 'the connection to close')
      else await client.waitFor(finals(step.responses), `${step.responses} responses`)
    }
    const wanted = test.tcp ? 0 : (test.responses ?? 1)
    if (wanted > 0) await client.waitFor(finals(wanted), `${wanted} responses`)
    const last = parsed().messages.at(-1)
    if (!test.tcp && last?.headers.some(line => /^connection: *close$/i.test(line)))
      await client.waitFor(c => c.peer !== 'open', 'the connection to close', 3000).catch(() => {})
    await this.#barrier()

    const { messages, rest } = parsed()
    const client_ = test.tcp ? client.text : messages.map(message => seen(message, this.names))
    if (!test.tcp && rest.length > 0)
      (client_ as SeenMessage[]).push({ start: '(rest)', headers: [], framing: '', body: rest.toString('latin1') })
    // A proxy that closes with bytes of ours unread resets; which of the two arrives first is chance.
    const outcome: Outcome = {
      client: client_,
      peer: client.peer === 'open' ? 'open' : 'closed',
      upstream: upstream.requests
        .slice(before === undefined ? 0 : upstream.requests.length - (upstream.heads - 1))
        .map(request => seen(request.message, this.names)),
      log: [],
    }
    client.destroy()
    before?.destroy()
    await this.#barrier()
    return outcome
  }

  async connect(test: Case): Promise<RawClient> {
    const port = this.proxy.ports[test.listener ?? 'http']
    if (port === undefined) throw new Error(`no listener ${test.listener ?? 'http'}`)
    // A port that an earlier case had would mix up their log lines.
    const used: RawClient[] = []
    for (;;) {
      const client = await RawClient.connect(port)
      if (!this.clients.has(client.localPort)) {
        this.clients.set(client.localPort, test.name)
        if (test.tcp) this.tcp.add(test.name)
        for (const other of used) other.destroy()
        return client
      }
      used.push(client)
    }
  }

  /** A request through the same worker: what the proxy had to do before it is done. */
  async #barrier(): Promise<void> {
    const client = await RawClient.connect(this.proxy.ports.barrier as number)
    client.write('GET / HTTP/1.1\r\nhost: barrier\r\nconnection: close\r\n\r\n')
    await client.waitFor(c => c.text.includes('\r\n\r\n'), 'the barrier')
    client.destroy()
    await new Promise(resolve => setImmediate(resolve))
  }
}

function configuration(group: Group, ports: Readonly<Record<string, number>>): JsonObject {
  const barrier = http({
    name: 'barrier',
    routes: [{ match: { prefix: '/' }, direct_response: { status: 204 } }],
    hcm: { access_log: [] },
    listener: { stat_prefix: 'barrier' },
  })
  const clusters = [
    cluster('a', ['$a']),
    cluster('b', ['$b']),
    cluster('dead', ['$dead']),
    cluster('empty', []),
    cluster('tcp', ['$tcp']),
    ...(group.clusters ?? []),
  ]
  const text = JSON.stringify({
    node: { id: 'golden', cluster: 'golden' },
    ...(group.runtime && { layered_runtime: { layers: [{ name: 'golden', static_layer: group.runtime }] } }),
    static_resources: { listeners: [...group.listeners, barrier], clusters },
  })
  return JSON.parse(text.replace(/"\$(a|b|tcp|dead)"/g, (_, name: string) => String(ports[name]))) as JsonObject
}

/** Starts a proxy for the group and runs its cases in order. A case that fails to run is an outcome with the error as text. */
export async function runGroup(kind: ProxyKind, group: Group): Promise<GroupOutcome> {
  const a = await Upstream.listen()
  const b = await Upstream.listen()
  b.script(['HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nfrom b'])
  const plain = await listenTcp()
  // Nothing listens on port 1: connections are refused.
  const ports = { a: a.port, b: b.port, tcp: plain.port, dead: 1 }
  let proxy: ProxyProcess | undefined
  try {
    proxy = await ProxyProcess.start(kind, configuration(group, ports), {
      flags: ['--file-flush-interval-msec', '100'],
    })
    const names = new Map<number, string>()
    for (const [name, port] of [...Object.entries(ports), ...Object.entries(proxy.ports)]) names.set(port, `{${name}}`)
    const runner = new Runner(proxy, a, names)
    const cases: Record<string, Outcome> = {}
    for (const test of group.cases) {
      try {
        cases[test.name] = await runner.run(test)
      } catch (error) {
        cases[test.name] = { client: `failed: ${String(error)}`, peer: '', upstream: [], log: [] }
      }
    }
    const stats: Record<string, number> = {}
    if (group.stats !== undefined) {
      for (const [name, value] of await proxy.stats()) {
        const plainName = normalise(name, names)
        if (group.stats.some(wanted => wanted.test(plainName))) stats[plainName] = value
      }
    }
    await proxy.terminate()
    sortLog(proxy.readFile('access.log'), runner, cases)
    return { cases, stats }
  } finally {
    await proxy?.stop()
    a.close()
    b.close()
    plain.close()
  }
}

/** Gives each access log line to the case whose client's port (`@address`) or name (`"case name"`) it ends in or contains. */
function sortLog(text: string, runner: Runner, cases: Record<string, Outcome>): void {
  for (const line of text.split('\n')) {
    const port = Number(/ ?@127\.0\.0\.1:(\d+)$/.exec(line)?.[1])
    const name = runner.clients.get(port) ?? /"case (.*?)"/.exec(line)?.[1]
    const found = name === undefined ? undefined : cases[name]
    // A connection that was given up because its port had been used before.
    if (found === undefined || (line.startsWith('tcp ') && !runner.tcp.has(name ?? ''))) continue
    const plain = line
      .replace(/ ?@127\.0\.0\.1:\d+$/, '')
      .replace(/\[\d{4}-\d\d-\d\dT[\d:.]+Z\]/, '[{time}]')
      .replace(/(?<=" \d{3} \S+ \d+ \d+ )\d+ (\d+|-) /, (_, ms: string) => `{ms} ${ms === '-' ? '-' : '{ms}'} `)
    found.log = [...found.log, normalise(plain, runner.names)]
  }
}
