/** One rule of `header_to_metadata`: where a value comes from and what it becomes. */
import { toBytes, toText } from '../../../../base/latin1.ts'
import { readValue } from '../../../../config/decode-binary.ts'
import { configError } from '../../../../config/position.ts'
import type { HeaderToMetadata_KeyValuePair, HeaderToMetadata_Rule } from '../../../../config/v3.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import { cookie } from '../../../../matching/cookie-matcher.ts'
import { makeReplacement } from '../../../../matching/regex.ts'
import type { Counter, Scope } from '../../../../stats/scope.ts'

const maxValueLength = 8 * 1024

export interface Written {
  readonly namespace: string
  readonly key: string
  readonly value: unknown
}

/** `undefined` when there is nothing to write. Takes the header away when the rule says so. */
export type Rule = (headers: HeaderMap) => Written | undefined

/** `http_filter_name.<stat_prefix>.` of one direction. */
export interface RuleStats {
  readonly rulesProcessed: Counter
  readonly headerNotFound: Counter
  readonly metadataAdded: Counter
  readonly base64DecodeFailed: Counter
  readonly headerValueTooLong: Counter
  readonly regexSubstitutionFailed: Counter
}

export function makeRuleStats(scope: Scope, direction: 'request' | 'response'): RuleStats {
  return {
    rulesProcessed: scope.counter(`${direction}_rules_processed`),
    headerNotFound: scope.counter(`${direction}_header_not_found`),
    metadataAdded: scope.counter(`${direction}_metadata_added`),
    base64DecodeFailed: scope.counter('base64_decode_failed'),
    headerValueTooLong: scope.counter('header_value_too_long'),
    regexSubstitutionFailed: scope.counter('regex_substitution_failed'),
  }
}

/** Throws `ConfigError` for what does not go together. @param stats undefined without `stat_prefix` */
export function makeRule(message: HeaderToMetadata_Rule, stats: RuleStats | undefined): Rule {
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
  const present = onHeaderPresent && makeWrite(onHeaderPresent, stats)
  const missing = onHeaderMissing && makeWrite(onHeaderMissing, stats)
  return headers => {
    stats?.rulesProcessed.inc()
    const value = read(headers)
    if (value !== undefined) return present?.(value)
    if (missing !== undefined) stats?.headerNotFound.inc()
    return missing?.('')
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

function makeWrite(
  message: HeaderToMetadata_KeyValuePair,
  stats: RuleStats | undefined,
): (value: string) => Written | undefined {
  const namespace = message.metadataNamespace || 'envoy.filters.http.header_to_metadata'
  const { key } = message
  const fixed = toBytes(message.value)
  const rewrite = message.regexValueRewrite && makeReplacement(message.regexValueRewrite)
  return read => {
    let bytes = fixed || (rewrite === undefined ? read : rewrite(read))
    if (bytes === '') {
      if (read !== '') stats?.regexSubstitutionFailed.inc()
      return undefined
    }
    if (bytes.length >= maxValueLength) {
      stats?.headerValueTooLong.inc()
      return undefined
    }
    if (message.encode === 'BASE64') {
      bytes = /^[A-Za-z0-9+/]*={0,2}$/.test(bytes) ? Buffer.from(bytes, 'base64').toString('latin1') : ''
      if (bytes === '') {
        stats?.base64DecodeFailed.inc()
        return undefined
      }
    }
    const value = typed(bytes, message.type)
    if (value === undefined) return undefined
    stats?.metadataAdded.inc()
    return { namespace, key, value }
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
