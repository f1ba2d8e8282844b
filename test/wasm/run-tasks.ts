/** Runs the tasks through the filter of one language: what client and upstream saw, and the line that each stream logs. */
import { join } from 'node:path'
import { cluster, http, router } from '../golden/case.ts'
import { type Message, parseMessages } from '../support/http-message.ts'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'
import { poll } from './run-probe.ts'
import { type TaskCase, taskCases } from './task-cases.ts'

const unstable = /^(date|server|x-request-id|x-envoy-|x-forwarded-for)/

function seen({ start, headers, body }: Message): string[] {
  return [start, ...headers.filter(line => !unstable.test(line)).toSorted(), `body ${body.toString('latin1')}`]
}

export async function runTasks(kind: ProxyKind, language: string): Promise<Record<string, readonly string[]>> {
  const upstream = await Upstream.listen()
  const name = `${language}-tasks`
  const filename = join(import.meta.dirname, `../fixtures/wasm/${name}/${name}.wasm`)
  const config = { name: 'tasks', vm_config: { vm_id: 'tasks', code: { local: { filename } } } }
  const type = 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm'
  const http_filters = [{ name: 'wasm', typed_config: { '@type': type, config } }, router]
  const routes = [{ name: 'the-route', match: { prefix: '/' }, route: { cluster: 'a' } }]
  const resources = { listeners: [http({ routes, hcm: { http_filters } })], clusters: [cluster('a', ['$port'])] }
  const text = JSON.stringify({ static_resources: resources }).replaceAll('"$port"', String(upstream.port))
  const proxy = await ProxyProcess.start(kind, JSON.parse(text) as JsonObject, {
    flags: ['--component-log-level', 'wasm:info'],
  })
  const outcomes: Record<string, readonly string[]> = {}
  try {
    for (const each of taskCases)
      outcomes[`${each.task} ${each.method ?? 'GET'}`] = await runTask(proxy, upstream, each)
  } finally {
    await proxy.stop()
    upstream.close()
  }
  return outcomes
}

async function runTask(proxy: ProxyProcess, upstream: Upstream, each: TaskCase): Promise<string[]> {
  const from = proxy.output.length
  upstream.script([each.upstream ?? 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'])
  const client = await RawClient.connect(proxy.ports.http as number)
  client.write(
    `${each.method ?? 'GET'} /path HTTP/1.1\r\nhost: example.com\r\nx-task: ${each.task}\r\n${each.headers ?? ''}\r\n${each.body ?? ''}`,
  )
  const parsed = () => parseMessages(client.received, { request: false, ended: client.peer !== 'open' })
  await client.waitFor(c => parsed().finals >= 1 || c.peer !== 'open', 'an answer', 5000)
  client.destroy()
  const logged = () => /logged .*/.exec(proxy.output.slice(from))?.[0]
  await poll(() => logged() !== undefined, 5000)
  return [
    ...upstream.requests.flatMap(({ message }) => seen(message)),
    ...parsed().messages.flatMap(seen),
    logged() ?? 'nothing logged',
  ]
}
