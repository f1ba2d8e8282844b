/**
 * Wasm code that is fetched over HTTP (`vm_config.code.remote`): the main thread notes what a configuration needs while it
 * checks it, and fetches and compiles it before anything that uses it begins to serve. Follows Envoy's
 * `RemoteAsyncDataProvider` and `createWasm`.
 */
import { createHash } from 'node:crypto'
import { logger } from '../base/log.ts'
import { configError } from '../config/position.ts'
import type { RemoteDataSource } from '../config/v3.ts'
import type { ClusterManager } from '../core/cluster.ts'
import { HeaderMap } from '../core/header-map.ts'
import type { Counter, Gauge, Scope } from '../stats/scope.ts'
import { HttpCall, type HttpCallResponse } from './http-call.ts'
import type { WasmLimits } from './limits.ts'
import { codeKey, compileCode } from './wasm-thread.ts'

/** Plain data. */
export interface RemoteCode {
  readonly uri: string
  readonly cluster: string
  readonly timeoutMs: number
  /** Hexadecimal, lower case, as it is compared. */
  readonly sha256: string
  /** Of the fetch, after the first try. */
  readonly retries: number
  readonly baseMs: number
  readonly maxMs: number
  readonly limits: WasmLimits
}

export interface RemoteCodeParts {
  readonly singletons: Map<string, unknown>
  readonly clusters: ClusterManager
  readonly stats: Scope
  /** 0 ≤ x < 1. */
  readonly random: () => number
}

const log = logger('wasm')
const wanted = 'wasm.remote'
const defaultRetries = 1
const defaultBaseMs = 1000
const defaultMaxMs = 10_000
const maxCodeBytes = 256 * 1024 * 1024

/** @throws ConfigError */
export function readRemoteCode(message: RemoteDataSource, limits: WasmLimits): RemoteCode {
  const { httpUri, retryPolicy, sha256 } = message
  const cluster = httpUri?.cluster
  if (httpUri === undefined || cluster === undefined) throw configError(message, 'httpUri', 'needs uri and cluster')
  if (!URL.canParse(httpUri.uri)) throw configError(httpUri, 'uri', `"${httpUri.uri}" is no URI`)
  const baseMs = retryPolicy?.retryBackOff?.baseInterval ?? defaultBaseMs
  const maxMs = retryPolicy?.retryBackOff?.maxInterval ?? (retryPolicy?.retryBackOff ? baseMs * 10 : defaultMaxMs)
  if (maxMs < baseMs)
    throw configError(
      retryPolicy as object,
      'retryBackOff',
      'max_interval must be greater than or equal to the base_interval',
    )
  return {
    ...{ uri: httpUri.uri, cluster, timeoutMs: httpUri.timeout ?? 0, sha256 },
    ...{ retries: retryPolicy?.numRetries ?? defaultRetries, baseMs, maxMs, limits },
  }
}

/** Of the compiled code among the singletons. */
export function remoteCodeKey({ sha256, limits }: RemoteCode): string {
  return codeKey(`remote ${sha256}`, limits)
}

/** `fetchRemoteCode` will fetch it. */
export function noteRemoteCode(singletons: Map<string, unknown>, code: RemoteCode): void {
  singletons.set(wanted, [...wantedCode(singletons), code])
}

function wantedCode(singletons: ReadonlyMap<string, unknown>): readonly RemoteCode[] {
  return (singletons.get(wanted) as readonly RemoteCode[] | undefined) ?? []
}

/** Whether `fetchRemoteCode` has anything to do. */
export function needsRemoteCode(singletons: ReadonlyMap<string, unknown>): boolean {
  return wantedCode(singletons).length > 0
}

/** Fetches and compiles what has been noted. Never rejects: plugins whose code could not be had find none. */
export async function fetchRemoteCode(parts: RemoteCodeParts): Promise<void> {
  const { singletons } = parts
  const stats = new RemoteStats(parts.stats)
  const byHash = Map.groupBy(wantedCode(singletons), code => code.sha256)
  singletons.delete(wanted)
  await Promise.all([...byHash.values()].map(codes => fetchOne(parts, codes as [RemoteCode], stats)))
}

async function fetchOne(parts: RemoteCodeParts, codes: readonly [RemoteCode, ...RemoteCode[]], stats: RemoteStats) {
  const { singletons } = parts
  const [{ uri, sha256 }] = codes
  stats.misses.inc()
  stats.entries.inc()
  const bytes = await fetchWithRetries(parts, codes[0])
  if (bytes === undefined) {
    stats.failures.inc()
    log.error(`Failed to load Wasm code (fetch failed) from ${uri}`)
    return
  }
  stats.successes.inc()
  for (const code of codes) {
    const key = remoteCodeKey(code)
    if (singletons.has(key)) continue
    try {
      singletons.set(key, { key, hash: sha256, generation: 0, module: compileCode(bytes, code.limits) })
    } catch (error) {
      log.error(`Failed to load Wasm code from ${uri}: ${(error as Error).message}`)
    }
  }
}

async function fetchWithRetries(
  parts: RemoteCodeParts,
  code: RemoteCode,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  for (let retry = 0; ; retry++) {
    const response = await callOnce(parts.clusters, code)
    const fault = faultOf(response, code)
    if (fault === undefined) return new Uint8Array((response as HttpCallResponse).body)
    log.warn(`fetching ${code.uri}: ${fault}`)
    if (retry >= code.retries) return undefined
    const pauseMs = parts.random() * Math.min(code.maxMs, code.baseMs * 2 ** retry)
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

/** Undefined: there is no such cluster. */
function callOnce(clusters: ClusterManager, code: RemoteCode): Promise<HttpCallResponse | undefined> {
  const cluster = clusters.get(code.cluster)
  if (cluster === undefined) return Promise.resolve(undefined)
  const { host, pathname, search, protocol } = new URL(code.uri)
  const headers = HeaderMap.of({
    ':method': 'GET',
    ':path': pathname + search,
    ':authority': host,
    ':scheme': protocol.slice(0, -1),
  })
  const { promise, resolve } = Promise.withResolvers<HttpCallResponse>()
  const call = new HttpCall(resolve, maxCodeBytes)
  call.start(cluster, { headers, body: new Uint8Array(0), trailers: undefined, timeoutMs: code.timeoutMs })
  return promise
}

function faultOf(response: HttpCallResponse | undefined, { cluster, sha256 }: RemoteCode): string | undefined {
  if (response === undefined) return `there is no cluster "${cluster}"`
  const status = response.headers?.get(':status')
  if (status === undefined) return 'the answer broke off'
  if (status !== '200') return `status ${status}`
  if (response.body.length === 0) return 'the answer is empty'
  const hash = createHash('sha256').update(response.body).digest('hex')
  return hash === sha256 ? undefined : `the code's SHA-256 is ${hash}, not ${sha256}`
}

/** `wasm.remote_load_…` */
class RemoteStats {
  readonly entries: Gauge
  readonly misses: Counter
  readonly successes: Counter
  readonly failures: Counter

  constructor(stats: Scope) {
    const scope = stats.scope('wasm')
    this.entries = scope.gauge('remote_load_cache_entries')
    this.misses = scope.counter('remote_load_cache_misses')
    this.successes = scope.counter('remote_load_fetch_successes')
    this.failures = scope.counter('remote_load_fetch_failures')
    for (const name of ['remote_load_cache_hits', 'remote_load_cache_negative_hits']) scope.counter(name)
  }
}
