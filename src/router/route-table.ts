/** Finds the route of a request: virtual host by domain, then routes in order. Follows Envoy's `RouteMatcher` (config_impl.cc). */
import { configError } from '../config/position.ts'
import type { RouteConfiguration, VirtualHost as VirtualHostMessage } from '../config/v3.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { Route, RouteTable } from '../core/route.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { noPerFilterConfigs } from './per-filter-config.ts'
import { makeShadowPolicies } from './shadow-policy.ts'
import { makeClusterSpecifier } from './cluster-choice.ts'
import { addLevel } from './level.ts'
import { VirtualHost } from './virtual-host.ts'

/**
 * Throws `ConfigError`. `validateClusters`: what an unset `validate_clusters` means (true for a table inside a
 * listener, false for one that was discovered).
 */
export function makeRouteTable(
  message: RouteConfiguration,
  context: FactoryContext,
  validateClusters = true,
): RouteTable {
  const level = addLevel(
    {
      context,
      configuration: message,
      validateClusters: message.validateClusters ?? validateClusters,
      perFilterConfigs: noPerFilterConfigs,
      requestMutations: [],
      responseMutations: [],
      clusterSpecifiers: new Map(
        message.clusterSpecifierPlugins.map(each => [each.extension?.name ?? '', makeClusterSpecifier(each, context)]),
      ),
      shadowPolicies: makeShadowPolicies(message.requestMirrorPolicies, {
        context,
        validateClusters: message.validateClusters ?? validateClusters,
      }),
    },
    message,
  )
  const domains = new Domains(message)
  for (const each of message.virtualHosts) domains.add(each, new VirtualHost(each, level))
  return new Table(message, domains)
}

class Table implements RouteTable {
  readonly name: string
  readonly #internalOnlyHeaders: readonly string[]
  readonly #domains: Domains
  readonly #ignorePort: boolean
  /** Which header has the host. */
  readonly #hostHeader: string

  constructor(message: RouteConfiguration, domains: Domains) {
    this.name = message.name
    this.#internalOnlyHeaders = message.internalOnlyHeaders.map(name => name.toLowerCase())
    this.#domains = domains
    this.#ignorePort = message.ignorePortInHostMatching
    this.#hostHeader = message.vhostHeader === '' ? ':authority' : message.vhostHeader.toLowerCase()
  }

  internalOnlyHeaders(): readonly string[] {
    return this.#internalOnlyHeaders
  }

  route(headers: HeaderMap, streamInfo: StreamInfo, random: number): Route | undefined {
    const domains = this.#domains
    if (domains.onlyDefault) return domains.default?.route(headers, streamInfo, random)
    const authority = headers.get(this.#hostHeader)
    if (authority === undefined) return undefined
    return domains.find(this.#ignorePort ? withoutPort(authority) : authority)?.route(headers, streamInfo, random)
  }
}

/** Virtual hosts by domain: exact, then `*.suffix`, then `prefix.*`, the longest first, then `*`. */
class Domains {
  default: VirtualHost | undefined = undefined
  readonly #message: RouteConfiguration
  readonly #exact = new Map<string, VirtualHost>()
  readonly #suffixes: Wildcards = []
  readonly #prefixes: Wildcards = []

  constructor(message: RouteConfiguration) {
    this.#message = message
  }

  get onlyDefault(): boolean {
    return this.#exact.size === 0 && this.#suffixes.length === 0 && this.#prefixes.length === 0
  }

  add(message: VirtualHostMessage, host: VirtualHost): void {
    for (const [i, name] of message.domains.entries()) {
      const domain = name.toLowerCase()
      if (domain === '*') {
        if (this.default !== undefined) throw this.#error(message, i, 'only a single wildcard domain is permitted')
        this.default = host
        continue
      }
      const [map, key] = domain.startsWith('*')
        ? [ofLength(this.#suffixes, domain.length - 1), domain.slice(1)]
        : domain.endsWith('*')
          ? [ofLength(this.#prefixes, domain.length - 1), domain.slice(0, -1)]
          : [this.#exact, domain]
      if (map.has(key))
        throw this.#error(message, i, `only unique values for domains are permitted, duplicate entry of domain ${name}`)
      map.set(key, host)
    }
  }

  find(authority: string): VirtualHost | undefined {
    const host = this.#exact.get(authority)
    if (host !== undefined) return host
    const lower = authority.toLowerCase()
    return (
      this.#exact.get(lower) ??
      findWildcard(this.#suffixes, lower, suffixOf) ??
      findWildcard(this.#prefixes, lower, prefixOf) ??
      this.default
    )
  }

  #error(message: VirtualHostMessage, index: number, reason: string): Error {
    return configError(message, 'domains', `${reason} in route ${this.#message.name}`, index)
  }
}

/** By length of the domain without its star, the longest first. */
type Wildcards = { readonly length: number; readonly hosts: Map<string, VirtualHost> }[]

function ofLength(wildcards: Wildcards, length: number): Map<string, VirtualHost> {
  const found = wildcards.find(each => each.length === length)
  if (found !== undefined) return found.hosts
  const hosts = new Map<string, VirtualHost>()
  wildcards.push({ length, hosts })
  wildcards.sort((a, b) => b.length - a.length)
  return hosts
}

function findWildcard(
  wildcards: Wildcards,
  host: string,
  part: (host: string, length: number) => string,
): VirtualHost | undefined {
  for (const { length, hosts } of wildcards) {
    // The star stands for at least one character.
    if (length >= host.length) continue
    const found = hosts.get(part(host, length))
    if (found !== undefined) return found
  }
  return undefined
}

function suffixOf(host: string, length: number): string {
  return host.slice(host.length - length)
}

function prefixOf(host: string, length: number): string {
  return host.slice(0, length)
}

function withoutPort(authority: string): string {
  const colon = authority.lastIndexOf(':')
  return colon > 0 && colon > authority.lastIndexOf(']') && /^\d+$/.test(authority.slice(colon + 1))
    ? authority.slice(0, colon)
    : authority
}
