/** What the recording of Envoy's CEL and the test of ours share. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An expression and what `%CEL(…)%` printed, or why it was refused. */
export type Outcome = readonly [string, string | { readonly error: string }]

export const expressions = readFileSync(join(import.meta.dirname, 'expressions.txt'), 'utf8')
  .trimEnd()
  .split('\n')

export const requestHeaders =
  'host: example.com\r\nx-a: abc\r\nx-two: 1\r\nx-two: 2\r\nx-n: 42\r\nuser-agent: ua\r\nx-utf: Ã©\r\n'
export const responseText = 'HTTP/1.1 203 OK\r\nx-u: 1\r\ncontent-length: 5\r\n\r\nhello'
