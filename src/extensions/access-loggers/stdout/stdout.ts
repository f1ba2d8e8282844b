/** `envoy.access_loggers.stdout`: lines on the standard output of the process. */
import { StdoutAccessLog } from '../../../config/v3.ts'
import type { AccessLogExtension } from '../../../core/extension.ts'
import { makeLineLog } from '../common/line-log.ts'

export const stdoutAccessLog: AccessLogExtension<StdoutAccessLog> = {
  kind: 'access-log',
  name: 'envoy.access_loggers.stdout',
  message: StdoutAccessLog,
  create: (message, context) => makeLineLog(message, '/dev/stdout', message.logFormat, context),
}
