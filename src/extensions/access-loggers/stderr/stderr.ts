/** `envoy.access_loggers.stderr`: lines on the standard error of the process. */
import { StderrAccessLog } from '../../../config/v3.ts'
import type { AccessLogExtension } from '../../../core/extension.ts'
import { makeLineLog } from '../common/line-log.ts'

export const stderrAccessLog: AccessLogExtension<StderrAccessLog> = {
  kind: 'access-log',
  name: 'envoy.access_loggers.stderr',
  message: StderrAccessLog,
  create: (message, context) => makeLineLog(message, '/dev/stderr', message.logFormat, context),
}
