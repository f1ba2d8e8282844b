/** What the filters of test/fixtures/wasm/*-tasks do, each in its language: small tasks, named by the request's `x-task`. */
import type { Reply } from '../support/upstream.ts'

export const taskLanguages = ['as', 'rust', 'go', 'c'] as const

export interface TaskCase {
  readonly task: string
  readonly method?: string
  readonly headers?: string
  readonly body?: string
  readonly upstream?: Reply
}

export const taskCases: readonly TaskCase[] = [
  { task: 'none' },
  { task: 'headers', headers: 'x-two: 1\r\nx-two: 2\r\nx-gone: 1\r\n' },
  { task: 'body', method: 'POST', headers: 'content-length: 5\r\n', body: 'hello' },
  {
    task: 'body',
    method: 'PUT',
    headers: 'transfer-encoding: chunked\r\n',
    body: '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    upstream: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
  },
  { task: 'reply' },
  { task: 'call' },
  { task: 'shared' },
  { task: 'property' },
]
