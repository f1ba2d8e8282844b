/** Records what real Envoy does: `node test/wasm/record-probe.ts [probe|network|places|abi|properties|tasks|vms [CASE]]`; with CASE it only prints. */
import { deepEqual } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { usualCertificates } from '../support/certificates.ts'
import type { ProxyKind } from '../support/proxy-process.ts'
import { abiVersions, runAbi } from './run-abi.ts'
import { runNetwork } from './run-network.ts'
import { runPlaces } from './run-places.ts'
import { runProperties } from './run-properties.ts'
import { runTasks } from './run-tasks.ts'
import { runProbe } from './run-probe.ts'
import { runVms } from './run-vms.ts'
import { taskLanguages } from './task-cases.ts'

async function runAllAbi(kind: ProxyKind): Promise<object> {
  const found: Record<string, object> = {}
  for (const version of abiVersions) found[version] = await runAbi(kind, version)
  return found
}
async function runAllProperties(kind: ProxyKind): Promise<object> {
  const certificates = usualCertificates()
  try {
    return await runProperties(kind, certificates)
  } finally {
    certificates.remove()
  }
}
/** All languages must do the same. */
async function runAllTasks(kind: ProxyKind): Promise<object> {
  const found = []
  for (const language of taskLanguages) found.push(await runTasks(kind, language))
  const [first = {}, ...others] = found
  for (const other of others) deepEqual(other, first)
  return first
}
const runs = {
  probe: runProbe,
  network: runNetwork,
  places: runPlaces,
  abi: runAllAbi,
  properties: runAllProperties,
  tasks: runAllTasks,
  vms: runVms,
} as const
const [kind, only] = process.argv.slice(2)
for (const [name, run] of Object.entries(runs)) {
  if (kind !== undefined && kind !== name) continue
  const text = JSON.stringify(await run('envoy', only), undefined, 1)
  if (only === undefined) writeFileSync(join(import.meta.dirname, `${name}-golden.json`), `${text}\n`)
  else console.log(text)
}
