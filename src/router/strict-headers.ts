/** `strict_check_headers` of the router. Follows Envoy's `FilterUtility::StrictHeaderChecker`. */
import type { HeaderMap } from '../core/header-map.ts'
import type { LocalReply } from '../core/http-filter.ts'
import { ResponseFlag } from '../core/stream-info.ts'
import { parseInteger } from './envoy-headers.ts'
import { parseRetryOnHeaders } from './retry-policy.ts'

/** The answer to a request that has one of the named headers with a value that cannot be used. */
export function checkStrictHeaders(headers: HeaderMap, names: readonly string[]): LocalReply | undefined {
  for (const name of names) {
    const value = headers.get(name)
    if (value === undefined || isValid(name, value)) continue
    return {
      status: 400,
      body: `invalid header '${name}' with value '${value}'`,
      details: `request_headers_failed_strict_check{${name}}`,
      flags: ResponseFlag.invalidEnvoyRequestHeaders,
    }
  }
  return undefined
}

function isValid(name: string, value: string): boolean {
  if (!name.startsWith('x-envoy-retry')) return parseInteger(value) !== undefined
  const words = value.split(',')
  return name.endsWith('-grpc-on')
    ? words.every(word => parseRetryOnHeaders(undefined, word).length > 0)
    : words.every(word => parseRetryOnHeaders(word, undefined).length > 0)
}
