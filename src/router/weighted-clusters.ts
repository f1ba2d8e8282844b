/** The choice among `weighted_clusters`. Follows Envoy's `WeightedClusterSpecifierPlugin`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { WeightedCluster, WeightedCluster_ClusterWeight } from '../config/v3.ts'
import type { Runtime } from '../core/extension.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { Route } from '../core/route.ts'

export type RouteChoice = (headers: HeaderMap, random: number) => Route

/** Throws `ConfigError` for weights that no choice can be made from. */
export function makeWeightedChoice(
  message: WeightedCluster,
  runtime: Runtime,
  choiceOf: (cluster: WeightedCluster_ClusterWeight) => RouteChoice,
): RouteChoice {
  const choices = message.clusters.map(choiceOf)
  const weights = message.clusters.map(each => each.weight ?? 0)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (sum === 0 || sum > 0xffff_ffff)
    throw configError(message, 'clusters', `the sum of the weights must be 1 to 4294967295, not ${sum}`)
  const keys =
    message.runtimeKeyPrefix === '' ? [] : message.clusters.map(each => `${message.runtimeKeyPrefix}.${each.name}`)
  const randomHeader = message.headerName === undefined ? undefined : toBytes(message.headerName.toLowerCase())

  return (headers, streamRandom) => {
    let random = streamRandom
    if (randomHeader !== undefined) {
      const value = headers.get(randomHeader)
      if (value !== undefined && /^\d{1,15}$/.test(value)) random = Number(value)
    }
    let total = sum
    if (keys.length > 0) {
      total = 0
      for (let i = 0; i < keys.length; i++) total += weightOf(i)
      if (total === 0) return (choices[0] as RouteChoice)(headers, streamRandom)
    }
    let left = random % total
    for (let i = 0; i < choices.length; i++) {
      left -= weightOf(i)
      if (left < 0) return (choices[i] as RouteChoice)(headers, streamRandom)
    }
    return (choices[0] as RouteChoice)(headers, streamRandom)
  }

  function weightOf(i: number): number {
    const weight = weights[i] as number
    return keys.length === 0 ? weight : runtime.getInteger(keys[i] as string, weight)
  }
}
