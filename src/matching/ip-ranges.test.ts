import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { IpRanges } from './ip-ranges.ts'

test('the longest prefix first, then the order of adding', () => {
  const ranges = new IpRanges<string>()
  ranges.add('0.0.0.0', 0, 'all')
  ranges.add('10.0.0.0', 8, 'eight')
  ranges.add('10.1.2.3', 32, 'host')
  ranges.add('10.0.0.0', 8, 'eight again')
  ranges.add('::', 0, 'six')
  ranges.add('::ffff:10.0.0.0', 104, 'mapped')
  ranges.add('2001:db8::1', 128, 'six host')
  const find = (ip: string): string[] => [...ranges.find(ip)]
  assert.deepEqual(find('10.1.2.3'), ['host', 'eight', 'eight again', 'all'])
  assert.deepEqual(find('11.1.2.3'), ['all'])
  assert.deepEqual(find('::ffff:10.9.9.9'), ['mapped', 'six'])
  assert.deepEqual(find('2001:db8:0:0::1'), ['six host', 'six'])
  assert.deepEqual(find('fe80::1%eth0'), ['six'])
  assert.deepEqual(find('10.1.2.3:80'), [])
})

test('a range holds what BlockList says it holds', () => {
  const ip = fc.oneof(fc.ipV4(), fc.ipV6())
  fc.assert(
    fc.property(ip, fc.nat(128), fc.array(ip, { minLength: 5, maxLength: 20 }), (base, bits, others) => {
      const four = base.includes('.') && !base.includes(':')
      const length = four ? bits % 33 : bits
      const ranges = new IpRanges<true>()
      ranges.add(base, length, true)
      const list = new BlockList()
      list.addSubnet(base, length, four ? 'ipv4' : 'ipv6')
      for (const other of [base, ...others]) {
        const otherIsFour = other.includes('.') && !other.includes(':')
        const expected = four === otherIsFour && list.check(other, four ? 'ipv4' : 'ipv6')
        assert.equal([...ranges.find(other)].length > 0, expected, `${base}/${length} ${other}`)
      }
    }),
    { seed: 20_261_125, numRuns: 500 },
  )
})
