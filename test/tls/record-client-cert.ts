/** Records what real Envoy does: `node test/tls/record-client-cert.ts` writes client-cert-golden.json. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { usualCertificates } from '../support/certificates.ts'
import { clientCertHeaders } from './client-cert-cases.ts'

const certificates = usualCertificates()
const seen = await clientCertHeaders('envoy', certificates)
certificates.remove()
writeFileSync(join(import.meta.dirname, 'client-cert-golden.json'), `${JSON.stringify(seen, undefined, 1)}\n`)
