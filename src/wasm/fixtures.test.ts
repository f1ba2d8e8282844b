import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeStream, fixture, makeHandle } from '../../test/support/fake-wasm.ts'

for (const [name, text, header] of [
  ['as-headers', 'x-wasm: hello', ['x-wasm', 'hello']],
  ['rust-headers', 'rusty', ['x-rust', 'rusty']],
  ['go-headers', 'gopher', ['x-go', 'gopher']],
  ['c-headers', 'see', ['x-c', 'see']],
] as const) {
  test(`${name}: adds its configured response header, on every stream`, () => {
    const handle = makeHandle(fixture(name), { text })
    for (let i = 0; i < 3; i++) {
      const stream = new FakeStream(handle)
      assert.equal(stream.request(), 'continue')
      assert.equal(stream.response(), 'continue')
      stream.end()
      assert.deepEqual([...(stream.responseHeaders ?? [])], [[':status', '200'], [...header]])
      assert.deepEqual(
        stream.events.filter(event => event !== 'clear-route-cache'),
        [],
      )
    }
    handle.close()
  })
}

test('c-headers: a module without an SDK answers a request itself', () => {
  const stream = new FakeStream(makeHandle(fixture('c-headers'), { text: 'x' }))
  assert.equal(stream.request({ ':authority': 'a', ':path': '/teapot', ':method': 'GET' }), 'stop-all-and-watermark')
  assert.equal(stream.reply?.status, 418)
  assert.equal(Buffer.from(stream.reply?.body ?? '').toString(), 'short and stout')
})
