/**
 * Whether a decoded header block is an HTTP message (RFC 9113 §8.1 to §8.3, §8.5), judged as nghttp2 does for Envoy,
 * and the message's fields as a header map has them: one `cookie`, no `host` beside `:authority`.
 */
import { fieldName, joinedInRequests, joinedInResponses, tokenByte } from '../http1/field-names.ts'

/** In Envoy's words, for `%RESPONSE_CODE_DETAILS%`. */
export const invalidField = 'http2.invalid.header.field'
export const invalidMessaging = 'http2.violation.of.messaging.rule'

const NameKind = {
  plain: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  protocol: 5,
  status: 6,
  host: 7,
  contentLength: 8,
  te: 9,
  cookie: 10,
  /** Of a connection, not of a message; or no field name at all. */
  forbidden: 11,
} as const
type NameKind = (typeof NameKind)[keyof typeof NameKind]

const kinds: Readonly<Record<string, NameKind>> = {
  ':method': NameKind.method,
  ':scheme': NameKind.scheme,
  ':authority': NameKind.authority,
  ':path': NameKind.path,
  ':protocol': NameKind.protocol,
  ':status': NameKind.status,
  host: NameKind.host,
  'content-length': NameKind.contentLength,
  te: NameKind.te,
  cookie: NameKind.cookie,
  connection: NameKind.forbidden,
  'proxy-connection': NameKind.forbidden,
  'keep-alive': NameKind.forbidden,
  'transfer-encoding': NameKind.forbidden,
  upgrade: NameKind.forbidden,
}

interface FieldName {
  readonly kind: NameKind
  /** Repeated fields become one list: `joinedInRequests`, `joinedInResponses`. */
  readonly joined: number
  /** Below 64, different for each name that is joined. */
  readonly index: number
  readonly underscore: boolean
}

/** Most names come again and again: each is judged once. */
const names = new Map<string, FieldName>()
const maxNames = 2000

function judge(name: string): FieldName {
  const inline = fieldName(name)
  const judged = {
    kind: kinds[name] ?? (isFieldName(name) ? NameKind.plain : NameKind.forbidden),
    joined: inline?.joined ?? 0,
    index: inline?.index ?? 0,
    underscore: name.includes('_'),
  }
  if (names.size < maxNames && name.length <= 64) names.set(name, judged)
  return judged
}

function isFieldName(name: string): boolean {
  if (name === '') return false
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    // 0 marks what is no token, so NUL would be its own mark.
    if (code === 0 || tokenByte[code] !== code) return false
  }
  return true
}

// oxlint-disable-next-line no-control-regex
const notInValue = /[\0-\x08\n-\x1f\x7f]/
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const scheme = /^[A-Za-z][A-Za-z0-9+.-]*$/
const authority = /^[-._~!$&'()*+,;=:%[\]A-Za-z0-9]*$/
// oxlint-disable-next-line no-control-regex
const notInPath = /[\0-\x20\x7f]/
const digits = /^\d{1,15}$/
const statusCode = /^[1-9]\d\d$/

/** The result of a check; one object, reused: read it before the next check. */
export class HeaderCheck {
  /** '' or `invalidField` or `invalidMessaging`. */
  error = ''
  /** A name with an underscore was refused. */
  underscoreRefused = false
  underscoresDropped = 0
  tooMany = false
  /** -1: none was told. */
  contentLength = -1
  status = 0
  isConnect = false
  isHead = false
  /** `:protocol` is there. */
  isExtendedConnect = false
}

export interface RequestRules {
  readonly allowConnect: boolean
  readonly headersWithUnderscores: 'ALLOW' | 'REJECT_REQUEST' | 'DROP_HEADER'
  /** Fields of one name that are joined count once, each crumb of a cookie for itself. */
  readonly maxHeadersCount: number
}

/** Positions of the pseudo-headers' values in the list, 0 while not seen. */
let method = 0
let path = 0
let schemeAt = 0
let authorityAt = 0
let protocol = 0
let status = 0

/** Checks a request's fields and tidies them in place. */
export function checkRequest(list: string[], rules: RequestRules, check: HeaderCheck): void {
  method = path = schemeAt = authorityAt = protocol = 0
  check.error = ''
  check.underscoreRefused = false
  check.underscoresDropped = 0
  check.contentLength = -1
  check.isConnect = check.isHead = check.isExtendedConnect = false
  const error =
    checkFields(list, check, true, rules.headersWithUnderscores, rules.maxHeadersCount) ||
    checkPseudo(list, rules, check)
  if (error !== '') check.error = error
}

function checkPseudo(list: string[], rules: RequestRules, check: HeaderCheck): string {
  if (method === 0 || authorityAt === 0) return invalidMessaging
  const verb = list[method] as string
  check.isHead = verb === 'HEAD'
  check.isConnect = verb === 'CONNECT'
  if (protocol !== 0) {
    if (!rules.allowConnect) return invalidField
    if (!check.isConnect) return invalidMessaging
    check.isExtendedConnect = true
  } else if (check.isConnect) return schemeAt !== 0 || path !== 0 ? invalidMessaging : ''
  if (schemeAt === 0 || path === 0) return invalidMessaging
  const target = list[path] as string
  if (target.charCodeAt(0) === 0x2f || (target === '*' && verb === 'OPTIONS')) return ''
  const lower = (list[schemeAt] as string).toLowerCase()
  if (target === '') return invalidField
  return lower === 'http' || lower === 'https' ? invalidMessaging : ''
}

/** Checks a response's fields, final or interim, and tidies them in place. */
export function checkResponse(list: string[], maxHeadersCount: number, check: HeaderCheck): void {
  status = 0
  check.error = ''
  check.underscoresDropped = 0
  check.contentLength = -1
  check.status = 0
  const error = checkFields(list, check, false, 'ALLOW', maxHeadersCount)
  if (error !== '') check.error = error
  else if (status === 0) check.error = invalidMessaging
  else {
    check.status = Number(list[status])
    if (check.status === 101 || (check.contentLength > 0 && check.status === 204)) check.error = invalidField
    else if (check.contentLength >= 0 && check.status < 200) check.error = invalidField
  }
}

/**
 * What `headers_with_underscores_action` leaves of a request's trailers.
 * @returns how many were dropped, -1: the request is refused
 */
export function withoutUnderscores(list: string[], action: RequestRules['headersWithUnderscores']): number {
  if (action === 'ALLOW') return 0
  let to = 0
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string
    if (name.includes('_')) {
      if (action === 'REJECT_REQUEST') return -1
      continue
    }
    list[to++] = name
    list[to++] = list[i + 1] as string
  }
  const dropped = (list.length - to) / 2
  list.length = to
  return dropped
}

/** Trailers have no pseudo-headers. */
export function checkTrailers(list: string[]): string {
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string
    const { kind } = names.get(name) ?? judge(name)
    if (kind === NameKind.forbidden || (kind >= NameKind.method && kind <= NameKind.status)) return invalidField
    // A length that is told when the body is over can only contradict it.
    if (kind === NameKind.contentLength) return invalidField
    if (notInValue.test(list[i + 1] as string)) return invalidField
  }
  return ''
}

function checkFields(
  list: string[],
  check: HeaderCheck,
  request: boolean,
  underscores: RequestRules['headersWithUnderscores'],
  maxCount: number,
): string {
  const joins = request ? joinedInRequests : joinedInResponses
  let to = 0
  let regular = false
  let cookies = ''
  let crumbs = 0
  check.tooMany = false
  // Which of the names that are joined have come: two words of 32 bits.
  let seenLow = 0
  let seenHigh = 0
  for (let i = 0; i < list.length; i += 2) {
    let name = list[i] as string
    const value = list[i + 1] as string
    const known = names.get(name) ?? judge(name)
    const kind = known.kind
    if (kind >= NameKind.method && kind <= NameKind.status) {
      if (regular || !pseudo(kind, value, to + 1, request)) return invalidField
    } else {
      regular = true
      if (kind === NameKind.forbidden || notInValue.test(value)) return invalidField
      if (kind !== NameKind.plain) {
        if (kind === NameKind.contentLength) {
          if (check.contentLength >= 0 || !digits.test(value)) return invalidField
          check.contentLength = Number(value)
        } else if (request) {
          if (kind === NameKind.te) {
            if (value.toLowerCase() !== 'trailers') return invalidField
          } else if (kind === NameKind.host) {
            if (authorityAt !== 0) continue
            if (!authority.test(value)) return invalidField
            name = ':authority'
            authorityAt = to + 1
          } else {
            // What HTTP/2 splits for the sake of compression is one field (RFC 9113 §8.2.3).
            cookies = cookies === '' ? value : `${cookies}; ${value}`
            if (++crumbs + (to >> 1) > maxCount) check.tooMany = true
            continue
          }
        }
      } else if (known.underscore && underscores !== 'ALLOW') {
        if (underscores === 'REJECT_REQUEST') {
          check.underscoreRefused = true
          return invalidField
        }
        check.underscoresDropped++
        continue
      }
      if ((known.joined & joins) !== 0) {
        const bit = 1 << (known.index & 31)
        if (((known.index < 32 ? seenLow : seenHigh) & bit) !== 0) {
          const at = valueOf(list, name)
          // As Envoy's `appendToHeader`: an empty value adds nothing.
          if (value !== '') list[at] = list[at] === '' ? value : `${list[at]},${value}`
          continue
        }
        if (known.index < 32) seenLow |= bit
        else seenHigh |= bit
      }
    }
    list[to++] = name
    list[to++] = value
    if (crumbs + (to >> 1) > maxCount) check.tooMany = true
    if (check.tooMany) return ''
  }
  list.length = to
  if (cookies !== '') list.push('cookie', cookies)
  return ''
}

function valueOf(list: readonly string[], name: string): number {
  let at = 0
  while (list[at] !== name) at += 2
  return at + 1
}

/** @param at where the value will stand */
function pseudo(kind: NameKind, value: string, at: number, request: boolean): boolean {
  if (!request) {
    if (kind !== NameKind.status || status !== 0 || !statusCode.test(value)) return false
    status = at
    return true
  }
  switch (kind) {
    case NameKind.method:
      if (method !== 0 || !token.test(value)) return false
      method = at
      return true
    case NameKind.scheme:
      if (schemeAt !== 0 || !scheme.test(value)) return false
      schemeAt = at
      return true
    case NameKind.authority:
      if (authorityAt !== 0 || !authority.test(value)) return false
      authorityAt = at
      return true
    case NameKind.path:
      if (path !== 0 || notInPath.test(value)) return false
      path = at
      return true
    case NameKind.protocol:
      if (protocol !== 0 || !token.test(value)) return false
      protocol = at
      return true
    default:
      return false
  }
}

/**
 * What may be sent of a header map: pseudo-headers first, no field that belongs to an HTTP/1 connection. Filters may
 * have put anything into it: names that are no names are left out, what HTTP forbids in values becomes a space.
 * @returns the list itself when there is nothing to change
 */
export function sendableFields(list: readonly string[]): readonly string[] {
  let regular = false
  // Responses may have one, and it means nothing.
  const hostPasses = list[0] === ':status'
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string
    const { kind } = names.get(name) ?? judge(name)
    if (kind === NameKind.plain) regular = true
    else if (kind === NameKind.forbidden || (kind === NameKind.host && !hostPasses)) return sanitized(list)
    else if (kind > NameKind.status) regular = true
    else if (regular) return sanitized(list)
    if (notInValue.test(list[i + 1] as string)) return sanitized(list)
  }
  return list
}

// oxlint-disable-next-line no-control-regex
const notInValues = /[\0-\x08\n-\x1f\x7f]/g

function sanitized(list: readonly string[]): string[] {
  const pseudoFields: string[] = []
  const fields: string[] = []
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string
    const { kind } = names.get(name) ?? judge(name)
    if (kind === NameKind.forbidden || (kind === NameKind.host && list[0] !== ':status')) continue
    const value = (list[i + 1] as string).replace(notInValues, ' ')
    ;(kind >= NameKind.method && kind <= NameKind.status ? pseudoFields : fields).push(name, value)
  }
  return pseudoFields.concat(fields)
}
