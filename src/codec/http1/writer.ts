/** Writes request lines, and the fields of heads and trailers as Envoy does (`StreamEncoderImpl::encodeHeadersBase`). */
import type { HeaderKeyFormatter } from '../../core/connection-manager-extensions.ts'
import type { HeaderMap } from '../../core/header-map.ts'

const colonCode = 58
const notInValue = /[\0\r\n\u0100-\uffff]/
const notInValues = /[\0\r\n\u0100-\uffff]/g
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const notInToken = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/g
const notInTarget = /[^\x21-\x7e\x80-\xff]/
const notInTargets = /[^\x21-\x7e\x80-\xff]/g

/** `name: ` for names that were found to be tokens: most need no second look, and one string less. */
const prefixes = new Map<string, string>()
const maxPrefixes = 1000

/**
 * Pseudo-headers are left out, but `:authority`, which becomes `host`; `transfer-encoding` is the writer's own.
 * Filters may have put anything into the map: nothing of it may end its line. What would becomes a space (RFC 9110
 * §5.5), and a field whose name is no token is left out.
 */
export function fieldLines(headers: HeaderMap, properCase: boolean): string {
  const list = headers.list
  const formatter = headers.keyFormatter
  let lines = ''
  for (let i = 0; i < list.length; i += 2) {
    let name = list[i] as string
    let value = list[i + 1] as string
    if (name.charCodeAt(0) === colonCode) {
      if (name !== ':authority') continue
      name = 'host'
    } else if (name === 'transfer-encoding') continue
    const prefix = prefixes.get(name) ?? makePrefix(name)
    if (prefix === '') continue
    if (notInValue.test(value)) value = value.replace(notInValues, ' ')
    // Sums, not a template: fewer strings between (measured: a quarter less).
    lines =
      lines +
      (formatter !== undefined ? formatted(prefix, formatter) : properCase ? properCased(prefix) : prefix) +
      value +
      '\r\n'
  }
  return lines
}

/** A field of the codec's own, formatted as those of `headers`. */
export function ownFieldLine(name: string, value: string, headers: HeaderMap, properCase: boolean): string {
  const formatter = headers.keyFormatter
  const key = formatter !== undefined ? formatter.format(name) : properCase ? properCased(name) : name
  return `${key}: ${value}\r\n`
}

function formatted(prefix: string, formatter: HeaderKeyFormatter): string {
  return `${formatter.format(prefix.slice(0, -2))}: `
}

/** '' when the name is no token. */
function makePrefix(name: string): string {
  if (!token.test(name)) return ''
  const prefix = `${name}: `
  if (prefixes.size < maxPrefixes) prefixes.set(name, prefix)
  return prefix
}

/** `method target HTTP/1.1` and CRLF; here too, nothing may end the line early. */
export function requestLine(method: string, target: string): string {
  const safeMethod = token.test(method) ? method : method.replace(notInToken, '')
  const safeTarget = notInTarget.test(target) ? target.replace(notInTargets, percentEncoded) : target
  return `${safeMethod} ${safeTarget} HTTP/1.1\r\n`
}

function percentEncoded(character: string): string {
  return `%${(character.charCodeAt(0) & 0xff).toString(16).padStart(2, '0').toUpperCase()}`
}

const wordStart = /(^|[^a-z])([a-z])/g

/** `x-some-name` → `X-Some-Name`, as `header_key_format: proper_case_words`. */
export function properCased(name: string): string {
  return name.replace(wordStart, (_, before: string, letter: string) => before + letter.toUpperCase())
}
