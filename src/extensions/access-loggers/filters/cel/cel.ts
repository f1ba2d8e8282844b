/** `envoy.access_loggers.extension_filters.cel`: lines for which an expression is true. */
import { attributeEnvironment } from '../../../../attributes/attribute-source.ts'
import { compileCel } from '../../../../cel/cel.ts'
import { CelSyntaxError } from '../../../../cel/syntax-error.ts'
import { configError } from '../../../../config/position.ts'
import { ExpressionFilter } from '../../../../config/v3.ts'
import type { AccessLogFilterExtension } from '../../../../core/extension.ts'

export const celAccessLogFilter: AccessLogFilterExtension<ExpressionFilter> = {
  kind: 'access-log-filter',
  name: 'envoy.access_loggers.extension_filters.cel',
  message: ExpressionFilter,
  create(message, context) {
    try {
      const expression = compileCel(message.expression, attributeEnvironment(context), message.celConfig ?? {})
      return logContext => expression.matches(logContext)
    } catch (error) {
      if (error instanceof CelSyntaxError) throw configError(message, 'expression', error.message)
      throw error
    }
  },
}
