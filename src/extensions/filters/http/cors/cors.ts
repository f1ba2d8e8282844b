/** `envoy.filters.http.cors`: answers preflights and marks responses for other origins (the Fetch standard's CORS protocol). Follows Envoy's `cors_filter.cc`. */
import { Cors, CorsFilterPolicy } from '../../../../config/v3.ts'
import type { HttpFilterExtension } from '../../../../core/extension.ts'
import { HeaderMap } from '../../../../core/header-map.ts'
import type { HeadersStatus, HttpFilter, HttpFilterCallbacks } from '../../../../core/http-filter.ts'
import type { CorsPolicy } from '../../../../core/route.ts'
import { makeCorsPolicy } from '../../../../router/cors-policy.ts'
import type { Counter } from '../../../../stats/scope.ts'

interface Stats {
  readonly originValid: Counter
  readonly originInvalid: Counter
}

export const corsFilter: HttpFilterExtension<Cors, CorsFilterPolicy> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.cors',
  message: Cors,
  terminal: false,
  perRoute: { message: CorsFilterPolicy, parse: (message, context) => makeCorsPolicy(message, context.runtime) },
  create(_message, context) {
    const scope = context.httpStats.scope('cors')
    const stats = { originValid: scope.counter('origin_valid'), originInvalid: scope.counter('origin_invalid') }
    return callbacks => new CorsFilter(callbacks, stats)
  },
}

class CorsFilter implements HttpFilter {
  readonly #callbacks: HttpFilterCallbacks
  readonly #stats: Stats
  /** Of the route, most specific first. */
  #policies: readonly CorsPolicy[] = []
  /** Of a request whose response is to be marked. */
  #origin: string | undefined = undefined

  constructor(callbacks: HttpFilterCallbacks, stats: Stats) {
    this.#callbacks = callbacks
    this.#stats = stats
  }

  decodeHeaders(headers: HeaderMap): HeadersStatus {
    const callbacks = this.#callbacks
    const route = callbacks.route()
    // Envoy looks for policies where requests are forwarded only.
    if (route?.entry === undefined) return 'continue'
    const typed = route.allPerFilterConfigs(callbacks.filterConfigName, CorsFilterPolicy) as readonly CorsPolicy[]
    this.#policies = typed.length > 0 ? typed.toReversed() : route.entry.corsPolicies
    const [policy] = this.#policies
    if (policy === undefined) return 'continue'
    const enabled = policy.enabled(callbacks.random)
    if (!enabled && !policy.shadowEnabled(callbacks.random)) return 'continue'
    const origin = headers.get('origin')
    if (origin === undefined || origin === '') return 'continue'
    const isPreflight = headers.method === 'OPTIONS' && (headers.get('access-control-request-method') ?? '') !== ''
    if (this.#first('allowsOrigin')?.(origin) === true) {
      this.#stats.originValid.inc()
      if (enabled) this.#origin = origin
    } else {
      this.#stats.originInvalid.inc()
      if (this.#first('forwardNotMatchingPreflights') ?? true) return 'continue'
    }
    if (!enabled || !isPreflight) return 'continue'
    this.#answerPreflight(headers)
    return 'stop-all-and-buffer'
  }

  encodeHeaders(headers: HeaderMap): HeadersStatus {
    if (this.#origin === undefined) return 'continue'
    headers.set('access-control-allow-origin', this.#origin)
    this.#allowCredentials(headers)
    this.#addText(headers, 'access-control-expose-headers', 'exposeHeaders')
    return 'continue'
  }

  /** Without `access-control-allow-origin` where the origin is refused. */
  #answerPreflight(headers: HeaderMap): void {
    const response = new HeaderMap([':status', '200'])
    if (this.#origin !== undefined) response.add('access-control-allow-origin', this.#origin)
    this.#allowCredentials(response)
    this.#addText(response, 'access-control-allow-methods', 'allowMethods')
    this.#addText(response, 'access-control-allow-headers', 'allowHeaders')
    this.#addText(response, 'access-control-max-age', 'maxAge')
    if (
      this.#first('allowPrivateNetworkAccess') === true &&
      headers.get('access-control-request-private-network') === 'true'
    )
      response.add('access-control-allow-private-network', 'true')
    this.#callbacks.streamInfo.responseCodeDetails = 'cors_response'
    this.#callbacks.encodeHeaders(response, true)
  }

  #allowCredentials(headers: HeaderMap): void {
    if (this.#first('allowCredentials') === true) headers.set('access-control-allow-credentials', 'true')
  }

  #addText(headers: HeaderMap, name: string, key: 'allowMethods' | 'allowHeaders' | 'exposeHeaders' | 'maxAge'): void {
    const value = this.#first(key)
    if (value !== undefined) headers.set(name, value)
  }

  /** What the most specific policy that says something of it says. */
  #first<Key extends keyof CorsPolicy>(key: Key): CorsPolicy[Key] | undefined {
    for (const policy of this.#policies) if (policy[key] !== undefined && policy[key] !== '') return policy[key]
    return undefined
  }
}
