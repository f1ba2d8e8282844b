/** Records what real Envoy's `%CEL(…)%` makes of expressions.txt: `node test/cel/record.ts`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'
import { expressions, type Outcome, requestHeaders, responseText } from './expressions.ts'

const type = 'type.googleapis.com/envoy'
const metadata = (name: string, fields: JsonObject): JsonObject => ({ filter_metadata: { [name]: fields } })

function configuration(port: number, format: string): JsonObject {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } }
  const dynamic = { s: 'str', n: 2, b: true, l: [1, 'a', { x: 1 }], o: { p: 'q' } }
  const http = {
    '@type': `${type}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 's',
    route_config: {
      virtual_hosts: [
        {
          ...{ name: 'vh', domains: ['*'], metadata: metadata('vm', { k: 'vv' }) },
          routes: [
            {
              ...{ name: 'rt', match: { prefix: '/' }, route: { cluster: 'c' } },
              metadata: metadata('rm', { k: 'rv', n: 1.5, b: true, l: [1, 'a'] }),
            },
          ],
        },
      ],
    },
    http_filters: [
      {
        name: 'set_metadata',
        typed_config: {
          '@type': `${type}.extensions.filters.http.set_metadata.v3.Config`,
          metadata: [{ metadata_namespace: 'dm', value: dynamic }],
        },
      },
      { name: 'router', typed_config: { '@type': `${type}.extensions.filters.http.router.v3.Router` } },
    ],
    access_log: [
      {
        name: 'file',
        typed_config: {
          '@type': `${type}.extensions.access_loggers.file.v3.FileAccessLog`,
          path: '$DIR/log',
          log_format: { text_format_source: { inline_string: format } },
        },
      },
    ],
  }
  return {
    node: { id: 'nid', cluster: 'ncl', locality: { zone: 'nz' } },
    static_resources: {
      clusters: [
        {
          ...{ name: 'c', type: 'STATIC', metadata: metadata('cm', { k: 'cv' }) },
          load_assignment: { cluster_name: 'c', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
        },
      ],
      listeners: [
        {
          ...{ name: 'l', traffic_direction: 'INBOUND', metadata: metadata('lm', { k: 'lv' }) },
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          filter_chains: [{ name: 'chain', filters: [{ name: 'hcm', typed_config: http }] }],
        },
      ],
    },
  }
}

/** What each makes, or why Envoy did not start with one of them. */
async function run(list: readonly string[]): Promise<string[] | string> {
  const upstream = await Upstream.listen()
  upstream.script([responseText])
  const format = `${list.map((each, index) => `@@${index}@@%CEL(${each})%`).join('')}@@end@@\n`
  let proxy: ProxyProcess | undefined
  try {
    proxy = await ProxyProcess.start('envoy', configuration(upstream.port, format), {
      flags: ['--file-flush-interval-msec', '10'],
    })
    const client = await RawClient.connect(proxy.ports.l as number)
    client.write(`GET /p/a?q=1&b=2 HTTP/1.1\r\n${requestHeaders}connection: close\r\n\r\n`)
    while (!proxy.readFile('log').includes('@@end@@')) await new Promise(resolve => setTimeout(resolve, 10))
    const parts = proxy.readFile('log').split(/@@(?:\d+|end)@@/)
    return parts.slice(1, -1)
  } catch (error) {
    return (error as Error).message
  } finally {
    await proxy?.stop()
    upstream.close()
  }
}

async function record(list: readonly string[]): Promise<Outcome[]> {
  const result = await run(list)
  if (typeof result !== 'string') return list.map((text, index) => [text, result[index] as string])
  if (list.length > 1)
    return [...(await record(list.slice(0, list.length >> 1))), ...(await record(list.slice(list.length >> 1)))]
  const reason = /failed to create an expression: (.*?)`|ERROR: <input>:(\d+:\d+): |(limit exceeded)/.exec(result)
  return [[list[0] as string, { error: reason?.[1] ?? `at ${reason?.[2] ?? result}` }]]
}

const outcomes = await record(expressions)
writeFileSync(
  join(import.meta.dirname, 'golden.json'),
  `[\n${outcomes.map(each => JSON.stringify(each)).join(',\n')}\n]\n`,
)
