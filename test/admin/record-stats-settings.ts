/** Records what real Envoy prints: `node test/admin/record-stats-settings.ts` writes envoy/stats-settings.json. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askStats } from './stats-settings.ts'

const file = join(import.meta.dirname, 'envoy/stats-settings.json')
writeFileSync(file, `${JSON.stringify(await askStats('envoy'), undefined, 1)}\n`)
