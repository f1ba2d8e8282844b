/**
 * Localities with weights: how much of a priority's traffic each gets. Follows Envoy's `LocalityWrr` and
 * `normalizeLocalityWeights` (`locality_weighted_lb_config`).
 */
import { EdfScheduler } from './edf.ts'
import type { UpstreamHost } from './host.ts'
import type { Picker, PickerFactory, Random } from './load-balancer.ts'

/** Of one priority, by `UpstreamHost.localityKey`. */
export interface Localities {
  /** 0: no traffic. */
  readonly weights: ReadonlyMap<string, number>
  /** All hosts, whatever their health. */
  readonly counts: ReadonlyMap<string, number>
  readonly overprovisioningPercent: number
  /** Too few hosts are healthy: health counts for nothing. */
  readonly panic: boolean
}

/** For a subset: the hosts of the whole cluster, whose localities' weights it takes. */
export interface Whole {
  readonly hosts: readonly UpstreamHost[]
  /** A weight counts by the share of its hosts that the subset has (`scale_locality_weight`). */
  readonly scaled: boolean
}

/** @param level the hosts of one priority */
export function localitiesOf(
  level: readonly UpstreamHost[],
  overprovisioningPercent: number,
  panic: boolean,
  whole: Whole | undefined,
): Localities {
  const counts = countOf(level)
  const all = whole === undefined ? level : whole.hosts.filter(({ priority }) => priority === level[0]?.priority)
  const allCounts = countOf(all)
  const weights = new Map<string, number>()
  for (const { localityKey, localityWeight } of all) {
    const share = whole?.scaled ? (counts.get(localityKey) ?? 0) / (allCounts.get(localityKey) as number) : 1
    weights.set(localityKey, Math.round(localityWeight * share))
  }
  return { weights, counts, overprovisioningPercent, panic }
}

function countOf(hosts: readonly UpstreamHost[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { localityKey } of hosts) counts.set(localityKey, (counts.get(localityKey) ?? 0) + 1)
  return counts
}

/** First a locality by its weight and health, then one of its hosts. Without localities, or without weights, all hosts alike. */
export function spreadOverLocalities(makePicker: PickerFactory): PickerFactory {
  return (hosts, random, localities) => {
    if (localities === undefined || localities.panic) return makePicker(hosts, random)
    const groups: WeightedGroup[] = []
    for (const [key, members] of Map.groupBy(hosts, host => host.localityKey)) {
      const available = members.length / (localities.counts.get(key) as number)
      const weight =
        (localities.weights.get(key) as number) * Math.min(1, (available * localities.overprovisioningPercent) / 100)
      if (weight > 0) groups.push({ weight, picker: makePicker(members, random) })
    }
    const [only] = groups
    if (only === undefined) return makePicker(hosts, random)
    return groups.length === 1 ? only.picker : new LocalityPicker(groups, random)
  }
}

interface WeightedGroup {
  readonly weight: number
  readonly picker: Picker
}

class LocalityPicker implements Picker {
  readonly #scheduler = new EdfScheduler<WeightedGroup>()

  /** Workers must not all begin with the same locality: some picks are thrown away. */
  constructor(groups: readonly WeightedGroup[], random: Random) {
    for (const group of groups) this.#scheduler.add(group.weight, group)
    for (let skip = Math.floor(random() * groups.length); skip > 0; skip--) this.#scheduler.pick(weightOf)
  }

  pick(hash?: bigint, attempt?: number): UpstreamHost | undefined {
    return this.#scheduler.pick(weightOf)?.picker.pick(hash, attempt)
  }
}

function weightOf({ weight }: WeightedGroup): number {
  return weight
}
