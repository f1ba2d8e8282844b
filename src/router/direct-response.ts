/** Settings of `direct_response` and `redirect`. Follows Envoy's `config_impl.cc` (newUri, processRequestHost). */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { DirectResponseAction, RedirectAction } from '../config/v3.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { readDataSource } from '../format/data-source.ts'
import { makeFormatter } from '../format/formatter.ts'
import { headerContext } from '../format/header-parser.ts'
import type { FormatContext } from '../core/format.ts'
import { formatRewrite, makePathRewrite } from './rewrite.ts'
import type { DirectSettings, RouteSettings } from './route.ts'
import type { RouteMatcher } from './route-match.ts'

/** Throws `ConfigError` for a body that cannot be read or is longer than the limit. */
export function directResponseSettings(
  message: DirectResponseAction,
  common: RouteSettings,
  context: FormatContext,
  limitBytes: number,
): DirectSettings {
  const text = message.body === undefined ? '' : readDataSource(message.body)
  const body = Buffer.from(text, 'utf8')
  if (body.length > limitBytes)
    throw configError(message, 'body', `response body size is ${body.length} bytes; maximum is ${limitBytes}`)
  const base = { ...common, status: message.status, location: ownUri, pathRewrite: undefined }
  if (message.bodyFormat === undefined) return { ...base, contentType: '', body: () => body }
  const { format, contentType } = makeFormatter(message.bodyFormat, context)
  const localReplyBody = body.toString('latin1')
  return {
    ...base,
    // Plain text is what a body has anyway.
    contentType:
      message.bodyFormat.contentType === '' && message.bodyFormat.jsonFormat === undefined ? '' : contentType,
    body: (headers, streamInfo) =>
      Buffer.from(format({ ...headerContext(headers, undefined, streamInfo), localReplyBody }), 'latin1'),
  }
}

const statuses: Readonly<Record<RedirectAction['responseCode'], number>> = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
}

/** Throws `ConfigError` for a bad rewrite. */
export function redirectSettings(
  message: RedirectAction,
  common: RouteSettings,
  matcher: RouteMatcher,
  context: FormatContext,
): DirectSettings {
  const scheme = message.schemeRedirect || (message.httpsRedirect ? 'https' : '')
  const host = toBytes(message.hostRedirect)
  const port = message.portRedirect === 0 ? '' : `:${message.portRedirect}`
  const fixedPath = toBytes(message.pathRedirect ?? '')
  const makePath = message.pathRewrite
    ? formatRewrite(message, 'pathRewrite', message.pathRewrite, context, true)
    : () => fixedPath
  const { prefixRewrite, regexRewrite, stripQuery } = message
  return {
    ...common,
    status: statuses[message.responseCode],
    contentType: '',
    body: () => '',
    pathRewrite: makePathRewrite({ prefixRewrite, regexRewrite }, matcher, context),
    location: (headers, streamInfo) => {
      const finalScheme = scheme || headers.scheme
      const finalHost = host || requestHost(headers, finalScheme, port)
      const path = makePath(headers, streamInfo)
      // A query of its own takes the place of the request's.
      const ownQuery = path.includes('?')
      let finalPath = headers.path
      if (path !== '') {
        const query = ownQuery ? -1 : finalPath.indexOf('?')
        finalPath = query < 0 ? path : path + finalPath.slice(query)
      }
      if (stripQuery && !ownQuery) finalPath = finalPath.split('?', 1)[0] as string
      return `${finalScheme}://${finalHost}${port}${finalPath}`
    },
  }
}

/** The redirect to https of a virtual host with `require_tls`. */
export function tlsRedirectSettings(common: RouteSettings): DirectSettings {
  return {
    ...common,
    status: 301,
    contentType: '',
    body: () => '',
    pathRewrite: undefined,
    location: headers => `https://${headers.authority}${headers.path}`,
  }
}

/** The host of the request, without a port that would be wrong under the new scheme or port. */
function requestHost(headers: HeaderMap, newScheme: string, newPort: string): string {
  const host = headers.authority
  const colon = host.startsWith('[') ? host.lastIndexOf(']:') + 1 : host.lastIndexOf(':')
  if (colon <= 0) return host
  const port = host.slice(colon)
  const scheme = headers.get('x-forwarded-proto') ?? ''
  const wrong =
    newPort !== '' ||
    (newScheme !== scheme && ((scheme === 'https' && port === ':443') || (scheme === 'http' && port === ':80')))
  return wrong ? host.slice(0, colon) : host
}

/** What Envoy sends as `location` of a 201 or 3xx that is no redirect. */
function ownUri(headers: HeaderMap): string {
  return `${headers.scheme}://${headers.authority}${headers.path}`
}
