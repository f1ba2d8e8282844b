/** `envoy.formatter.req_without_query`: `%REQ_WITHOUT_QUERY(X?Y):Z%`. Follows `source/extensions/formatter/req_without_query`. */
import { ReqWithoutQuery } from '../../../config/v3.ts'
import type { FormatterExtension } from '../../../core/extension.ts'
import { header } from '../../../format/operators.ts'

export const reqWithoutQueryFormatter: FormatterExtension<ReqWithoutQuery> = {
  kind: 'formatter',
  name: 'envoy.formatter.req_without_query',
  message: ReqWithoutQuery,
  create: () =>
    new Map([
      [
        'REQ_WITHOUT_QUERY',
        {
          args: 'required',
          length: true,
          make(args) {
            const get = header(args, context => context.requestHeaders)
            return context => get(context)?.split('?', 1)[0]
          },
        },
      ],
    ]),
}
