/** One rule of `header_to_metadata`: where a value comes from and what it becomes. */
import { toBytes, toText } from '../../../../base/latin1.ts'
import { readValue } from '../../../../config/decode-binary.ts'
import { configError } from '../../../../config/position.ts'
import type { HeaderToMetadata_KeyValuePair, HeaderToMetadata_Rule } from '../../../../config/v3.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import { cookie } from '../../../../matching/cookie-matcher.ts'
import { makeReplacement } from '../../../../matching/regex.ts'

const maxValueLength = 8 * 1024

export interface Written {
  readonly namespace: string
  readonly key: string
  readonly value: unknown
}

/** `undefined` when there is nothing to write. Takes the header away when the rule says so. */
export type Rule = (headers: HeaderMap) => Written | undefined

/** Throws `ConfigError` for what does not go together. */
export function makeRule(message: HeaderToMetadata_Rule): Rule {
  const { onHeaderPresent, onHeaderMissing } = message
  if (message.header !== '' && message.cookie !== '')
    throw configError(message, 'cookie', 'cannot specify both header and cookie')
  if (message.header === '' && message.cookie === '') throw configError(message, 'header', 'needs a header or a cookie')
  if (onHeaderPresent === undefined && onHeaderMissing === undefined)
    throw configError(message, undefined, 'needs on_header_present or on_header_missing')
  if (onHeaderPresent !== undefined && onHeaderPresent.value !== '' && onHeaderPresent.regexValueRewrite !== undefined)
    throw configError(onHeaderPresent, 'value', 'cannot specify both value and regex_value_rewrite')
  if (message.cookie !== '' && message.remove) throw configError(message, 'remove', 'cannot be specified for a cookie')
  if (onHeaderMissing?.value === '')
    throw configError(onHeaderMissing, 'value', 'on_header_missing needs a value that is not empty')
  const read = message.cookie === '' ? headerReader(message) : cookieReader(message.cookie)
  const present = onHeaderPresent && makeWrite(onHeaderPresent)
  const missing = onHeaderMissing && makeWrite(onHeaderMissing)
  return headers => {
    const value = read(headers)
    return value === undefined ? missing?.('') : present?.(value)
  }
}

type Read = (headers: HeaderMap) => string | undefined

function headerReader(message: HeaderToMetadata_Rule): Read {
  const lower = message.header.toLowerCase()
  const name = lower === 'host' ? ':authority' : lower
  return headers => {
    const values = headers.getAll(name)
    if (values.length === 0) return undefined
    if (message.remove) headers.remove(name)
    return values.join(',')
  }
}

function cookieReader(text: string): Read {
  const name = toBytes(text)
  return headers => cookie(headers, name) || undefined
}

function makeWrite(message: HeaderToMetadata_KeyValuePair): (value: string) => Written | undefined {
  const namespace = message.metadataNamespace || 'envoy.filters.http.header_to_metadata'
  const { key } = message
  const fixed = toBytes(message.value)
  const rewrite = message.regexValueRewrite && makeReplacement(message.regexValueRewrite)
  return read => {
    let bytes = fixed || (rewrite === undefined ? read : rewrite(read))
    if (bytes === '' || bytes.length >= maxValueLength) return undefined
    if (message.encode === 'BASE64') {
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(bytes)) return undefined
      bytes = Buffer.from(bytes, 'base64').toString('latin1')
      if (bytes === '') return undefined
    }
    const value = typed(bytes, message.type)
    return value === undefined ? undefined : { namespace, key, value }
  }
}

/** `undefined` for what is not of the type. */
function typed(bytes: string, type: HeaderToMetadata_KeyValuePair['type']): unknown {
  if (type === 'STRING') return toText(bytes)
  if (type === 'NUMBER') {
    const number = Number(bytes.trim())
    return bytes.trim() === '' || Number.isNaN(number) ? undefined : number
  }
  try {
    return readValue(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}
