/**
 * Tags of a stat: parts of its dotted name, such as the cluster's, that Prometheus and other sinks show as labels.
 * The default rules are Envoy's (source/common/config/well_known_names.cc), as is the order of the labels.
 */

export interface Tag {
  readonly name: string
  readonly value: string
}

export interface TaggedName {
  /** The stat's name with the tags' parts cut out. */
  readonly name: string
  readonly tags: readonly Tag[]
}

/** Group 1 is cut out of the name; group 2, or 1 where there is no 2, is the value. */
interface RegexRule {
  readonly tag: string
  readonly regex: RegExp
  /** This value is no tag. */
  readonly except?: string
}

/** Dot-separated tokens: `$` is the tag, `*` any token, `**` any number of tokens, but at the end at least one. */
interface TokenRule {
  readonly tag: string
  readonly tokens: string
}

interface FixedRule {
  readonly tag: string
  readonly value: string
}

export type TagRule = RegexRule | TokenRule | FixedRule

const token = String.raw`[^.]+`
const address = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|\[[a-fA-F_\d]+\])_\d+`
const listenerOrCluster = String.raw`(?:listener|cluster)\..*?`

/** Most specific first: the first rule that finds a tag wins, and all of these come before `tokenRules`. */
const regexRules: readonly RegexRule[] = [
  { tag: 'envoy.response_code', regex: /_rq(_(\d{3}))$/ },
  { tag: 'envoy.response_code_class', regex: /_rq_((\d))xx$/ },
  {
    tag: 'envoy.dynamo_partition_id',
    regex: new RegExp(
      String.raw`^http\.${token}\.dynamodb\.table\.${token}\.capacity\.${token}(\.__partition_id=(\w{7}))$`,
    ),
  },
  {
    tag: 'envoy.dynamo_operation',
    regex: new RegExp(
      String.raw`^http\.${token}\.dynamodb\.(?:operation|table\.${token}\.capacity)(\.(${token}))(?:\.|$)`,
    ),
  },
  {
    tag: 'envoy.dynamo_table',
    regex: new RegExp(String.raw`^http\.${token}\.dynamodb\.(?:table|error)\.((${token})\.)`),
  },
  { tag: 'envoy.ssl_cipher', regex: /^listener\..*?\.ssl\.ciphers(\.([\w-]+))$/ },
  { tag: 'envoy.ssl_curve', regex: new RegExp(String.raw`^${listenerOrCluster}\.ssl\.curves(\.([\w-]+))$`) },
  { tag: 'envoy.ssl_sigalg', regex: new RegExp(String.raw`^${listenerOrCluster}\.ssl\.sigalgs(\.([\w-]+))$`) },
  { tag: 'envoy.ssl_version', regex: new RegExp(String.raw`^${listenerOrCluster}\.ssl\.versions(\.(TLSv\d\.\d))$`) },
  { tag: 'cipher_suite', regex: new RegExp(String.raw`^cluster\.${token}\.ssl\.ciphers(\.([\w-]+))$`) },
  {
    tag: 'envoy.http_conn_manager_prefix',
    regex: new RegExp(String.raw`^listener\..*?\.http\.((${token})\.)`),
  },
  {
    tag: 'envoy.worker_id',
    regex: new RegExp(
      String.raw`^(?:listener\.(?:${address}|${token})\.|server\.|listener_manager\.|thread_local_cluster_manager\.)worker_((\d+)\.)`,
    ),
  },
  {
    tag: 'envoy.listener_address',
    regex: new RegExp(String.raw`^listener\.((${address}|${token})\.)`),
    except: 'admin',
  },
  { tag: 'envoy.rds_route_config', regex: new RegExp(String.raw`^http\.${token}\.rds\.(([\w.-]+)\.)\w+?$`) },
]

const tokenRules: readonly TokenRule[] = [
  { tag: 'envoy.mongo_callsite', tokens: 'mongo.*.collection.*.callsite.$.query.**' },
  { tag: 'envoy.mongo_collection', tokens: 'mongo.*.collection.$.**.query.*' },
  { tag: 'envoy.mongo_cmd', tokens: 'mongo.*.cmd.$.**' },
  { tag: 'envoy.grpc_bridge_method', tokens: 'cluster.*.grpc.*.$.**' },
  { tag: 'envoy.http_user_agent', tokens: 'http.*.user_agent.$.**' },
  { tag: 'envoy.virtual_cluster', tokens: 'vhost.*.vcluster.$.**' },
  { tag: 'envoy.fault_downstream_cluster', tokens: 'http.*.fault.$.**' },
  { tag: 'envoy.grpc_bridge_service', tokens: 'cluster.*.grpc.$.**' },
  { tag: 'envoy.tcp_prefix', tokens: 'tcp.$.**' },
  { tag: 'envoy.udp_prefix', tokens: 'udp.$.**' },
  { tag: 'envoy.clientssl_prefix', tokens: 'auth.clientssl.$.**' },
  { tag: 'envoy.ratelimit_prefix', tokens: 'ratelimit.$.**' },
  { tag: 'envoy.cluster_name', tokens: 'cluster.$.**' },
  { tag: 'envoy.ext_authz_prefix', tokens: 'cluster.*.ext_authz.$.**' },
  { tag: 'envoy.ext_authz_prefix', tokens: 'http.*.ext_authz.$.**' },
  { tag: 'envoy.http_conn_manager_prefix', tokens: 'http.$.**' },
  { tag: 'envoy.virtual_host', tokens: 'vhost.$.**' },
  { tag: 'envoy.mongo_prefix', tokens: 'mongo.$.**' },
  { tag: 'envoy.route', tokens: 'vhost.*.route.$.**' },
  { tag: 'envoy.thrift_prefix', tokens: 'thrift.$.**' },
  { tag: 'envoy.redis_prefix', tokens: 'redis.$.**' },
  { tag: 'envoy.rbac_prefix', tokens: '$.rbac.**' },
  { tag: 'envoy.local_http_ratelimit_prefix', tokens: '$.http_local_rate_limit.**' },
  { tag: 'envoy.local_network_ratelimit_prefix', tokens: 'local_rate_limit.$.**' },
  { tag: 'envoy.local_listener_ratelimit_prefix', tokens: 'listener_local_ratelimit.$.**' },
  { tag: 'envoy.dns_filter_prefix', tokens: 'dns_filter.$.**' },
  { tag: 'envoy.connection_limit_prefix', tokens: 'connection_limit.$.**' },
]

/** Names that `stats_tags` may use without a rule of its own, with the rules it then means. */
export function defaultRulesOf(tag: string): readonly TagRule[] {
  return [...regexRules, ...tokenRules].filter(rule => rule.tag === tag)
}

interface CompiledRule {
  readonly tag: string
  readonly match: (name: string, tokens: readonly string[]) => Match | undefined
}

/** Where the tag stands in the name; nowhere for a fixed one. */
type Match = { readonly value: string; readonly start: number; readonly end: number }

export class TagExtraction {
  /** Rules for any name, then those for names that start with the key; Envoy tries them in this order. */
  readonly #general: CompiledRule[] = []
  readonly #byFirstToken = new Map<string, CompiledRule[]>()

  /** @param more `stats_tags`, after the default rules */
  constructor(more: readonly TagRule[] = [], useDefaults = true) {
    for (const rule of useDefaults ? [...regexRules, ...tokenRules, ...more] : more) {
      const first = firstToken(rule)
      const compiled = compile(rule)
      if (first === undefined) this.#general.push(compiled)
      else this.#byFirstToken.set(first, [...(this.#byFirstToken.get(first) ?? []), compiled])
    }
  }

  extract(name: string): TaggedName {
    const tokens = name.split('.')
    const tags: Tag[] = []
    const cuts: Match[] = []
    for (const { tag, match } of [...this.#general, ...(this.#byFirstToken.get(tokens[0] as string) ?? [])]) {
      if (tags.some(each => each.name === tag)) continue
      const found = match(name, tokens)
      if (found === undefined) continue
      tags.push({ name: tag, value: found.value })
      cuts.push(found)
    }
    return { name: cut(name, cuts), tags }
  }
}

function firstToken(rule: TagRule): string | undefined {
  if ('value' in rule) return undefined
  if ('tokens' in rule) {
    const first = rule.tokens.split('.')[0] as string
    return /^[$*]/.test(first) ? undefined : first
  }
  return /^\^(\w+)\\\./.exec(rule.regex.source)?.[1]
}

function compile(rule: TagRule): CompiledRule {
  const { tag } = rule
  if ('value' in rule) return { tag, match: () => ({ value: rule.value, start: 0, end: 0 }) }
  if ('tokens' in rule) {
    const pattern = rule.tokens.split('.')
    return { tag, match: (_, tokens) => matchTokens(pattern, tokens) }
  }
  const regex = new RegExp(rule.regex.source, 'd')
  return { tag, match: name => matchRegex(regex, rule.except, name) }
}

function matchRegex(regex: RegExp, except: string | undefined, name: string): Match | undefined {
  const match = regex.exec(name)
  const position = match?.indices?.[1]
  if (match === null || position === undefined) return undefined
  const value = match[2] ?? match[1] ?? ''
  return value === except ? undefined : { value, start: position[0], end: position[1] }
}

function matchTokens(pattern: readonly string[], tokens: readonly string[]): Match | undefined {
  const at = walk(pattern, 0, tokens, 0)
  if (at === undefined) return undefined
  let start = 0
  for (let i = 0; i < at; i++) start += (tokens[i] as string).length + 1
  const value = tokens[at] as string
  // The dot behind goes, too: no pattern ends with the tag.
  return { value, start, end: start + value.length + 1 }
}

/** Index of the token that `$` stands for, -1 while it is not reached, undefined when the pattern does not match. */
function walk(pattern: readonly string[], p: number, tokens: readonly string[], t: number): number | undefined {
  let found: number | undefined
  while (p < pattern.length) {
    const part = pattern[p]
    if (part === '**') {
      if (p === pattern.length - 1) return t < tokens.length ? (found ?? -1) : undefined
      for (let skip = t; skip <= tokens.length; skip++) {
        const rest = walk(pattern, p + 1, tokens, skip)
        if (rest !== undefined) return found ?? rest
      }
      return undefined
    }
    if (t >= tokens.length) return undefined
    if (part === '$') found = t
    else if (part !== '*' && part !== tokens[t]) return undefined
    p++
    t++
  }
  return t === tokens.length ? (found ?? -1) : undefined
}

function cut(name: string, cuts: readonly Match[]): string {
  let result = ''
  let at = 0
  for (const { start, end } of [...cuts].sort((a, b) => a.start - b.start)) {
    if (start > at) result += name.slice(at, start)
    at = Math.max(at, end)
  }
  return result + name.slice(at)
}
