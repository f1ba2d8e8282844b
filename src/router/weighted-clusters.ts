/** The choice among `weighted_clusters`. Follows Envoy's `WeightedClusterSpecifierPlugin`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { WeightedCluster, WeightedCluster_ClusterWeight } from '../config/v3.ts'
import type { Runtime } from '../core/extension.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { HashPolicy, Route } from '../core/route.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import type { ClusterRefresh } from './route.ts'

/** The route with a cluster; undefined when there is to be no route after all. */
export type RouteChoice = (headers: HeaderMap, streamInfo: StreamInfo, random: number) => Route | undefined

/** Throws `ConfigError` for weights that no choice can be made from. */
export function makeWeightedChoice(
  message: WeightedCluster,
  runtime: Runtime,
  hashPolicy: HashPolicy | undefined,
  choiceOf: (cluster: WeightedCluster_ClusterWeight, refreshCluster: ClusterRefresh) => RouteChoice,
): RouteChoice {
  const all = message.clusters.map((_, i) => i)
  const choices: readonly RouteChoice[] = message.clusters.map((each, i) =>
    choiceOf(each, (headers, streamInfo, random, tried) => {
      tried.add(i)
      let pool = all.filter(other => !tried.has(other) && weightOf(other) > 0)
      if (pool.length === 0) {
        tried.clear()
        pool = all
      }
      return choose(pool, headers, streamInfo, random)
    }),
  )
  const weights = message.clusters.map(each => each.weight ?? 0)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (sum === 0 || sum > 0xffff_ffff)
    throw configError(message, 'clusters', `the sum of the weights must be 1 to 4294967295, not ${sum}`)
  const keys =
    message.runtimeKeyPrefix === '' ? [] : message.clusters.map(each => `${message.runtimeKeyPrefix}.${each.name}`)
  const randomHeader = message.headerName === undefined ? undefined : toBytes(message.headerName.toLowerCase())

  const hashes = message.useHashPolicy === true ? hashPolicy : undefined

  return (headers, streamInfo, random) => choose(all, headers, streamInfo, random)

  /** Among some of the clusters. */
  function choose(
    pool: readonly number[],
    headers: HeaderMap,
    streamInfo: StreamInfo,
    random: number,
  ): Route | undefined {
    let total = sum
    if (keys.length > 0 || pool !== all) {
      total = 0
      for (let i = 0; i < pool.length; i++) total += weightOf(pool[i] as number)
    }
    if (total > 0) {
      let left = pick(headers, streamInfo, random, total)
      for (let i = 0; i < pool.length; i++) {
        const at = pool[i] as number
        left -= weightOf(at)
        if (left < 0) return (choices[at] as RouteChoice)(headers, streamInfo, random)
      }
    }
    return (choices[0] as RouteChoice)(headers, streamInfo, random)
  }

  /** A number below the total. */
  function pick(headers: HeaderMap, streamInfo: StreamInfo, random: number, total: number): number {
    if (randomHeader !== undefined) {
      const values = headers.getAll(randomHeader)
      // With several it would be chance which one counts.
      const value = values.length === 1 ? parseUint64(values[0] as string) : undefined
      if (value !== undefined) return Number(value % BigInt(total))
    }
    // A cookie is not made here: it would be too early to tell whether the request gets through.
    const hash = hashes?.hash(headers, streamInfo, undefined)
    return hash === undefined ? random % total : Number(hash % BigInt(total))
  }

  function weightOf(i: number): number {
    const weight = weights[i] as number
    return keys.length === 0 ? weight : runtime.getInteger(keys[i] as string, weight)
  }
}

function parseUint64(text: string): bigint | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined
  const value = BigInt(text)
  return value < 1n << 64n ? value : undefined
}
