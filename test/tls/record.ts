/** Records what real Envoy makes of the TLS cases: `node test/tls/record.ts`. */
import { writeFileSync } from 'node:fs'
import { usualCertificates } from '../support/certificates.ts'
import { runCases } from './run.ts'

const certificates = usualCertificates()
const outcomes = await runCases('envoy', certificates)
certificates.remove()
writeFileSync(new URL('golden.json', import.meta.url), `${JSON.stringify(outcomes, undefined, 1)}\n`)
