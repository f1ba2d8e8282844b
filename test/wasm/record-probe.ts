/** Records what real Envoy does: `node test/wasm/record-probe.ts [probe|network|places|abi [CASE]]`; with CASE it only prints. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProxyKind } from '../support/proxy-process.ts'
import { abiVersions, runAbi } from './run-abi.ts'
import { runNetwork } from './run-network.ts'
import { runPlaces } from './run-places.ts'
import { runProbe } from './run-probe.ts'

async function runAllAbi(kind: ProxyKind): Promise<object> {
  const found: Record<string, object> = {}
  for (const version of abiVersions) found[version] = await runAbi(kind, version)
  return found
}
const runs = { probe: runProbe, network: runNetwork, places: runPlaces, abi: runAllAbi } as const
const [kind, only] = process.argv.slice(2)
for (const [name, run] of Object.entries(runs)) {
  if (kind !== undefined && kind !== name) continue
  const text = JSON.stringify(await run('envoy', only), undefined, 1)
  if (only === undefined) writeFileSync(join(import.meta.dirname, `${name}-golden.json`), `${text}\n`)
  else console.log(text)
}
