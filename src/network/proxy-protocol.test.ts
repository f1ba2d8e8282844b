import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address } from '../core/address.ts'
import { proxyProtocolV1, proxyProtocolV2 } from './proxy-protocol.ts'

const ip = (text: string, port: number, version: 4 | 6 = text.includes(':') ? 6 : 4): Address => ({
  kind: 'ip',
  ip: text,
  port,
  version,
})

test('version 1', () => {
  assert.equal(proxyProtocolV1(ip('1.2.3.4', 5), ip('6.7.8.9', 10)), 'PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n')
  assert.equal(proxyProtocolV1(ip('2001:db8::1', 5), ip('::1', 10)), 'PROXY TCP6 2001:db8::1 ::1 5 10\r\n')
  assert.equal(proxyProtocolV1({ kind: 'pipe', path: '/a' }, ip('::1', 10)), 'PROXY UNKNOWN\r\n')
})

test('version 2', () => {
  const hex = (source: Address, destination: Address): string => proxyProtocolV2(source, destination).toString('hex')
  const signature = '0d0a0d0a000d0a515549540a'
  assert.equal(hex(ip('1.2.3.4', 258), ip('6.7.8.9', 10)), `${signature}2111000c01020304060708090102000a`)
  const v6 = `${signature}21210024`
  assert.equal(
    hex(ip('2001:db8::1', 1), ip('::ffff:1.2.3.4', 2)),
    `${v6}20010db800000000000000000000000100000000000000000000ffff0102030400010002`,
  )
  assert.equal(
    hex(ip('::', 1), ip('1:2:3:4:5:6:7:8', 2)),
    `${v6}${'00'.repeat(16)}0001000200030004000500060007000800010002`,
  )
  assert.equal(hex({ kind: 'pipe', path: '/a' }, ip('::1', 10)), `${signature}20000000`)
})
