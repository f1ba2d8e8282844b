/** `envoy.access_loggers.file`: lines in a file. */
import { FileAccessLog, type SubstitutionFormatString } from '../../../config/v3.ts'
import type { AccessLogExtension } from '../../../core/extension.ts'
import { makeLineLog } from '../common/line-log.ts'

export const fileAccessLog: AccessLogExtension<FileAccessLog> = {
  kind: 'access-log',
  name: 'envoy.access_loggers.file',
  message: FileAccessLog,
  create: (message, context) => makeLineLog(message, message.path, formatOf(message), context),
}

/** The older fields say the same as `log_format`; an empty `format` is the default line. */
function formatOf(message: FileAccessLog): SubstitutionFormatString | undefined {
  if (message.logFormat !== undefined) return message.logFormat
  const jsonFormat = message.jsonFormat ?? message.typedJsonFormat
  const rest = { omitEmptyValues: false, contentType: '', formatters: [] }
  if (jsonFormat !== undefined) return { jsonFormat, ...rest }
  return message.format ? { textFormat: message.format, ...rest } : undefined
}
