/** A program of the older SDKs, only the package changed. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile, filterEntry } from '../tools/compile.ts'
import { FakeHost } from './support/fake-host.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a program of the older SDKs compiles and does what it did there', async () => {
  const host = new FakeHost(await compile(filterEntry('older'), join(folder, 'older.wasm')))
  host.run('proxy_on_context_create', 1, 0)
  assert.equal(host.run('proxy_on_vm_start', 1, 0).result, 1)
  host.answers.set('proxy_get_buffer_bytes', { data: 'world' })
  assert.equal(host.run('proxy_on_configure', 1, 5).result, 1)
  host.run('proxy_on_context_create', 2, 1)
  host.answers.set('proxy_http_call', { numbers: [4] })
  assert.equal(host.run('proxy_on_request_headers', 2, 1, 1).result, 1)
  const answer = host.run('proxy_on_http_call_response', 1, 4, 2, 10, 0)
  assert.deepEqual(answer.log, ['2 callback 10'])
  assert.deepEqual(answer.calls, [
    ['proxy_set_effective_context', 2],
    ['proxy_continue_stream', 0],
  ])
  assert.deepEqual(host.run('proxy_on_response_headers', 2, 1, 0).calls[0], [
    'proxy_add_header_map_value',
    2,
    'hello',
    'world',
  ])
  assert.equal(host.run('proxy_on_done', 2).result, 1)
  assert.equal(host.run('proxy_on_done', 1).result, 1, 'the root context too')
})
