/**
 * Resources that come from a file or a control plane while the proxy runs, as their users see them: follow one by name, and
 * find what was made of its newest version. Follows Envoy's `Config::Subscription` and the providers of RDS and ECDS.
 */
import type { ConfigSource } from '../config/v3.ts'

/** Plain data. */
export interface DiscoveryRequest {
  /** `type.googleapis.com/envoy.config.route.v3.RouteConfiguration` */
  readonly typeUrl: string
  readonly name: string
  readonly source: ConfigSource
  /** Of the subscription's stats: `http.<stat_prefix>.rds.<name>`. */
  readonly statPrefix: string
  /** The proxy serves before it has come. */
  readonly isOptional?: boolean
}

/** What is made of when all resources of a type are followed together. */
export interface ResourceCollection {
  readonly resources: readonly object[]
}

export interface Discovered<T> {
  /** Undefined until the first version has come. */
  readonly current: T | undefined
  /** Nobody needs it any more. */
  close(): void
}

export type MakeOfResource<T> = (resource: object, onClose: (close: () => void) => void) => T

export interface Discovery {
  /**
   * Every version of the resource is made on the main thread first: what throws there (`ConfigError`) is refused, and the
   * version before goes on. What `make` asks for with `onClose` is called once the next version is in use.
   */
  follow<T>(request: DiscoveryRequest, make: MakeOfResource<T>): Discovered<T>
}
