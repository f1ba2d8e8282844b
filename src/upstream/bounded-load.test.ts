import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Gauge } from '../stats/scope.ts'
import { boundLoad } from './bounded-load.ts'
import type { UpstreamHost } from './host.ts'
import { MersenneTwister } from './mersenne-twister.ts'

test('the numbers of std::mt19937', () => {
  const random = new MersenneTwister(5489)
  assert.equal(random.next(), 3_499_211_612)
  for (let i = 2; i < 10_000; i++) random.next()
  // The standard's own check value.
  assert.equal(random.next(), 4_123_659_995)
})

function hostOf(name: string, rqActive: number, weight = 1): UpstreamHost {
  return { addressString: name, metadata: undefined, weight, stats: { rqActive } } as unknown as UpstreamHost
}

function pick(hosts: readonly UpstreamHost[], factorPercent: number, hash: bigint): string | undefined {
  const active = hosts.reduce((sum, host) => sum + host.stats.rqActive, 0)
  const first = hosts[0] as UpstreamHost
  const factory = boundLoad(() => ({ pick: () => first }), factorPercent, { value: active } as Gauge)
  return factory(hosts, Math.random).pick(hash)?.addressString
}

test('a host is passed over when it has more than its share', () => {
  // 4 active and one more, evenly over 2 hosts: 3 for each, with 100 %.
  assert.equal(pick([hostOf('a', 3), hostOf('b', 1)], 100, 1n), 'a')
  assert.equal(pick([hostOf('a', 4), hostOf('b', 0)], 100, 1n), 'b')
  assert.equal(pick([hostOf('a', 4), hostOf('b', 0)], 200, 1n), 'a')
  // With its weight it may have four of five.
  assert.equal(pick([hostOf('a', 4, 4), hostOf('b', 0)], 100, 1n), 'a')
})

test('the next host depends on the hash alone, and is one that has room', () => {
  const hosts = [hostOf('a', 9), hostOf('b', 0), hostOf('c', 0), hostOf('d', 9), hostOf('e', 0)]
  const chosen = Array.from({ length: 40 }, (_, hash) => pick(hosts, 100, BigInt(hash)))
  assert.deepEqual(new Set(chosen), new Set(['b', 'c', 'e']))
  assert.deepEqual(
    Array.from({ length: 40 }, (_, hash) => pick(hosts, 100, BigInt(hash))),
    chosen,
  )
})
