/** Lists of `HeaderMutation`, applied one after the other. Follows Envoy's `source/common/http/header_mutation.cc`. */
import { configError } from '../config/position.ts'
import type { HeaderMutation } from '../config/v3.ts'
import type { LogContext } from '../core/access-log.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { makeStringMatcher } from '../matching/string-matcher.ts'
import { type Addition, makeAddition } from '../format/header-parser.ts'
import type { FormatContext } from '../core/format.ts'
import type { Commands } from '../format/text-formatter.ts'

/** Each sees what those before it have done; values are made of `context`. */
export type HeaderMutationList = (headers: HeaderMap, context: LogContext) => void

/** `undefined` for an empty list. Pseudo-headers may be changed too. Throws `ConfigError`. @param commands of `formatters` */
export function makeHeaderMutationList(
  messages: readonly HeaderMutation[],
  context: FormatContext,
  commands?: Commands,
): HeaderMutationList | undefined {
  if (messages.length === 0) return undefined
  const steps = messages.map(each => makeStep(each, context, commands))
  return (headers, logContext) => {
    for (let i = 0; i < steps.length; i++) (steps[i] as HeaderMutationList)(headers, logContext)
  }
}

function makeStep(message: HeaderMutation, context: FormatContext, commands: Commands | undefined): HeaderMutationList {
  const { remove, append, removeOnMatch } = message
  if (remove !== undefined) {
    const name = remove.toLowerCase()
    return headers => headers.remove(name)
  }
  if (removeOnMatch !== undefined) {
    if (removeOnMatch.keyMatcher === undefined) throw configError(removeOnMatch, 'keyMatcher', 'is required')
    const matches = makeStringMatcher(removeOnMatch.keyMatcher)
    return headers => headers.removeIf(name => !name.startsWith(':') && matches(name))
  }
  if (append === undefined) throw configError(message, undefined, 'needs remove, append or remove_on_match')
  const addition = makeAddition(append, context, commands)
  return (headers, logContext) => applyAddition(addition, headers, logContext)
}

function applyAddition(addition: Addition, headers: HeaderMap, context: LogContext): void {
  const { name, onlyIfPresent } = addition
  if (onlyIfPresent !== undefined && headers.has(name) !== onlyIfPresent) return
  const value = typeof addition.value === 'string' ? addition.value : addition.value(context)
  if (value === '' && !addition.keepEmpty) return
  if (name.startsWith(':')) {
    // There is one of each, at the front.
    headers.set(name, value)
    return
  }
  if (addition.overwrites) headers.remove(name)
  headers.add(name, value)
}
