/** One endpoint of a cluster. Follows Envoy's `HostImpl`. */
import type { SharedCell } from '../base/shared-cells.ts'
import type { HealthStatus } from '../config/v3.ts'
import { type Address, addressToString } from '../core/address.ts'
import type { Host, HostStats, Metadata } from '../core/cluster.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { HttpPool, HttpVersion } from './http-pool.ts'
import type { TcpPool } from './tcp-pool.ts'

export interface Locality {
  readonly region: string
  readonly zone: string
  readonly subZone: string
}

export interface HostSettings {
  readonly clusterName: string
  readonly hostname: string
  readonly weight: number
  readonly priority: number
  readonly locality: Locality
  /** 0: none was given. */
  readonly localityWeight: number
  readonly metadata: Metadata | undefined
  readonly healthStatus: HealthStatus
}

export class UpstreamHost implements Host {
  address: Address
  addressString: string
  readonly hostname: string
  readonly clusterName: string
  readonly weight: number
  readonly priority: number
  readonly metadata: Metadata | undefined
  readonly locality: Locality
  /** The same for the same locality. */
  readonly localityKey: string
  readonly localityWeight: number
  readonly healthStatus: HealthStatus
  readonly healthy: boolean
  readonly degraded: boolean
  activeRequests = 0
  pendingRequests = 0
  /** Over all workers; only where the cluster limits them. */
  connections: SharedCell | undefined = undefined
  readonly stats: HostStats = {
    cxTotal: 0,
    cxActive: 0,
    cxConnectFail: 0,
    rqTotal: 0,
    rqActive: 0,
    rqSuccess: 0,
    rqError: 0,
    rqTimeout: 0,
  }
  /** By priority: default, high. Made on first use by the cluster. */
  readonly httpPools: Readonly<Record<HttpVersion, (HttpPool | undefined)[]>> = {
    http1: [undefined, undefined],
    http2: [undefined, undefined],
    auto: [undefined, undefined],
  }
  /** By version, priority and server identity; a pool leaves with its last connection. */
  readonly namedHttpPools = new Map<string, HttpPool>()
  readonly tcpPools: (TcpPool | undefined)[] = [undefined, undefined]

  constructor(address: Address, settings: HostSettings) {
    this.address = address
    this.addressString = addressToString(address)
    this.hostname = settings.hostname
    this.clusterName = settings.clusterName
    this.weight = settings.weight
    this.priority = settings.priority
    this.locality = settings.locality
    const { region, zone, subZone } = settings.locality
    this.localityKey = `${region}\0${zone}\0${subZone}`
    this.localityWeight = settings.localityWeight
    this.metadata = settings.metadata
    this.healthStatus = settings.healthStatus
    this.healthy = settings.healthStatus === 'UNKNOWN' || settings.healthStatus === 'HEALTHY'
    this.degraded = settings.healthStatus === 'DEGRADED'
  }

  /** For a logical host: connections made from now on go there. */
  moveTo(address: Address): void {
    this.address = address
    this.addressString = addressToString(address)
  }

  onResponse(status: number): void {
    if (status >= 500) this.stats.rqError++
    else this.stats.rqSuccess++
  }

  get pools(): ConnectionPool[] {
    return [...Object.values(this.httpPools).flat(), ...this.namedHttpPools.values(), ...this.tcpPools].filter(
      pool => pool !== undefined,
    )
  }
}
