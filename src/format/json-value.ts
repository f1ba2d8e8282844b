/** JSON in log lines, which are byte strings. Follows Envoy's `source/common/json/json_sanitizer.cc`. */
import { isUtf8 } from 'node:buffer'
import { toBytes } from '../base/latin1.ts'
import type { JsonValue } from '../config/json-source.ts'

const plain = /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/
// oxlint-disable-next-line no-control-regex
const ascii = /^[\0-\x7f]*$/
// oxlint-disable-next-line no-control-regex
const special = /[\0-\x1f"\\\x7f-\xff]/g

/** A byte string in quotes: what is UTF-8 stays so, of other strings each byte beyond ASCII is escaped. */
export function jsonString(bytes: string): string {
  if (plain.test(bytes)) return `"${bytes}"`
  if (ascii.test(bytes) || isUtf8(Buffer.from(bytes, 'latin1'))) return JSON.stringify(bytes)
  return `"${bytes.replace(special, byte => `\\u00${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`
}

/** As a byte string. Strings inside of lists and objects are text. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'string') return jsonString(value)
  return typeof value === 'object' ? toBytes(JSON.stringify(value)) : JSON.stringify(value)
}

/** As protobuf prints structs: by key. */
export function sortedJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedJson)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]): [string, JsonValue] => [key, sortedJson(item)])
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
