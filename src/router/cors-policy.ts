/** `CorsPolicy` of a route, a virtual host or a filter's configuration. Follows Envoy's `CorsPolicyImpl`. */
import { toBytes } from '../base/latin1.ts'
import type { CorsPolicy as Message } from '../config/v3.ts'
import type { Runtime } from '../core/extension.ts'
import type { CorsPolicy } from '../core/route.ts'
import { makeRuntimeFraction } from '../matching/runtime-fraction.ts'
import { makeStringMatcher } from '../matching/string-matcher.ts'

/** Throws `ConfigError` for a bad regex. */
export function makeCorsPolicy(message: Message, runtime: Runtime): CorsPolicy {
  const origins = message.allowOriginStringMatch.map(makeStringMatcher)
  const { filterEnabled, shadowEnabled } = message
  return {
    allowsOrigin: origins.length === 0 ? undefined : origin => origins.some(fits => fits('*') || fits(origin)),
    allowMethods: toBytes(message.allowMethods),
    allowHeaders: toBytes(message.allowHeaders),
    exposeHeaders: toBytes(message.exposeHeaders),
    maxAge: toBytes(message.maxAge),
    allowCredentials: message.allowCredentials,
    allowPrivateNetworkAccess: message.allowPrivateNetworkAccess,
    forwardNotMatchingPreflights: message.forwardNotMatchingPreflights,
    enabled: filterEnabled === undefined ? () => true : makeRuntimeFraction(filterEnabled, runtime),
    shadowEnabled: shadowEnabled === undefined ? () => false : makeRuntimeFraction(shadowEnabled, runtime),
  }
}
