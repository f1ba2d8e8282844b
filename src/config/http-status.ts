/** `envoy.type.v3.StatusCode` as a number. */
import { STATUS_CODES } from 'node:http'
import type { StatusCode } from './v3.ts'

/** Envoy's names are the reason phrases without spaces and hyphens. */
const numbers = new Map(
  Object.entries(STATUS_CODES).map(([number, phrase = '']) => [phrase.replace(/[ -]/g, ''), Number(number)]),
)

/** 0 for `Empty`. */
export function statusNumber(code: StatusCode): number {
  return numbers.get(code) ?? 0
}
