/** An access log that appends a formatted line to a file: what the file, stdout and stderr loggers have in common. */
import { configError } from '../../../config/position.ts'
import type { SubstitutionFormatString } from '../../../config/v3.ts'
import type { AccessLog } from '../../../core/access-log.ts'
import type { FactoryContext } from '../../../core/extension.ts'
import { defaultAccessLogFormat, makeFormatter } from '../../../format/formatter.ts'
import { makeTextFormatter } from '../../../format/text-formatter.ts'

/**
 * @param message the logger's configuration, for the place of errors
 * @param format none: Envoy's default line
 * @throws ConfigError
 */
export function makeLineLog(
  message: object,
  path: string,
  format: SubstitutionFormatString | undefined,
  context: FactoryContext,
): AccessLog {
  const formatLine =
    format === undefined ? makeTextFormatter(defaultAccessLogFormat, context) : makeFormatter(format, context).format
  try {
    const file = context.openAccessLog(path)
    return { log: logContext => file.write(formatLine(logContext)) }
  } catch (error) {
    throw configError(message, 'path', (error as Error).message)
  }
}
