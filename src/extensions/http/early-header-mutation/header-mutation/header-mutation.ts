/** `envoy.http.early_header_mutation.header_mutation`: changes request headers before the connection manager reads them. */
import { configError } from '../../../../config/position.ts'
import { EarlyHeaderMutation } from '../../../../config/v3.ts'
import type { EarlyHeaderMutationExtension } from '../../../../core/extension.ts'
import { headerContext } from '../../../../format/header-parser.ts'
import { makeHeaderMutationList } from '../../../../router/header-mutation.ts'

export const earlyHeaderMutation: EarlyHeaderMutationExtension<EarlyHeaderMutation> = {
  kind: 'early-header-mutation',
  name: 'envoy.http.early_header_mutation.header_mutation',
  message: EarlyHeaderMutation,
  create(message, context) {
    for (const { append } of message.mutations) {
      const key = append?.header?.key.toLowerCase() ?? ''
      if (key.startsWith(':') || key === 'host')
        throw configError(append as object, 'header', ':-prefixed or host headers may not be modified')
    }
    const mutate = makeHeaderMutationList(message.mutations, context)
    return { mutate: (headers, streamInfo) => mutate?.(headers, headerContext(headers, undefined, streamInfo)) }
  },
}
