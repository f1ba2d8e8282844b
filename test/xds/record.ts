/** Records what Envoy says and serves in the scenarios: `node test/xds/record.ts [SCENARIO]`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Conversation } from './conversation.ts'
import { scenarios } from './scenarios.ts'

const only = process.argv[2]
const data = join(import.meta.dirname, 'data')
mkdirSync(data, { recursive: true })
for (const [name, { variants, listeners, run }] of Object.entries(scenarios)) {
  if (only !== undefined && only !== name) continue
  const recorded: Record<string, unknown> = {}
  for (const variant of variants)
    recorded[variant] = await Conversation.hold('envoy', variant, listeners(variant), each => run(each, variant))
  writeFileSync(join(data, `${name}.json`), `${JSON.stringify(recorded, undefined, 1)}\n`)
  console.log(`${name}: ${variants.join(', ')}`)
}
