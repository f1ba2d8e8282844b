/** Changes of path and host, by routes and redirects. Follows Envoy's `config_impl.cc` (finalizePathHeader). */
import { ConfigError } from '../base/errors.ts'
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import {
  type RegexMatchAndSubstitute,
  type RouteAction,
  type TypedExtensionConfig,
  UriTemplateRewriteConfig,
} from '../config/v3.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { headerContext } from '../format/header-parser.ts'
import type { FormatContext } from '../core/format.ts'
import { makeTextFormatter } from '../format/text-formatter.ts'
import { makeReplacement } from '../matching/regex.ts'
import { withoutQuery } from './path.ts'
import type { RouteMatcher } from './route-match.ts'

/** The new value of a header, '' to leave it. */
type Rewrite = (headers: HeaderMap, streamInfo: StreamInfo) => string

interface PathRewriteFields {
  readonly prefixRewrite?: string | undefined
  readonly regexRewrite?: RegexMatchAndSubstitute | undefined
  readonly pathRewrite?: string | undefined
  readonly pathRewritePolicy?: TypedExtensionConfig | undefined
}

/** Makes the new `:path` with its query; `undefined` when the path stays. Throws `ConfigError`. */
export function makePathRewrite(
  message: PathRewriteFields,
  matcher: RouteMatcher,
  context: FormatContext,
): Rewrite | undefined {
  const { prefixRewrite, regexRewrite, pathRewrite, pathRewritePolicy } = message
  if ([prefixRewrite, regexRewrite, pathRewrite, pathRewritePolicy].filter(Boolean).length > 1)
    throw configError(
      message,
      undefined,
      'only one of prefix_rewrite, regex_rewrite, path_rewrite and path_rewrite_policy may be set',
    )
  if (prefixRewrite && matcher.template !== undefined)
    throw configError(message, 'prefixRewrite', 'cannot be used with path_match_policy')
  if (pathRewritePolicy !== undefined) return templateRewrite(pathRewritePolicy, matcher)
  if (prefixRewrite) {
    const bytes = toBytes(prefixRewrite)
    return headers => {
      const path = headers.path
      return bytes + path.slice(matcher.matchedLength(withoutQuery(path)))
    }
  }
  if (regexRewrite !== undefined) {
    const replace = makeReplacement(regexRewrite)
    return headers => {
      const path = headers.path
      const bare = withoutQuery(path)
      return replace(bare) + path.slice(bare.length)
    }
  }
  if (pathRewrite) {
    const rewrite = formatRewrite(message, 'pathRewrite', pathRewrite, context, true)
    return (headers, streamInfo) => {
      const path = rewrite(headers, streamInfo)
      return path === '' ? '' : path + headers.path.slice(withoutQuery(headers.path).length)
    }
  }
  return undefined
}

/** There is one kind of path rewriter, and it needs the path matcher of its own kind. */
function templateRewrite(message: TypedExtensionConfig, matcher: RouteMatcher): Rewrite {
  const any = message.typedConfig
  if (any?.typeUrl !== UriTemplateRewriteConfig.typeUrl)
    throw configError(message, 'typedConfig', `needs a path rewriter: ${UriTemplateRewriteConfig.typeUrl}`)
  if (matcher.template === undefined)
    throw configError(message, undefined, 'needs a path_match_policy of envoy.path.match.uri_template')
  const config = any.value as UriTemplateRewriteConfig
  let rewrite: (path: string) => string | undefined
  try {
    rewrite = matcher.template.makeRewrite(config.pathTemplateRewrite)
  } catch (error) {
    throw configError(config, 'pathTemplateRewrite', `${(error as Error).message}, in "${config.pathTemplateRewrite}"`)
  }
  return headers => {
    const path = headers.path
    const bare = withoutQuery(path)
    // A filter may have changed the path since it matched.
    const made = rewrite(bare)
    return made === undefined ? path : made + path.slice(bare.length)
  }
}

/** Makes the new `:authority`; `undefined` when the host stays. Throws `ConfigError`. */
export function makeHostRewrite(message: RouteAction, context: FormatContext): Rewrite | undefined {
  const { hostRewriteLiteral, hostRewriteHeader, hostRewritePathRegex, hostRewrite } = message
  if (hostRewriteLiteral) {
    const bytes = toBytes(hostRewriteLiteral)
    return () => bytes
  }
  if (hostRewriteHeader) {
    const name = hostRewriteHeader.toLowerCase()
    return headers => headers.get(name) ?? ''
  }
  if (hostRewritePathRegex !== undefined) {
    const replace = makeReplacement(hostRewritePathRegex)
    return headers => replace(withoutQuery(headers.path))
  }
  if (hostRewrite) return formatRewrite(message, 'hostRewrite', hostRewrite, context, false)
  return undefined
}

/** `omitEmpty`: '' for what a command does not find, `-` otherwise. Throws `ConfigError`. */
export function formatRewrite(
  of: object,
  field: string,
  format: string,
  context: FormatContext,
  omitEmpty: boolean,
): Rewrite {
  try {
    const formatter = makeTextFormatter(format, context, omitEmpty)
    return (headers, streamInfo) => formatter(headerContext(headers, undefined, streamInfo))
  } catch (error) {
    if (error instanceof ConfigError) throw configError(of, field, error.reason)
    throw error
  }
}

/** Replaces `:path`, keeping the first one as `x-envoy-original-path` when asked. */
export function rewritePath(headers: HeaderMap, path: string, keepOriginal: boolean): void {
  if (path === '') return
  if (keepOriginal) headers.set('x-envoy-original-path', headers.path)
  headers.set(':path', path)
}

/** Replaces `:authority`, and remembers the old one as asked. */
export function rewriteHost(
  headers: HeaderMap,
  host: string,
  appendForwardedHost: boolean,
  keepOriginal: boolean,
): void {
  const old = headers.authority
  if (old !== '') {
    if (keepOriginal) headers.set('x-envoy-original-host', old)
    if (appendForwardedHost) {
      const forwarded = headers.get('x-forwarded-host')
      if (!forwarded) headers.set('x-forwarded-host', old)
      else if (forwarded.slice(forwarded.lastIndexOf(',') + 1) !== old)
        headers.set('x-forwarded-host', `${forwarded},${old}`)
    }
  }
  headers.set(':authority', host)
}
