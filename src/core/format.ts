/** Commands of format strings, built in and brought by formatter extensions. Follows `envoy/formatter/substitution_formatter.h`. */
import type { JsonValue } from '../config/json-source.ts'
import type { LogContext } from './access-log.ts'
import type { FactoryContext, ListenerFactoryContext } from './extension.ts'

/** Strings are byte strings. `undefined`: there is no value (`-`, or null in JSON). */
export type Getter = ((context: LogContext) => JsonValue | undefined) & {
  /** What a whole JSON value gets instead. */
  readonly typed?: Getter
}

/** What a format is made for; many contexts are those of a listener's extension. */
export type FormatContext = Pick<FactoryContext, 'clusters' | 'node' | 'extensions'> &
  Partial<Pick<ListenerFactoryContext, 'trafficDirection' | 'listenerMetadata'>>

export interface Command {
  readonly args: 'none' | 'optional' | 'required'
  /** Whether `:10` may follow. */
  readonly length: boolean
  /** Throws Error with what is wrong with the arguments, '' when there are none. */
  make(args: string, context: FormatContext): Getter
}
