import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusNumber } from './http-status.ts'
import { enumSchema } from './protos.ts'
import type { StatusCode } from './v3.ts'

test('every status of the API has its number', () => {
  for (const { name, number } of enumSchema('envoy.type.v3.StatusCode').values)
    assert.equal(statusNumber(name as StatusCode), number)
})
