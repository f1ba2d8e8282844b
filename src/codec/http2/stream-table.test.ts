import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import type { Http2Stream } from './stream.ts'
import { StreamTable } from './stream-table.ts'

it('finds what a Map finds', () => {
  const command = fc.tuple(fc.boolean(), fc.oneof(fc.nat(60), fc.nat(2 ** 31 - 1)))
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), commands => {
      const table = new StreamTable()
      const model = new Map<number, Http2Stream>()
      for (const [add, number] of commands) {
        const id = number | 1
        const known = model.get(id)
        assert.equal(table.get(id), known)
        if (add && known === undefined) {
          const stream = { id, nextInTable: undefined } as unknown as Http2Stream
          model.set(id, stream)
          table.add(stream)
        } else if (!add && known !== undefined) {
          model.delete(id)
          table.remove(known)
        }
        assert.equal(table.size, model.size)
      }
      const byId = (a: Http2Stream, b: Http2Stream): number => a.id - b.id
      assert.deepEqual(table.list().toSorted(byId), [...model.values()].toSorted(byId))
    }),
  )
})
