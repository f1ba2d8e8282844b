/** `envoy.formatter.cel`: `%CEL(…)%` and `%TYPED_CEL(…)%` with the functions that `cel_config` allows. */
import { Cel } from '../../../config/v3.ts'
import type { FormatterExtension } from '../../../core/extension.ts'
import { celOperators } from '../../../format/cel-operators.ts'

export const celFormatter: FormatterExtension<Cel> = {
  kind: 'formatter',
  name: 'envoy.formatter.cel',
  message: Cel,
  create: ({ celConfig }) => celOperators(celConfig ?? {}),
}
