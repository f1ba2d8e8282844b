/** Runs compiled filters in sluice or Envoy, before an upstream that tells in its answer what it was sent. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http'
import { join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { findEnvoy, envoyMissing } from '../../../test/support/envoy.ts'
import { type Json, type JsonObject, type ProxyKind, ProxyProcess } from '../../../test/support/proxy-process.ts'

export interface FilterUse {
  readonly file: string
  readonly configuration?: string
  readonly name?: string
  readonly rootId?: string
  readonly vmId?: string
  /** Of `google.protobuf.StringValue`, by default; a Struct reaches the filter as JSON. */
  readonly struct?: JsonObject
}

export interface StockOptions {
  readonly language?: Language
  /** The client's address is the last of x-forwarded-for. */
  readonly trustForwardedFor?: boolean
  /** What stands for the ports of upstreams in the file. */
  readonly ports?: Readonly<Record<number, number>>
  /** More clusters, on ports of 127.0.0.1. */
  readonly clusters?: readonly { readonly name: string; readonly port: number }[]
  /** Upstreams speak HTTP/2 without TLS. */
  readonly http2Upstream?: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** What the upstream was sent. */
export interface Echo {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Both proxies; Envoy with the reason to skip it where it is absent. */
export const proxies: readonly { readonly kind: ProxyKind; readonly skip: string | false }[] = [
  { kind: 'sluice', skip: false },
  { kind: 'envoy', skip: findEnvoy() === undefined && envoyMissing },
]

export type Language = 'AssemblyScript' | 'Rust' | 'Go'

export interface Variant {
  readonly kind: ProxyKind
  readonly language: Language
  readonly skip: string | false
}

/** Both proxies with each language that a stock filter is written in. Envoy compiles a Go module for seconds. */
export function variants(...languages: readonly Language[]): readonly Variant[] {
  return languages.flatMap(language => proxies.map(({ kind, skip }) => ({ kind, skip, language })))
}

const extensions = 'type.googleapis.com/envoy.extensions'

export function pluginConfig(use: FilterUse): JsonObject {
  const { file, configuration, name = 'filter', rootId = '', vmId = '', struct } = use
  const value: JsonObject =
    struct !== undefined
      ? { '@type': 'type.googleapis.com/google.protobuf.Struct', value: struct }
      : { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: configuration ?? '' }
  return {
    name,
    root_id: rootId,
    vm_config: { vm_id: vmId, code: { local: { filename: file } } },
    ...(configuration === undefined && struct === undefined ? {} : { configuration: value }),
  }
}

export function clusterOf(name: string, port: number, more: JsonObject = {}): JsonObject {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } }
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    ...more,
  }
}

const http2: JsonObject = {
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': `${extensions}.upstreams.http.v3.HttpProtocolOptions`,
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
}

/** Answers with what it was sent, as JSON; `/status/N` with status N. Trailers `x-trailer: yes` where the request has `te`. */
export async function listenEcho(): Promise<{ port: number; close: () => void }> {
  const server: Server = createServer((message: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    message.on('data', (chunk: Buffer) => chunks.push(chunk))
    message.on('end', () => {
      const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]))
      const echo: Echo = {
        method: message.method ?? '',
        path: message.url ?? '',
        headers,
        body: Buffer.concat(chunks).toString(),
      }
      const status = Number(/^\/status\/(\d+)/.exec(echo.path)?.[1] ?? 200)
      response.writeHead(status, { 'content-type': 'application/json', 'x-upstream': 'echo' })
      response.end(JSON.stringify(echo))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { port: typeof address === 'object' && address !== null ? address.port : 0, close }
}

/** A proxy with these filters before the router and an echoing upstream behind it. */
export class FilterProxy {
  readonly process: ProxyProcess
  readonly #close: () => void

  private constructor(process: ProxyProcess, close: () => void) {
    this.process = process
    this.#close = close
  }

  static async start(
    kind: ProxyKind,
    filters: readonly FilterUse[],
    options: {
      readonly clusters?: readonly JsonObject[]
      readonly accessLog?: string
      readonly concurrency?: number
    } = {},
  ): Promise<FilterProxy> {
    const echo = await listenEcho()
    const accessLog: Json[] =
      options.accessLog === undefined
        ? []
        : [
            {
              name: 'file',
              typed_config: {
                '@type': `${extensions}.access_loggers.file.v3.FileAccessLog`,
                path: '$DIR/access.log',
                log_format: { text_format_source: { inline_string: `${options.accessLog}\n` } },
              },
            },
          ]
    const manager: JsonObject = {
      '@type': `${extensions}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: 'ingress',
      access_log: accessLog,
      route_config: {
        name: 'routes',
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [
              { name: 'other', match: { prefix: '/other' }, route: { cluster: 'other' } },
              { name: 'rest', match: { prefix: '/' }, route: { cluster: 'upstream' } },
            ],
          },
        ],
      },
      http_filters: [
        ...filters.map(use => ({
          name: use.name ?? 'filter',
          typed_config: { '@type': `${extensions}.filters.http.wasm.v3.Wasm`, config: pluginConfig(use) },
        })),
        { name: 'router', typed_config: { '@type': `${extensions}.filters.http.router.v3.Router` } },
      ],
    }
    try {
      const process = await ProxyProcess.start(
        kind,
        {
          node: { id: 'node-1', cluster: 'cluster-1' },
          static_resources: {
            listeners: [
              {
                name: 'http',
                address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
                filter_chains: [{ filters: [{ name: 'hcm', typed_config: manager }] }],
              },
            ],
            clusters: [clusterOf('upstream', echo.port), clusterOf('other', echo.port), ...(options.clusters ?? [])],
          },
        },
        {
          flags: ['--component-log-level', 'wasm:info', '--file-flush-interval-msec', '50'],
          concurrency: options.concurrency ?? 1,
        },
      )
      return new FilterProxy(process, echo.close)
    } catch (error) {
      echo.close()
      throw error
    }
  }

  /**
   * A stock filter's own envoy.yaml, its ports replaced: the listener's by a free one, 10001 by the echo's, others as `ports`
   * says.
   * @param configuration instead of the one in the file
   */
  static async stock(
    kind: ProxyKind,
    name: string,
    configuration?: JsonObject,
    options: StockOptions = {},
  ): Promise<FilterProxy> {
    const { language = 'AssemblyScript' } = options
    const twin = language === 'AssemblyScript' ? '.wasm' : `-${language.toLowerCase()}.wasm`
    const repository = join(import.meta.dirname, '../../..')
    const config = parseYaml(readFileSync(join(repository, 'filters', name, 'envoy.yaml'), 'utf8')) as Json
    const echo = await listenEcho()
    const ports: Readonly<Record<number, number>> = { 10_001: echo.port, ...options.ports }
    const adapt = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(adapt)
      if (value === null || typeof value !== 'object') return value
      return Object.fromEntries(
        Object.entries(value as JsonObject).map(([key, each]) => {
          if (key === 'port_value') return [key, ports[Number(each)] ?? 0]
          if (key === 'use_remote_address') return [key, options.trustForwardedFor !== true]
          if (key === 'filename' && typeof each === 'string')
            return [key, join(repository, each.replace(/\.wasm$/, twin))]
          if (key === 'configuration' && configuration !== undefined)
            return [key, { '@type': 'type.googleapis.com/google.protobuf.Struct', value: configuration }]
          if (key === 'clusters' && Array.isArray(each)) {
            const more = options.http2Upstream === true ? http2 : {}
            const own = each.map(cluster => ({ ...(adapt(cluster) as JsonObject), ...more }))
            return [key, [...own, ...(options.clusters ?? []).map(({ name, port }) => clusterOf(name, port))]]
          }
          return [key, adapt(each)]
        }),
      )
    }
    try {
      const process = await ProxyProcess.start(kind, adapt(config) as JsonObject, {
        flags: ['--component-log-level', 'wasm:info'],
      })
      return new FilterProxy(process, echo.close)
    } catch (error) {
      echo.close()
      throw error
    }
  }

  /** One request on a connection of its own. */
  request(
    path: string,
    options: {
      readonly method?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    } = {},
  ): Promise<Answer> {
    const { method = 'GET', headers = {}, body } = options
    return new Promise((resolve, reject) => {
      const call = httpRequest(
        {
          host: '127.0.0.1',
          port: Object.values(this.process.ports)[0],
          path,
          method,
          headers,
          agent: false,
          timeout: 10_000,
        },
        response => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => (text += chunk))
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
          response.on('error', reject)
        },
      )
      call.on('error', reject)
      call.on('timeout', () => call.destroy(new Error('no answer in 10 s')))
      call.end(body)
    })
  }

  /** The request as the upstream saw it. */
  async echo(path: string, options: Parameters<FilterProxy['request']>[1] = {}): Promise<Echo> {
    return JSON.parse((await this.request(path, options)).body) as Echo
  }

  /** Lines that filters logged, without the proxy's prefixes. */
  get log(): string[] {
    return this.process.output
      .split('\n')
      .map(line => /wasm log[^:]*: (.*)$/.exec(line)?.[1])
      .filter(line => line !== undefined)
  }

  async stop(): Promise<void> {
    await this.process.stop()
    this.#close()
  }
}
