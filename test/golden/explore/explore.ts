/**
 * Looks for differences between Envoy and sluice with random configurations, requests and answers:
 * `node test/golden/explore/explore.ts [--seed N] [--cases N] [--lanes N] [--only LANE/CASE] [--show]`.
 * A difference that holds when it is tried again is printed with what reproduces it; a golden case is then made of it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { FrameLog } from '../../support/http2-frames.ts'
import { parseMessages } from '../../support/http-message.ts'
import { type JsonObject, ProxyProcess, type ProxyKind } from '../../support/proxy-process.ts'
import { RawClient } from '../../support/raw-client.ts'
import { cluster } from '../case.ts'
import { normalise, seen, type SeenMessage } from '../run.ts'
import { makeLane } from './configuration.ts'
import { type ExploredCase, makeCase } from './messages.ts'
import { Random } from './random.ts'
import { ScriptedUpstream } from './upstream.ts'

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    cases: { type: 'string', default: '100' },
    lanes: { type: 'string', default: '6' },
    only: { type: 'string' },
    show: { type: 'boolean', default: false },
  },
})
const seed = Number(flags.seed)
const laneCount = Number(flags.lanes)
const caseCount = Number(flags.cases)

/** One lane of one proxy: a listener and upstreams of its own. */
interface Track {
  readonly port: number
  readonly http1: ScriptedUpstream
  readonly http2: ScriptedUpstream
  readonly mirror: ScriptedUpstream
}

interface Run {
  readonly outcome: JsonObject
  readonly client: string
}

const ok = { when: 'complete', http1: ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nm'], http2: () => [] } as const

/** Frames of a connection, told apart by stream, DATA joined. */
function frameView(bytes: Buffer, names: ReadonlyMap<number, string>): JsonObject {
  const log = new FrameLog()
  try {
    log.push(bytes)
  } catch (error) {
    return { broken: String(error) }
  }
  return joined(log.take(), names)
}

function joined(lines: readonly string[], names: ReadonlyMap<number, string>): JsonObject {
  const streams: Record<string, string[]> = {}
  for (const line of lines) {
    const [type = '', id = ''] = line.split(' ', 2)
    if (type === 'ping' || type === 'windowUpdate' || type === 'goAway') continue
    const list = (streams[id] ??= [])
    if (type !== 'data') {
      const plain = line
        .replace(/(?<=date=)\w{3}, [^=]*GMT/, '{time}')
        .replace(/(?<=x-envoy-upstream-service-time=)\d+/, '{ms}')
        .replace(/x-forwarded-for=[^=]*?(?= [\w-]+=|$)/, value => normalise(value.replace('=', ': '), names))
        .replace(/(?<=x-forwarded-port=)\d+/, n => names.get(Number(n)) ?? n)
        .replace(/(?<=x-envoy-expected-rq-timeout-ms=)(\d+)/, n => `${Math.round(Number(n) / 100) * 100}`)
      list.push(type === 'goAway' ? `goAway ${line.split(' ')[2]}` : normalise(plain, names))
      continue
    }
    const [, ended = '', text = ''] = /^data \d+( end)? ?(.*)$/s.exec(line) ?? []
    const last = list.at(-1)
    if (last?.startsWith('data:') === true) list[list.length - 1] = last + text
    else list.push(`data: ${text}`)
    if (ended !== '') list.push('end')
  }
  for (const list of Object.values(streams))
    list.forEach((line, i) => {
      if (line.length > 600) list[i] = `${line.slice(0, 200)}… ${line.length}`
    })
  return streams
}

const plain = (message: SeenMessage): SeenMessage => ({
  ...message,
  headers: message.headers.map(line =>
    line
      .replace(/(?<=^x-envoy-expected-rq-timeout-ms: )\d+/i, n => `${Math.round(Number(n) / 100) * 100}`)
      .replace(/(?<=^x-forwarded-port: )\d{5}$/i, '{listener}'),
  ),
})

async function runCase(track: Track, test: ExploredCase, names: ReadonlyMap<number, string>): Promise<Run> {
  const upstreams = [track.http1, track.http2, track.mirror]
  track.http1.script(test.answers)
  track.http2.script(test.answers)
  track.mirror.script([ok])
  const client = await RawClient.connect(track.port)
  const port = client.localPort
  for (const step of test.steps) {
    if (typeof step === 'string') client.write(step)
    else if ('waitMs' in step) await sleep(step.waitMs)
    else client[step.do]()
  }
  const head = test.text.startsWith('HEAD')
  const answered = (): boolean => {
    if (client.peer !== 'open') return true
    if (test.http2)
      return Object.entries(frameView(client.received, names)).some(
        ([id, list]) =>
          id !== '0' &&
          (list as string[]).some(line => line === 'end' || / end | [A-Za-z]+Error$|cancel$|refusedStream$/.test(line)),
      )
    return parseMessages(client.received, { request: false, head, ended: false }).finals > 0
  }
  const state = (): string =>
    [client.received.length, client.peer, ...upstreams.map(u => `${u.activity}/${u.busy}`)].join()
  let last = state()
  let since = performance.now()
  for (;;) {
    await sleep(10)
    const now = state()
    if (now !== last) {
      last = now
      since = performance.now()
    }
    if (upstreams.some(u => u.busy > 0)) since = performance.now()
    if (performance.now() - since > (answered() ? 90 : 420)) break
  }
  const peer = client.peer === 'open' ? 'open' : 'closed'
  const bytes = Buffer.from(client.received)
  client.destroy()
  await sleep(30)
  const parsed = test.http2 ? undefined : parseMessages(bytes, { request: false, head, ended: peer !== 'open' })
  const frames = [...track.http2.frames.values()].filter(
    list => !list[0]?.startsWith('goAway') && !list[0]?.startsWith('settings'),
  )
  const outcome: JsonObject = {
    client:
      parsed === undefined
        ? frameView(bytes, names)
        : ([
            ...parsed.messages.map(message => plain(seen(message, names))),
            ...(parsed.rest.length > 0
              ? [
                  {
                    rest:
                      parsed.rest.length > 300
                        ? parsed.rest.length
                        : normalise(
                            parsed.rest
                              .toString('latin1')
                              .replace(/date: .*GMT/g, 'date: {time}')
                              .replace(/(?<=service-time: )\d+/, '{ms}'),
                            names,
                          ),
                  },
                ]
              : []),
          ] as unknown as JsonObject),
    peer,
    http1: track.http1.messages.map(message => plain(seen(message, names))) as unknown as JsonObject,
    // Which resets cross the end of a stream is chance.
    http2: frames.map(
      list =>
        (Object.values(joined(list, names))[0] as string[] | undefined)
          ?.map(line => line.replace(/^(\w+) \d+/, '$1'))
          .filter(line => !line.startsWith('rstStream')) ?? [],
    ),
    mirror: track.mirror.messages.map(message => plain(seen(message, names))) as unknown as JsonObject,
  }
  return { outcome, client: `:${port}` }
}

/** Long runs of one character are told by their length. */
const print = (text: string): void =>
  console.log(text.replace(/(.)\1{30,}/g, (run, c: string) => `${c}{${run.length}}`))

async function main(): Promise<void> {
  const kinds: ProxyKind[] = ['envoy', 'sluice']
  const tracks: Track[][] = []
  const proxies: ProxyProcess[] = []
  const names = new Map<number, string>()
  const cases: ExploredCase[][] = []
  for (const kind of kinds) {
    const lanes = []
    const mine: Omit<Track, 'port'>[] = []
    for (let i = 0; i < laneCount; i++) {
      const http1 = await ScriptedUpstream.listen(false)
      const http2 = await ScriptedUpstream.listen(true)
      const mirror = await ScriptedUpstream.listen(false)
      mine.push({ http1, http2, mirror })
      for (const [name, upstream] of [
        ['http1', http1],
        ['http2', http2],
        ['mirror', mirror],
      ] as const)
        names.set(upstream.port, `{${name}}`)
      lanes.push(
        makeLane(new Random(seed * 1000 + i), `lane${i}`, {
          http1: http1.port,
          http2: http2.port,
          mirror: mirror.port,
        }),
      )
    }
    const config = {
      node: { id: 'explore', cluster: 'explore' },
      static_resources: {
        listeners: lanes.map(l => l.listener),
        clusters: [cluster('dead', ['1']), ...lanes.flatMap(l => l.clusters)],
      },
    }
    const proxy = await ProxyProcess.start(kind, config, { flags: ['--file-flush-interval-msec', '50'] })
    proxies.push(proxy)
    for (const port of Object.values(proxy.ports)) names.set(port, '{listener}')
    tracks.push(
      mine.map(({ http1, http2, mirror }, i) => ({ http1, http2, mirror, port: proxy.ports[`lane${i}`] as number })),
    )
    if (flags.show && kind === 'envoy')
      console.log(
        JSON.stringify(
          lanes.map(l => l.listener),
          undefined,
          1,
        ),
      )
  }
  for (let i = 0; i < laneCount; i++) {
    const r = new Random(seed * 1000 + 500 + i)
    cases.push(Array.from({ length: caseCount }, () => makeCase(r)))
  }

  // A port that was used twice tells nothing.
  const used = new Map<string, number>()
  const logged: { name: string; test: ExploredCase; ports: string[] }[] = []
  let differences = 0
  const report = (name: string, test: ExploredCase, a: unknown, b: unknown): void => {
    differences += 1
    print(`\n=== --seed ${seed} --only ${name}\n${shown(test)}`)
    diff(a, b, '')
  }
  await Promise.all(
    cases.map(async (list, lane) => {
      for (const [i, test] of list.entries()) {
        const name = `${lane}/${i}`
        if (flags.only !== undefined && flags.only !== name) continue
        const pair = (): Promise<[Run, Run]> =>
          Promise.all([
            runCase(tracks[0]?.[lane] as Track, test, names),
            runCase(tracks[1]?.[lane] as Track, test, names),
          ])
        let [a, b] = await pair()
        let same = JSON.stringify(a.outcome) === JSON.stringify(b.outcome)
        for (let again = 0; again < 2 && !same; again++) {
          ;[a, b] = await pair()
          same = JSON.stringify(a.outcome) === JSON.stringify(b.outcome)
        }
        if (flags.show) console.log(JSON.stringify([a.outcome, b.outcome], undefined, 1))
        if (!same) report(name, test, a.outcome, b.outcome)
        const ports = [a.client, b.client]
        for (const [p, port] of ports.entries()) used.set(`${p}${port}`, (used.get(`${p}${port}`) ?? 0) + 1)
        logged.push({ name, test, ports })
        if (proxies.some(proxy => proxy.exited))
          throw new Error(`a proxy ended:\n${proxies.map(p => p.output).join('\n')}`)
      }
    }),
  )
  await sleep(300)
  const stats = await Promise.all(proxies.map(proxy => proxy.stats()))
  const lines = proxies.map(() => new Map<string, string[]>())
  for (const proxy of proxies) await proxy.terminate()
  proxies.forEach((proxy, p) => {
    for (const line of proxy.readFile('access.log').split('\n')) {
      const port = /:\d+$/.exec(line)?.[0]
      if (port === undefined) continue
      lines[p]?.set(port, [
        ...(lines[p]?.get(port) ?? []),
        normalise(line.replace(/@[^@]*$/, '').replace(/(?<= DPE .*)rx=\d+/, 'rx=*'), names),
      ])
    }
  })
  for (const { name, test, ports } of logged) {
    if (ports.some((port, p) => used.get(`${p}${port}`) !== 1)) continue
    const [a, b] = ports.map((port, p) =>
      (lines[p]?.get(port) ?? []).filter(line => line.startsWith(`lane${name.split('/')[0]} `)).toSorted(),
    )
    if (JSON.stringify(a) !== JSON.stringify(b)) report(`${name}  (log)`, test, a, b)
  }
  for (const [name, value] of stats[0] as Map<string, number>) {
    const ours = stats[1]?.get(name)
    if (!/^(http\.lane|cluster\.lane|http1|http2)/.test(name) || ours === value) continue
    if (ours === undefined || /_(active|pending)$/.test(name))
      console.log(`stat ${name}: envoy ${value}, sluice ${ours}`)
    else if (flags.only !== undefined) console.log(`stat ${name}: envoy ${value}, sluice ${ours}`)
  }
  for (const [name, value] of stats[1] as Map<string, number>)
    if (
      /(rq_active|rq_pending_active|cx_active|streams_active)$/.test(name) &&
      value !== (stats[0]?.get(name) ?? 0) &&
      !/admin/.test(name)
    )
      console.log(`gauge ${name}: sluice ${value}, envoy ${stats[0]?.get(name)}`)
  console.log(`\nseed ${seed}: ${logged.length} cases, ${differences} differences`)
  for (const track of tracks.flat()) for (const upstream of [track.http1, track.http2, track.mirror]) upstream.close()
  if (flags.show) for (const proxy of proxies) console.log(proxy.output.slice(0, 3000))
  for (const proxy of proxies) await proxy.stop()
}

function shown(test: ExploredCase): string {
  const steps = test.http2 ? test.steps.map(s => (typeof s === 'string' && s.length > 5 ? '(frames)' : s)) : test.steps
  const text = JSON.stringify(
    steps.map(s => (typeof s !== 'string' ? s : s.replace(/(.)\1{30,}/g, (run, c: string) => `${c}{${run.length}}`))),
  )
  return `${test.http2 ? `${test.text}\n` : ''}${text}\nupstream: ${test.answerText}`
}

function diff(a: unknown, b: unknown, at: string): void {
  if (JSON.stringify(a) === JSON.stringify(b)) return
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const left = a as Record<string, unknown>
    const right = b as Record<string, unknown>
    if (
      Array.isArray(a) &&
      Array.isArray(b) &&
      [...a, ...b].every(x => typeof x === 'string') &&
      a.length !== b.length
    ) {
      print(`  ${at}\n   - envoy  ${JSON.stringify(a)}\n   - sluice ${JSON.stringify(b)}`)
      return
    }
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)]))
      diff(left[key], right[key], `${at}.${key}`)
    return
  }
  print(`  ${at}\n   - envoy  ${JSON.stringify(a)}\n   - sluice ${JSON.stringify(b)}`)
}

await main()
