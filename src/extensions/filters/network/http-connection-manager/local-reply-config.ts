/** `local_reply_config`: other statuses, bodies and headers for local replies. Follows Envoy's `source/common/local_reply`. */
import { configError } from '../../../../config/position.ts'
import type { LocalReplyConfig, ResponseMapper } from '../../../../config/v3.ts'
import type { LogContext } from '../../../../core/access-log.ts'
import type { ListenerFactoryContext } from '../../../../core/extension.ts'
import { readDataSource } from '../../../../format/data-source.ts'
import { makeFormatter, type MessageFormatter } from '../../../../format/formatter.ts'
import { type HeaderMutations, makeHeaderMutations } from '../../../../format/header-parser.ts'
import type { LocalReplyRewriter } from '../../../../http/local-reply.ts'
import { type LogPredicate, makeAccessLogFilter } from '../../../access-loggers/common/filter.ts'

interface Mapper {
  readonly matches: LogPredicate
  readonly status: number | undefined
  readonly body: Uint8Array | undefined
  readonly formatter: MessageFormatter | undefined
  readonly headers: HeaderMutations | undefined
}

export function makeLocalReplyRewriter(message: LocalReplyConfig, context: ListenerFactoryContext): LocalReplyRewriter {
  const mappers = message.mappers.map(each => makeMapper(each, context))
  const common = message.bodyFormat && makeFormatter(message.bodyFormat, context)
  return {
    rewrite(reply, headers, logContext) {
      const mapper = mappers.find(each => each.matches(logContext))
      const formatter = mapper?.formatter ?? common
      const body = mapper?.body ?? reply.body
      const status = mapper?.status ?? reply.status
      const seen: LogContext = { ...logContext, localReplyBody: Buffer.from(body).toString('latin1') }
      mapper?.headers?.apply(headers, seen)
      if (status !== reply.status) {
        headers.set(':status', String(status))
        seen.streamInfo.responseCode = status
      }
      if (formatter === undefined) return { status, body, contentType: 'text/plain' }
      return { status, body: Buffer.from(formatter.format(seen), 'latin1'), contentType: formatter.contentType }
    },
  }
}

function makeMapper(message: ResponseMapper, context: ListenerFactoryContext): Mapper {
  if (message.filter === undefined) throw configError(message, 'filter', 'a mapper needs a filter')
  return {
    matches: makeAccessLogFilter(message.filter, context),
    status: message.statusCode,
    body: message.body === undefined ? undefined : Buffer.from(readDataSource(message.body)),
    formatter: message.bodyFormatOverride && makeFormatter(message.bodyFormatOverride, context),
    headers: makeHeaderMutations(message.headersToAdd, [], context, message, 'headersToAdd'),
  }
}
