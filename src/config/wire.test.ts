import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ConfigErrors } from '../base/errors.ts'
import { decodeBinary } from './decode-binary.ts'
import { WireReader, WireWriter } from './wire.ts'

test('numbers come back as they were written', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.double(), fc.string(), (u, i, d, s) => {
      const writer = new WireWriter()
      writer.uint32(u)
      writer.int64(i)
      writer.double(d)
      writer.string(s)
      writer.fixed32(u)
      writer.fixed64(i)
      const reader = new WireReader(writer.finish())
      assert.equal(reader.uint32(), u)
      assert.equal(BigInt.asIntN(64, reader.uint64()), i)
      assert.deepEqual(reader.double(), d)
      assert.equal(reader.string(), s.toWellFormed())
      assert.equal(reader.fixed32(), u)
      assert.equal(BigInt.asIntN(64, reader.fixed64()), i)
      assert.ok(reader.done)
    }),
  )
})

test('nested lengths of every size', () => {
  for (const size of [0, 1, 127, 128, 300, 16383, 16384, 70000]) {
    const writer = new WireWriter()
    writer.nested(() => writer.nested(() => writer.bytes(new Uint8Array(size).fill(7))))
    const reader = new WireReader(new WireReader(new WireReader(writer.finish()).bytes()).bytes())
    assert.equal(reader.bytes().length, size)
    assert.ok(reader.done)
  }
})

test('no bytes make the decoder fail in another way than with ConfigErrors', () => {
  const types = ['config.cluster.v3.Cluster', 'config.listener.v3.Listener', 'service.discovery.v3.DiscoveryResponse']
  // Tags of low fields with lengths, so that the fuzz gets into nested messages.
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.tuple(fc.integer({ min: 1, max: 15 }), fc.uint8Array({ maxLength: 40 })).map(([number, bytes]) => {
      return new Uint8Array([(number << 3) | 2, bytes.length, ...bytes])
    }),
  )
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.array(piece, { maxLength: 6 }), (type, pieces) => {
      const bytes = new Uint8Array(pieces.flatMap(part => [...part]))
      try {
        decodeBinary(`type.googleapis.com/envoy.${type}`, bytes)
      } catch (error) {
        assert.ok(error instanceof ConfigErrors, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})
