/** Answers without an upstream: `direct_response` and `redirect`. Follows Envoy's `Filter::decodeHeaders` for `directResponseEntry()`. */
import type { HeaderMap } from '../core/header-map.ts'
import type { HttpFilterCallbacks } from '../core/http-filter.ts'
import type { DirectResponse, Route } from '../core/route.ts'

/** @param addEnvoyHeaders the original path is kept in the request, for logs */
export function replyDirectly(
  callbacks: HttpFilterCallbacks,
  route: Route,
  direct: DirectResponse,
  headers: HeaderMap,
  addEnvoyHeaders: boolean,
): void {
  const { streamInfo } = callbacks
  direct.rewritePathHeader(headers, streamInfo, addEnvoyHeaders)
  const { status } = direct
  callbacks.sendLocalReply({
    status,
    body: direct.body(headers, streamInfo),
    details: 'direct_response',
    modifyHeaders(response) {
      const location = status === 201 || (status >= 300 && status < 400) ? direct.location(headers, streamInfo) : ''
      if (location !== '') response.add('location', location)
      route.finalizeResponseHeaders(response, streamInfo, headers)
      if (direct.contentType !== '') response.set('content-type', direct.contentType)
    },
  })
}
