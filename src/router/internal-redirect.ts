/** `internal_redirect_policy`: redirects that the proxy follows itself. Follows Envoy's `InternalRedirectPolicyImpl` and `Filter::setupRedirect`. */
import { configError } from '../config/position.ts'
import type { InternalRedirectPolicy as Message, RouteAction, TypedExtensionConfig } from '../config/v3.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { InternalRedirectPolicy, Route } from '../core/route.ts'
import type { StreamInfo } from '../core/stream-info.ts'

const followable = new Set([301, 302, 303, 307, 308])

/** Throws `ConfigError` for an unknown predicate. */
export function makeInternalRedirectPolicy(message: Message): InternalRedirectPolicy {
  const codes = message.redirectResponseCodes.filter(code => followable.has(code))
  return {
    statuses: new Set(message.redirectResponseCodes.length === 0 ? [302] : codes),
    maxRedirects: message.maxInternalRedirects ?? 1,
    allowCrossScheme: message.allowCrossSchemeRedirect,
    headersToCopy: message.responseHeadersToCopy.map(name => name.toLowerCase()),
    predicates: message.predicates.map((each, i) => makePredicate(each, message, i)),
  }
}

/** What `internal_redirect_action` and `max_internal_redirects` say, which the policy has replaced. */
export function oldRedirectPolicy(action: RouteAction): InternalRedirectPolicy | undefined {
  if (action.internalRedirectAction !== 'HANDLE_INTERNAL_REDIRECT') return undefined
  return {
    statuses: new Set([302]),
    maxRedirects: action.maxInternalRedirects ?? 1,
    allowCrossScheme: false,
    headersToCopy: [],
    predicates: [],
  }
}

function makePredicate(
  config: TypedExtensionConfig,
  of: Message,
  index: number,
): InternalRedirectPolicy['predicates'][number] {
  const any = config.typedConfig
  if (any === undefined) throw configError(config, 'typedConfig', 'is required')
  switch (any.typeUrl.slice(any.typeUrl.lastIndexOf('.') + 1)) {
    case 'AllowListedRoutesConfig': {
      const allowed = new Set((any.value as { readonly allowedRouteNames: readonly string[] }).allowedRouteNames)
      return ({ target }) => allowed.has(target)
    }
    case 'PreviousRoutesConfig':
      return ({ source, target, streamInfo }) => {
        const taken = streamInfo.internalRedirects?.routes
        const key = `${source}\n${target}`
        if (taken === undefined || taken.has(key)) return false
        taken.add(key)
        return true
      }
    case 'SafeCrossSchemeConfig':
      return ({ secure, targetSecure }) => secure || !targetSecure
    default:
      throw configError(of, 'predicates', `${any.typeUrl} is not supported by sluice`, index)
  }
}

/** Counters of the router, each for one reason to pass a redirect on. */
export type RedirectRefusal = 'bad_location' | 'unsafe_scheme' | 'too_many_redirects' | 'no_route' | 'predicate'

/** User information is left out. */
const absoluteUrl = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:[^/?#\s@]*@)?([^/?#\s@]+)([^#\s]*)(?:#\S*)?$/

/**
 * Makes the request that the client would have made next of `headers`, and looks for its route.
 * @param source the name of the route that is left
 * @returns why not, with `headers` as they were; undefined: the request may start again
 */
export function followRedirect(
  policy: InternalRedirectPolicy,
  source: string,
  headers: HeaderMap,
  response: HeaderMap,
  streamInfo: StreamInfo,
  newRoute: () => Route | undefined,
): RedirectRefusal | undefined {
  const url = absoluteUrl.exec(response.get('location') ?? '')
  if (url === null) return 'bad_location'
  const [, scheme = '', host = '', rest = ''] = url
  const secure = headers.scheme === 'https'
  const targetSecure = scheme.toLowerCase() !== 'http'
  if (!policy.allowCrossScheme && secure !== targetSecure) return 'unsafe_scheme'
  streamInfo.internalRedirects ??= { count: 0, routes: new Set() }
  const redirects = streamInfo.internalRedirects
  if (redirects.count >= policy.maxRedirects) return 'too_many_redirects'

  const saved = headers.list.slice()
  const original = `${secure ? 'https' : 'http'}://${headers.authority}${headers.path}`
  for (const name of policy.headersToCopy) {
    headers.remove(name)
    for (const value of response.getAll(name)) headers.add(name, value)
  }
  headers.set(':scheme', scheme.toLowerCase())
  headers.set(':authority', host)
  headers.set(':path', rest.startsWith('/') ? rest : `/${rest}`)
  const refusal = refuse(newRoute())
  if (refusal !== undefined) {
    headers.list.splice(0, headers.list.length, ...saved)
    return refusal
  }
  if (response.status === 303 && headers.method !== 'GET' && headers.method !== 'HEAD') {
    headers.set(':method', 'GET')
    headers.remove('content-length')
  }
  redirects.count++
  headers.set('x-envoy-original-url', original)
  return undefined

  function refuse(route: Route | undefined): RedirectRefusal | undefined {
    if (route === undefined) return 'no_route'
    const target = { source, target: route.routeName, secure, targetSecure, streamInfo }
    return policy.predicates.every(accepts => accepts(target)) ? undefined : 'predicate'
  }
}
