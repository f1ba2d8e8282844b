/**
 * A proxy and a control plane that talk: what the proxy asks for, what it serves after each answer, and its stats. The same
 * for Envoy and sluice, so that one can be recorded (record.ts) and the other compared (xds.test.ts).
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'node:http'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { ControlPlane, type DiscoveryCall, type Plain } from './control-plane.ts'

const url = (name: string): string => `type.googleapis.com/${name}`
export const routeType = url('envoy.config.route.v3.RouteConfiguration')
export const scopeType = url('envoy.config.route.v3.ScopedRouteConfiguration')
export const extensionType = url('envoy.config.core.v3.TypedExtensionConfig')

export type Variant = 'GRPC' | 'DELTA_GRPC' | 'ads' | 'delta ads'
export interface Step {
  readonly step: string
  readonly requests?: readonly Plain[]
  readonly got?: Readonly<Record<string, string>>
  readonly stats?: Readonly<Record<string, number | string>>
}
export type Transcript = readonly Step[]

/** A resource: its name and its message as the decoder makes it. */
export interface NamedResource {
  readonly name: string
  readonly value: object
}

const methods: Readonly<Record<string, readonly [service: string, method: string]>> = {
  [routeType]: ['envoy.service.route.v3.RouteDiscoveryService', 'Routes'],
  [scopeType]: ['envoy.service.route.v3.ScopedRoutesDiscoveryService', 'ScopedRoutes'],
  [extensionType]: ['envoy.service.extension.v3.ExtensionConfigDiscoveryService', 'ExtensionConfigs'],
}

const isDelta = (variant: Variant): boolean => variant.toLowerCase().startsWith('delta')
const isAds = (variant: Variant): boolean => variant.endsWith('ads')

function paths(variant: Variant): string[] {
  const prefix = isDelta(variant) ? 'Delta' : 'Stream'
  if (isAds(variant)) return [`/envoy.service.discovery.v3.AggregatedDiscoveryService/${prefix}AggregatedResources`]
  return Object.values(methods).map(([service, method]) => `/${service}/${prefix}${method}`)
}

function apiSource(variant: Variant): JsonObject {
  return {
    api_type: isDelta(variant) ? 'DELTA_GRPC' : 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: 'xds' } }],
  }
}

/** For `config_source` fields. */
export function configSource(variant: Variant): JsonObject {
  return {
    resource_api_version: 'V3',
    ...(isAds(variant) ? { ads: {} } : { api_config_source: apiSource(variant) }),
  }
}

export function listener(name: string, hcm: JsonObject): JsonObject {
  const type = 'type.googleapis.com/envoy.extensions.filters'
  const router = { name: 'router', typed_config: { '@type': `${type}.http.router.v3.Router` } }
  const typed = { '@type': `${type}.network.http_connection_manager.v3.HttpConnectionManager`, stat_prefix: name }
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: [{ filters: [{ name: 'hcm', typed_config: { ...typed, http_filters: [router], ...hcm } }] }],
  }
}

export class Conversation {
  readonly transcript: Step[] = []
  readonly #variant: Variant
  readonly #plane: ControlPlane
  readonly #kind: ProxyKind
  readonly #seen = new Map<DiscoveryCall, number>()
  #nonce = 0
  #proxy: ProxyProcess | undefined

  private constructor(kind: ProxyKind, variant: Variant, plane: ControlPlane) {
    this.#kind = kind
    this.#variant = variant
    this.#plane = plane
  }

  /** `run` speaks with a proxy of these listeners; @returns what was said */
  static async hold(
    kind: ProxyKind,
    variant: Variant,
    listeners: readonly JsonObject[],
    run: (conversation: Conversation) => Promise<void>,
  ): Promise<Transcript> {
    const plane = await ControlPlane.start(paths(variant))
    const conversation = new Conversation(kind, variant, plane)
    const starting = conversation.#start(listeners, plane.port)
    starting.catch(() => undefined)
    try {
      await run(conversation)
      await starting
    } finally {
      await (await starting.catch(() => undefined))?.stop()
      plane.stop()
    }
    return conversation.transcript
  }

  /** Waits until there are so many streams, and these names have been asked for; in one request or several is all the same. */
  async streams(count: number, names: readonly string[]): Promise<void> {
    const asked = (): Set<string> => new Set(this.#open().flatMap(each => each.requests.flatMap(namesAsked)))
    await this.#plane.until(() => {
      const open = this.#open()
      const isAsked = open.length >= count && open.every(each => each.requests.length > 0)
      return isAsked && names.every(name => asked().has(name))
    })
    const requests = this.#news().flatMap(each => (each['responseNonce'] === undefined ? each['typeUrl'] : []))
    this.transcript.push({ step: `${count} streams`, got: { types: [...new Set(requests)].sort().join() } })
  }

  /** Answers those who asked for the first of them, or for the type where no name is given, and waits for what they say. */
  async send(typeUrl: string, version: string, resources: readonly NamedResource[], removed: string[] = []) {
    const call = this.#callFor(typeUrl, resources[0]?.name ?? removed[0])
    const nonce = `n${++this.#nonce}`
    const controlPlane = { identifier: 'test' }
    const any = (value: object) => ({ typeUrl, value })
    if (isDelta(this.#variant))
      call.send({
        ...{ systemVersionInfo: version, typeUrl, removedResources: removed, nonce, controlPlane },
        resources: resources.map(({ name, value }) => ({ name, version, resource: any(value) })),
      })
    else
      call.send({
        versionInfo: version,
        resources: resources.map(each => any(each.value)),
        typeUrl,
        nonce,
        controlPlane,
      })
    await this.#plane.until(() => call.requests.some(each => each['responseNonce'] === nonce))
    const names = resources.map(each => each.name).join(' ')
    this.transcript.push({ step: `${version}: ${names} ${removed.join(' ')}`.trimEnd(), requests: this.#news([call]) })
  }

  /** The control plane ends the stream that asked for it. */
  async end(typeUrl: string, name: string): Promise<void> {
    const call = this.#callFor(typeUrl, name)
    const before = this.#plane.calls.length
    this.#seen.delete(call)
    call.end()
    call.requests.length = 0
    await this.#plane.until(() => (this.#plane.calls[before]?.requests.length ?? 0) > 0)
    this.transcript.push({ step: 'stream ended', requests: this.#news() })
  }

  /** What the listeners answer, once it is this or after a while. */
  async get(expected: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const proxy = await this.#ready()
    const got: Record<string, string> = {}
    for (const [name, wanted] of Object.entries(expected)) {
      const deadline = performance.now() + 3000
      do got[name] = await get(proxy.ports[name] as number, headers)
      while (got[name] !== wanted && performance.now() < deadline)
    }
    this.transcript.push({ step: `get ${JSON.stringify(headers)}`, got })
  }

  /** Those that are not 0 or '', without times. */
  async stats(filter: string): Promise<void> {
    const { body } = await (await this.#ready()).admin(`/stats?filter=${encodeURIComponent(filter)}`)
    const stats: Record<string, number | string> = {}
    for (const line of body.split('\n')) {
      const [, name, value] = /^(.*?): (\d+|".*")$/.exec(line) ?? []
      if (name === undefined || value === undefined || /\.version$|_time|update_duration/.test(name)) continue
      if (value !== '0' && value !== '""') stats[name] = value.startsWith('"') ? value : Number(value)
    }
    this.transcript.push({ step: `stats ${filter}`, stats })
  }

  async #start(listeners: readonly JsonObject[], port: number): Promise<ProxyProcess> {
    const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
    const http2 = { '@type': url(options), explicit_http_config: { http2_protocol_options: {} } }
    const address = { socket_address: { address: '127.0.0.1', port_value: port } }
    const clusters = [
      {
        name: 'xds',
        typed_extension_protocol_options: { [options]: http2 },
        load_assignment: { cluster_name: 'xds', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
      },
    ]
    const dynamic = isAds(this.#variant) ? { dynamic_resources: { ads_config: apiSource(this.#variant) } } : {}
    const config = { node: { id: 'node', cluster: 'test' }, ...dynamic, static_resources: { listeners, clusters } }
    this.#proxy = await ProxyProcess.start(this.#kind, config)
    return this.#proxy
  }

  async #ready(): Promise<ProxyProcess> {
    while (this.#proxy === undefined) await new Promise(resolve => setTimeout(resolve, 5))
    return this.#proxy
  }

  #open(): DiscoveryCall[] {
    return this.#plane.calls.filter(each => !each.ended)
  }

  #callFor(typeUrl: string, name: string | undefined): DiscoveryCall {
    const asks = (call: DiscoveryCall): boolean =>
      call.requests.some(each => {
        return each['typeUrl'] === typeUrl && (name === undefined || namesAsked(each).includes(name))
      })
    const open = this.#open()
    const call = open.find(asks) ?? open.find(each => each.requests.some(({ typeUrl: type }) => type === typeUrl))
    if (call === undefined) throw new Error(`nobody asked for ${typeUrl} ${name}`)
    return call
  }

  /** What has been said since last time, the same whatever the order of names and streams. */
  #news(calls: readonly DiscoveryCall[] = this.#plane.calls): Plain[] {
    const news = calls.flatMap(call => {
      const requests = call.requests.slice(this.#seen.get(call) ?? 0)
      this.#seen.set(call, call.requests.length)
      return requests.map(plainRequest)
    })
    return news.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
  }
}

function namesAsked(request: Plain): readonly string[] {
  return (request['resourceNames'] ?? request['resourceNamesSubscribe'] ?? []) as string[]
}

function plainRequest(message: Plain): Plain {
  const kept = Object.entries(message).flatMap(([key, value]): [string, unknown][] => {
    if (key === 'node') return [[key, (value as { id: string }).id]]
    if (key === 'errorDetail') return [[key, (value as { code: number }).code]]
    if (Array.isArray(value)) return value.length === 0 ? [] : [[key, [...value].sort()]]
    if (value === '' || (typeof value === 'object' && Object.keys(value as object).length === 0)) return []
    return [[key, value]]
  })
  return Object.fromEntries(kept)
}

function get(port: number, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path: '/', agent: false, headers, timeout: 5000 }, response => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', text => (body += text))
      response.on('end', () => {
        const { 'x-v': value } = response.headers
        resolve(`${response.statusCode} ${body} ${value === undefined ? '' : `x-v: ${String(value)}`}`.trim())
      })
    })
    call.on('error', reject)
    call.end()
  })
}

/** A file in a folder of its own, replaced as a whole. */
export class ReplacedFile {
  readonly #dir = mkdtempSync(join(tmpdir(), 'sluice-test-xds-'))
  readonly path = join(this.#dir, 'resources.json')

  constructor(response: unknown) {
    this.write(response)
  }

  write(response: unknown): void {
    const next = join(this.#dir, 'next')
    writeFileSync(next, typeof response === 'string' ? response : JSON.stringify(response))
    renameSync(next, this.path)
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true })
  }
}
