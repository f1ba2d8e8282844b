/** Responses that break off, in order or by a reset, before and in each part: what the client gets and what the log says. */
import { type Case, type Group, http, req, toA } from '../case.ts'

const parts: readonly (readonly [name: string, bytes: string])[] = [
  ['nothing', ''],
  ['half a status line', 'HTTP/1.1 20'],
  ['half a head', 'HTTP/1.1 200 OK\r\nx-a: 1\r\n'],
  ['a head', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n'],
  ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'],
  ['a body', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc'],
  ['a body without length', 'HTTP/1.1 200 OK\r\n\r\nabc'],
  ['a chunked head', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
  ['half a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'],
  ['a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ['half of trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-t: 1\r\n'],
  ['a bad chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ['an informational head', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
]

const cases: Case[] = []
for (const [name, reply] of parts)
  for (const after of ['close', 'reset'] as const)
    cases.push({ name: `${name}, then ${after}`, send: req('GET /'), upstream: { write: reply, after } })

export const brokenAnswers: Group = {
  name: 'broken-answers',
  listeners: [http({ routes: [toA({ prefix: '/' })] })],
  cases,
  stats: [/^cluster\.a\.(upstream_cx_(destroy|protocol)|upstream_rq_(rx_reset|tx_reset|pending_failure|5xx|2xx))/],
}
