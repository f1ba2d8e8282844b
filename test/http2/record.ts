/** `node test/http2/record.ts`: records what Envoy does with the cases. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePeer } from '../support/sockets.ts'
import { runCases } from './run-cases.ts'

await using peer = await makePeer()
const outcomes = await runCases('envoy', peer.port)
writeFileSync(join(import.meta.dirname, 'golden.json'), `${JSON.stringify(outcomes, undefined, 1)}\n`)
