/** Records what real Envoy does with the golden cases: `node test/golden/record.ts [group…]` writes data/GROUP.json. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { groups } from './groups.ts'
import { runGroup } from './run.ts'

const wanted = process.argv.slice(2)
for (const group of groups) {
  if (wanted.length > 0 && !wanted.includes(group.name)) continue
  const outcome = await runGroup('envoy', group)
  const failed = Object.entries(outcome.cases).filter(
    ([, { client }]) => typeof client === 'string' && client.startsWith('failed: '),
  )
  for (const [name, { client }] of failed) console.error(`${group.name}: ${name}: ${client as string}`)
  const text = JSON.stringify({ envoy: '1.40.0', ...outcome }, undefined, 1)
  writeFileSync(join(import.meta.dirname, 'data', `${group.name}.json`), `${text}\n`)
  console.log(`${group.name}: ${group.cases.length} cases`)
  if (failed.length > 0) process.exitCode = 1
}
