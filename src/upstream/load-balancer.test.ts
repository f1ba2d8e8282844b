import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../test/support/clusters.ts'
import { Counts } from '../../test/support/routing.ts'
import { xxHash64 } from '../base/xxhash64.ts'
import { EdfScheduler } from './edf.ts'
import { UpstreamHost } from './host.ts'
import { HostSet } from './host-set.ts'
import { makeLeastRequest, makeRandom, makeRoundRobin, type PickerFactory } from './load-balancer.ts'
import { spreadOverLocalities } from './localities.ts'
import { makeMaglev } from './maglev.ts'
import { makeRingHash } from './ring-hash.ts'
import type { HealthStatus } from '../config/v3.ts'

let port = 0

function host(
  weight = 1,
  priority = 0,
  healthStatus: HealthStatus = 'HEALTHY',
  zone = '',
  localityWeight = 0,
): UpstreamHost {
  return new UpstreamHost(
    { kind: 'ip', ip: '10.0.0.1', port: ++port, version: 4 },
    {
      clusterName: 'c',
      hostname: '',
      weight,
      priority,
      locality: { region: '', zone, subZone: '' },
      localityWeight,
      metadata: undefined,
      healthStatus,
    },
  )
}

/** How often each host was picked. */
function share(hosts: readonly UpstreamHost[], makePicker: PickerFactory, picks: number): number[] {
  const picker = makePicker(hosts, seededRandom(7))
  const counts = new Map(hosts.map(each => [each, 0]))
  for (let i = 0; i < picks; i++) {
    const picked = picker.pick() as UpstreamHost
    counts.set(picked, (counts.get(picked) as number) + 1)
  }
  return [...counts.values()]
}

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`)
}

describe('load balancing', () => {
  it('round robin takes turns, and by weight where weights differ', () => {
    assert.deepEqual(share([host(), host(), host()], makeRoundRobin, 300), [100, 100, 100])
    const [one = 0, two = 0, three = 0] = share([host(1), host(2), host(3)], makeRoundRobin, 600)
    assertNear(one, 100, 1)
    assertNear(two, 200, 1)
    assertNear(three, 300, 1)
  })

  it('weighted turns are spread, not bundled', () => {
    const scheduler = new EdfScheduler<string>()
    scheduler.add(3, 'a')
    scheduler.add(1, 'b')
    const weights: Record<string, number> = { a: 3, b: 1 }
    const picks = Array.from({ length: 8 }, () => scheduler.pick(item => weights[item] as number)).join('')
    assert.equal(picks.replaceAll('b', '').length, 6)
    assert.doesNotMatch(picks, /aaaaa|bb/)
  })

  it('random is uniform', () => {
    for (const count of share([host(), host(), host(), host()], makeRandom, 20_000)) assertNear(count, 5000, 250)
  })

  it('least request prefers the host with fewer requests', () => {
    const busy = host()
    busy.activeRequests = 10
    const [few = 0, many = 0] = share([host(), busy], makeLeastRequest(2, 1), 10_000)
    // The busy one is taken only when both choices fall on it.
    assertNear(many, 2500, 250)
    assertNear(few, 7500, 250)
  })

  it('least request lowers weights by active requests', () => {
    const busy = host(4)
    busy.activeRequests = 1
    const [light = 0, heavy = 0] = share([host(1), busy], makeLeastRequest(2, 1), 900)
    assertNear(light, 300, 5)
    assertNear(heavy, 600, 5)
    const [unbiased = 0] = share([host(1), busy], makeLeastRequest(2, 0), 1000)
    assertNear(unbiased, 200, 5)
  })
})

describe('priorities', () => {
  function shares(
    hosts: readonly UpstreamHost[],
    panicThresholdPercent = 50,
  ): { byPriority: number[]; panics: number } {
    let panics = 0
    const set = new HostSet({
      makePicker: makeRoundRobin,
      random: seededRandom(3),
      overprovisioningPercent: 140,
      panicThresholdPercent,
      failsOnPanic: false,
      localityWeighted: false,
      onPanic: () => panics++,
    })
    set.update(hosts)
    const byPriority = [0, 0, 0]
    for (let i = 0; i < 10_000; i++) {
      const picked = set.pick()
      if (picked !== undefined) byPriority[picked.priority] = (byPriority[picked.priority] as number) + 1
    }
    return { byPriority, panics }
  }
  const level = (priority: number, healthy: number, sick: number): UpstreamHost[] => [
    ...Array.from({ length: healthy }, () => host(1, priority)),
    ...Array.from({ length: sick }, () => host(1, priority, 'UNHEALTHY')),
  ]

  it('a healthy first priority takes everything, up to the overprovisioning factor', () => {
    assert.deepEqual(shares([...level(0, 3, 1), ...level(1, 4, 0)]).byPriority, [10_000, 0, 0])
  })

  it('the rest goes to the next priority', () => {
    // 50 % healthy times 1.4: 70 % of the load.
    const { byPriority, panics } = shares([...level(0, 2, 2), ...level(1, 4, 0)])
    assertNear(byPriority[0] as number, 7000, 150)
    assertNear(byPriority[1] as number, 3000, 150)
    assert.equal(panics, 0)
  })

  it('panics when too few are healthy anywhere', () => {
    const hosts = level(0, 1, 3)
    const { byPriority, panics } = shares(hosts)
    assert.deepEqual(byPriority, [10_000, 0, 0])
    assert.equal(panics, 10_000)
    const calm = shares(hosts, 0)
    assert.equal(calm.panics, 0)
    assert.deepEqual(calm.byPriority, [10_000, 0, 0])
  })

  it('has no host when none is healthy and panic is off, or none is there', () => {
    assert.deepEqual(shares(level(0, 0, 2), 0).byPriority, [0, 0, 0])
    assert.deepEqual(shares([]).byPriority, [0, 0, 0])
  })

  it('degraded hosts serve what healthy ones cannot', () => {
    const healthy = host()
    const degraded = [host(1, 0, 'DEGRADED'), host(1, 0, 'DEGRADED'), host(1, 0, 'DEGRADED')]
    const set = new HostSet({
      makePicker: makeRoundRobin,
      random: seededRandom(3),
      overprovisioningPercent: 140,
      failsOnPanic: false,
      localityWeighted: false,
      panicThresholdPercent: 0,
      onPanic: () => {},
    })
    set.update([healthy, ...degraded])
    let toHealthy = 0
    for (let i = 0; i < 10_000; i++) if (set.pick() === healthy) toHealthy++
    assertNear(toHealthy, 3500, 200)
  })
})

describe('consistent hashing', () => {
  const scope = new Counts().scope()
  const ring = makeRingHash(
    { hashFunction: 'XX_HASH', minimumRingSize: 1024, maximumRingSize: 8192, useHostnameForHashing: false },
    scope,
  )
  const maglev = makeMaglev({ tableSize: 65_537, useHostnameForHashing: false }, scope)
  const keys = Array.from({ length: 10_000 }, (_, i) => xxHash64(`key ${i}`))

  for (const [name, makePicker] of [
    ['ring hash', ring],
    ['maglev', maglev],
  ] as const) {
    it(`${name} spreads by weight`, () => {
      const hosts = [host(1), host(3)]
      const picker = makePicker(hosts, seededRandom(1))
      const heavy = keys.filter(key => picker.pick(key) === hosts[1]).length
      assertNear(heavy, 7500, 600)
    })

    it(`${name} leaves most keys where they were when a host goes`, () => {
      const hosts = [host(), host(), host(), host(), host()]
      const all = makePicker(hosts, seededRandom(1))
      const fewer = makePicker(hosts.slice(1), seededRandom(1))
      const moved = keys.filter(key => all.pick(key) !== hosts[0] && all.pick(key) !== fewer.pick(key)).length
      assert.ok(moved < 1500, `${moved} of 10000 keys moved`)
    })

    it(`${name} finds other hosts for further attempts`, () => {
      const picker = makePicker([host(), host(), host()], seededRandom(1))
      for (const key of keys.slice(0, 50))
        assert.ok(new Set(Array.from({ length: 16 }, (_, attempt) => picker.pick(key, attempt))).size > 1)
    })
  }

  it('the hash decides on the priority, too', () => {
    const set = new HostSet({
      makePicker: ring,
      random: () => assert.fail('nothing is left to chance'),
      overprovisioningPercent: 100,
      panicThresholdPercent: 0,
      failsOnPanic: false,
      localityWeighted: false,
      onPanic: () => {},
    })
    set.update([host(), host(1, 0, 'UNHEALTHY'), host(1, 1)])
    assert.equal(set.pick(149n)?.priority, 0)
    assert.equal(set.pick(150n)?.priority, 1)
  })

  it('localities are chosen by their weights, less when many of their hosts are not healthy', () => {
    const zone = (name: string, weight: number, healthy: number, sick: number): UpstreamHost[] => [
      ...Array.from({ length: healthy }, () => host(1, 0, 'HEALTHY', name, weight)),
      ...Array.from({ length: sick }, () => host(1, 0, 'UNHEALTHY', name, weight)),
    ]
    const shares = (hosts: readonly UpstreamHost[], makePicker: PickerFactory, panicThresholdPercent = 0) => {
      const set = new HostSet({
        makePicker,
        random: seededRandom(3),
        overprovisioningPercent: 140,
        panicThresholdPercent,
        failsOnPanic: false,
        localityWeighted: true,
        onPanic: () => {},
      })
      set.update(hosts)
      const counts: Record<string, number> = {}
      for (let i = 0; i < 1000; i++) {
        const zoneOfPick = set.pick()?.locality.zone ?? 'none'
        counts[zoneOfPick] = (counts[zoneOfPick] ?? 0) + 1
      }
      return counts
    }
    const spread = spreadOverLocalities(makeRoundRobin)
    assert.deepEqual(shares([...zone('a', 1, 1, 0), ...zone('b', 3, 4, 0)], spread), { a: 250, b: 750 })
    assert.deepEqual(shares([...zone('a', 1, 1, 0), ...zone('b', 0, 4, 0)], spread), { a: 1000 })
    // Half of b with 140 %: 0.7 of its weight.
    assert.deepEqual(shares([...zone('a', 3, 4, 0), ...zone('b', 10, 2, 2)], spread), { a: 300, b: 700 })
    assert.deepEqual(shares([...zone('a', 0, 1, 0), ...zone('b', 0, 3, 0)], spread), { a: 250, b: 750 })
    // In panic all hosts are alike.
    assert.deepEqual(shares([...zone('a', 1, 1, 3), ...zone('b', 9, 1, 3)], spread, 60), { a: 500, b: 500 })
  })
})
