/** `hash_policy`: by what a request is bound to a host. Follows Envoy's `source/common/http/hash_policy.cc`. */
import { toBytes } from '../base/latin1.ts'
import { xxHash64 } from '../base/xxhash64.ts'
import { configError } from '../config/position.ts'
import type { RouteAction_HashPolicy, RouteAction_HashPolicy_Cookie } from '../config/v3.ts'
import { addressToString } from '../core/address.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { HashPolicy } from '../core/route.ts'
import { filterStateOf, type StreamInfo } from '../core/stream-info.ts'
import { cookie } from './cookie-matcher.ts'
import { makeReplacement } from './regex.ts'

type AddCookie = ((setCookie: string) => void) | undefined

interface Method {
  readonly terminal: boolean
  /** Undefined: the request does not have it. */
  evaluate(headers: HeaderMap, streamInfo: StreamInfo, addCookie: AddCookie): bigint | undefined
}

/** Undefined without any. Throws `ConfigError`. */
export function makeHashPolicy(messages: readonly RouteAction_HashPolicy[]): HashPolicy | undefined {
  if (messages.length === 0) return undefined
  const methods = messages.map(makeMethod)
  return {
    hash(headers, streamInfo, addCookie) {
      let hash: bigint | undefined
      for (const method of methods) {
        const next = method.evaluate(headers, streamInfo, addCookie)
        // Turned by one bit, so that two equal values do not cancel each other out.
        if (next !== undefined)
          hash = hash === undefined ? next : BigInt.asUintN(64, (hash << 1n) | (hash >> 63n)) ^ next
        if (method.terminal && hash !== undefined) break
      }
      return hash
    },
  }
}

function makeMethod(message: RouteAction_HashPolicy): Method {
  const { terminal, header, cookie, connectionProperties, queryParameter, filterState } = message
  if (header !== undefined) {
    const name = header.headerName.toLowerCase()
    const rewrite = header.regexRewrite && makeReplacement(header.regexRewrite)
    return {
      terminal,
      evaluate(headers) {
        const values = headers.getAll(name)
        if (values.length === 0) return undefined
        const hashed = rewrite === undefined ? values : values.map(rewrite)
        if (hashed.length === 1) return xxHash64(hashed[0] as string)
        // In whichever order they come.
        let hash = 0n
        for (const value of hashed.toSorted()) hash = xxHash64(value, hash)
        return hash
      },
    }
  }
  if (cookie !== undefined) return { terminal, evaluate: cookieMethod(cookie) }
  if (connectionProperties !== undefined)
    return {
      terminal,
      evaluate(_headers, streamInfo) {
        const address = streamInfo.downstreamRemoteAddress
        return connectionProperties.sourceIp && address.kind === 'ip' ? xxHash64(address.ip) : undefined
      },
    }
  if (queryParameter !== undefined) {
    const name = toBytes(queryParameter.name)
    return {
      terminal,
      evaluate(headers) {
        const value = queryValue(headers.path, name)
        return value === undefined ? undefined : xxHash64(value)
      },
    }
  }
  if (filterState !== undefined)
    return {
      terminal,
      evaluate(_headers, streamInfo) {
        const value = filterStateOf(streamInfo, filterState.key)?.hashInput?.()
        return value === undefined ? undefined : xxHash64(value)
      },
    }
  throw configError(message, undefined, 'needs header, cookie, connection_properties, query_parameter or filter_state')
}

/** With a `ttl` a client without the cookie gets one, and is bound by it from this request on. */
function cookieMethod(message: RouteAction_HashPolicy_Cookie): Method['evaluate'] {
  const name = toBytes(message.name)
  const { ttl } = message
  const age = ttl === undefined || ttl === 0 ? '' : `; Max-Age=${Math.trunc(ttl / 1000)}`
  const path = message.path === '' ? '' : `; Path=${toBytes(message.path)}`
  const attributes = message.attributes.map(each =>
    each.value === '' ? `; ${toBytes(each.name)}` : `; ${toBytes(each.name)}=${toBytes(each.value)}`,
  )
  const tail = `${age}${path}${attributes.join('')}; HttpOnly`
  return (headers, streamInfo, addCookie) => {
    const value = cookie(headers, name)
    if (value) return xxHash64(value)
    if (ttl === undefined || addCookie === undefined) return undefined
    // The same for all requests of a connection, which may be on their way together.
    const { remoteAddress, localAddress } = streamInfo.downstream
    const made = xxHash64(addressToString(remoteAddress) + addressToString(localAddress))
      .toString(16)
      .padStart(16, '0')
    addCookie(`${name}="${made}"${tail}`)
    return xxHash64(made)
  }
}

/** The first of its name, as it stands there. */
function queryValue(path: string, name: string): string | undefined {
  const start = path.indexOf('?')
  if (start < 0) return undefined
  const fragment = path.indexOf('#', start)
  for (const part of path.slice(start + 1, fragment < 0 ? undefined : fragment).split('&')) {
    const equals = part.indexOf('=')
    if ((equals < 0 ? part : part.slice(0, equals)) === name) return equals < 0 ? '' : part.slice(equals + 1)
  }
  return undefined
}
