/** What is said of resources of each type, in Envoy's words, and what is counted besides. */
import { RouteConfiguration, ScopedRouteConfiguration, TypedExtensionConfig } from '../config/v3.ts'

export interface ResourceKind {
  readonly service: string
  /** Of its methods, after `Stream` and `Delta`. */
  readonly method: string
  /** An answer without the resource: is counted (`update_empty`), or a fault. */
  readonly canBeEmpty: boolean
  wrongCount(count: number): string
  wrongName(expected: string, name: string): string
  /** Instead of `config_reload_time_ms`: `config_fail` and `config_conflict`. */
  readonly countsFaults: boolean
  /** What a control plane takes away is gone; else it stays. */
  readonly canBeRemoved: boolean
  /** All of the type are followed together. */
  readonly isCollection: boolean
  /** Before the name of one that comes twice. */
  readonly duplicate: string
}

const routes: ResourceKind = {
  service: 'envoy.service.route.v3.RouteDiscoveryService',
  method: 'Routes',
  canBeEmpty: true,
  wrongCount: count => `Unexpected RDS resource length: ${count}`,
  wrongName: (expected, name) => `Unexpected RDS configuration (expecting ${expected}): ${name}`,
  countsFaults: false,
  canBeRemoved: false,
  isCollection: false,
  duplicate: '',
}

const extensions: ResourceKind = {
  service: 'envoy.service.extension.v3.ExtensionConfigDiscoveryService',
  method: 'ExtensionConfigs',
  canBeEmpty: false,
  wrongCount: count => `Unexpected number of resources in ExtensionConfigDS response: ${count}`,
  wrongName: (_, name) => `Unexpected resource name in ExtensionConfigDS response: ${name}`,
  countsFaults: true,
  canBeRemoved: true,
  isCollection: false,
  duplicate: '',
}

const scopes: ResourceKind = {
  ...routes,
  service: 'envoy.service.route.v3.ScopedRoutesDiscoveryService',
  method: 'ScopedRoutes',
  canBeRemoved: true,
  isCollection: true,
  duplicate: 'duplicate scoped route configuration',
}

const kinds: ReadonlyMap<string, ResourceKind> = new Map([
  [RouteConfiguration.typeUrl, routes],
  [ScopedRouteConfiguration.typeUrl, scopes],
  [TypedExtensionConfig.typeUrl, extensions],
])

/** Of a type that something may follow. */
export function kindOf(typeUrl: string): ResourceKind {
  return kinds.get(typeUrl) as ResourceKind
}
