/** One entry of an `access_log` list: the logger that its type URL selects, behind its filter. */
import type { AccessLog as AccessLogMessage } from '../../../config/v3.ts'
import type { AccessLog } from '../../../core/access-log.ts'
import type { FactoryContext } from '../../../core/extension.ts'
import { makeAccessLogFilter } from './filter.ts'

/** @throws ConfigError with the place */
export function makeAccessLog(message: AccessLogMessage, context: FactoryContext): AccessLog {
  const log = context.extensions.accessLog(message, context)
  if (message.filter === undefined) return log
  const passes = makeAccessLogFilter(message.filter, context)
  return {
    log(logContext) {
      if (passes(logContext)) log.log(logContext)
    },
  }
}
