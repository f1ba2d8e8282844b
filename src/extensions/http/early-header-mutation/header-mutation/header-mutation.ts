/** `envoy.http.early_header_mutation.header_mutation`: changes request headers before the connection manager reads them. */
import { EarlyHeaderMutation } from '../../../../config/v3.ts'
import type { EarlyHeaderMutationExtension } from '../../../../core/extension.ts'
import { headerContext } from '../../../../format/header-parser.ts'
import { makeHeaderMutationList } from '../../../../router/header-mutation.ts'

export const earlyHeaderMutation: EarlyHeaderMutationExtension<EarlyHeaderMutation> = {
  kind: 'early-header-mutation',
  name: 'envoy.http.early_header_mutation.header_mutation',
  message: EarlyHeaderMutation,
  create(message, context) {
    const mutate = makeHeaderMutationList(message.mutations, context)
    return { mutate: (headers, streamInfo) => mutate?.(headers, headerContext(headers, undefined, streamInfo)) }
  },
}
