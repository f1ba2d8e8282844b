/** One admin endpoint: what `/help` says of it and what answers. */
import type { AdminContext } from './admin-context.ts'

export interface AdminRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** Percent-decoded; a parameter without `=` is ''. */
  readonly query: ReadonlyMap<string, string>
}

export interface AdminResponse {
  /** 200 */
  readonly status?: number
  /** `text/plain; charset=UTF-8` */
  readonly contentType?: string
  /** As one text or in pieces, which are sent one by one. */
  readonly body: string | Iterable<string>
}

export interface AdminParameter {
  readonly name: string
  readonly help: string
  readonly oneOf?: readonly string[]
}

export interface AdminPath {
  readonly path: string
  readonly help: string
  /** Changes something: POST only. */
  readonly post?: boolean
  readonly parameters?: readonly AdminParameter[]
  handle(request: AdminRequest, context: AdminContext): AdminResponse | Promise<AdminResponse>
}

export const jsonType = 'application/json'

/** JSON as Envoy prints messages: one blank a level, and a line end. */
export function jsonResponse(value: unknown): AdminResponse {
  return { contentType: jsonType, body: `${JSON.stringify(value, null, 1)}\n` }
}

export function badRequest(body: string): AdminResponse {
  return { status: 400, body }
}

/** `a=1&b`: the first of a name counts. */
export function parseQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>()
  for (const part of text.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decode(equals < 0 ? part : part.slice(0, equals))
    if (!query.has(name)) query.set(name, equals < 0 ? '' : decode(part.slice(equals + 1)))
  }
  return query
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
