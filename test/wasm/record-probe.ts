/** Records what real Envoy does: `node test/wasm/record-probe.ts [probe|network|places [CASE]]`; with CASE it only prints. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runNetwork } from './run-network.ts'
import { runPlaces } from './run-places.ts'
import { runProbe } from './run-probe.ts'

const runs = { probe: runProbe, network: runNetwork, places: runPlaces } as const
const [kind, only] = process.argv.slice(2)
for (const [name, run] of Object.entries(runs)) {
  if (kind !== undefined && kind !== name) continue
  const text = JSON.stringify(await run('envoy', only), undefined, 1)
  if (only === undefined) writeFileSync(join(import.meta.dirname, `${name}-golden.json`), `${text}\n`)
  else console.log(text)
}
