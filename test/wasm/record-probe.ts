/** Records what real Envoy does in the probe cases: `node test/wasm/record-probe.ts`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProbe } from './run-probe.ts'

const outcomes = await runProbe('envoy', process.argv[2])
const file = join(import.meta.dirname, 'probe-golden.json')
if (process.argv[2] === undefined) writeFileSync(file, `${JSON.stringify(outcomes, undefined, 1)}\n`)
else console.log(JSON.stringify(outcomes, undefined, 1))
