/** `envoy.filters.http.router`: sends requests where their route says. Last in every chain. */
import { Router } from '../../../../config/v3.ts'
import type { HttpFilterExtension } from '../../../../core/extension.ts'
import { RouterFilter } from '../../../../router/router.ts'
import { makeRouterSettings } from '../../../../router/router-settings.ts'
import { makeAccessLog } from '../../../access-loggers/common/make-access-log.ts'

export const routerFilter: HttpFilterExtension<Router> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.router',
  message: Router,
  terminal: true,
  create(message, context) {
    const logs = message.upstreamLog.map(each => makeAccessLog(each, context))
    const settings = makeRouterSettings(message, context, logs)
    return callbacks => new RouterFilter(callbacks, settings)
  },
}
