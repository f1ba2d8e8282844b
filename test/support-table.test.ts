/** No configured field is silently ignored: every field that the tables call implemented is read somewhere. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { messageSchema } from '../src/config/protos.ts'
import { supportTable } from '../src/config/support.ts'

const sources = new URL('../src/', import.meta.url)

/** All words of the program but those of config/, which knows every field. */
function words(): Set<string> {
  const found = new Set<string>()
  for (const name of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.endsWith('.test.ts') || name.startsWith('config')) continue
    for (const word of readFileSync(new URL(name, sources), 'utf8').match(/\b[a-z]\w*/g) ?? []) found.add(word)
  }
  return found
}

test('every field that the tables call implemented is read', () => {
  const read = words()
  const unread: string[] = []
  for (const [fullName, listed] of Object.entries(supportTable)) {
    if (listed === 'all') continue
    for (const entry of listed) {
      // Without effect, or only one of its values is known.
      if (entry.startsWith('?') || entry.includes('=')) continue
      const field = messageSchema(fullName).byName.get(entry)
      // Only an empty message is let through.
      const inner = field?.type.kind === 'message' ? supportTable[field.type.typeName] : undefined
      if (inner !== undefined && inner.length === 0) continue
      if (field !== undefined && !read.has(field.key)) unread.push(`${fullName}.${entry}`)
    }
  }
  assert.deepEqual(unread, [])
})
