import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from '../../test/support/routing.ts'
import { toProtoJson } from './proto-json.ts'

test('fields come in the order of their numbers, by their original names', () => {
  const listener = messageOf(
    'envoy.config.listener.v3.Listener',
    'stat_prefix: x\nfilter_chains: [{}]\nname: l\nlistenerFiltersTimeout: 0.25s\nreuse_port: true',
  )
  assert.equal(
    JSON.stringify(toProtoJson('type.googleapis.com/envoy.config.listener.v3.Listener', listener)),
    '{"name":"l","filter_chains":[{}],"listener_filters_timeout":"0.250s","reuse_port":true,"stat_prefix":"x"}',
  )
})
