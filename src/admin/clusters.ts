/** `/clusters`: clusters and their hosts, added up over the workers. Follows `source/server/admin/clusters_handler.cc`. */
import { addressToString } from '../core/address.ts'
import { addressJson } from './address-json.ts'
import type { CircuitBreakerLimits, ClusterStatus, HostStatus } from '../core/cluster.ts'
import { type AdminPath, badRequest, jsonResponse } from './admin-path.ts'
import { parseFilter } from './stats-request.ts'

export const clustersPath: AdminPath = {
  path: '/clusters',
  help: 'upstream cluster status',
  parameters: [{ name: 'filter', help: 'Regular expression (Google re2) for filtering clusters by name' }],
  async handle({ query }, context) {
    const filter = parseFilter(query.get('filter'))
    if (typeof filter === 'string') return badRequest(filter)
    const merged = mergeClusters(await context.clusters())
    const clusters = merged.filter(({ cluster }) => filter === undefined || filter.test(cluster.name))
    if (query.get('format') === 'json') return jsonResponse({ cluster_statuses: clusters.map(clusterJson) })
    return { body: clusters.map(clusterText).join('') }
  },
}

type Stats = Record<keyof HostStatus['stats'], number>

const statNames: readonly (readonly [name: string, key: keyof Stats, type: 'COUNTER' | 'GAUGE'])[] = [
  ['cx_connect_fail', 'cxConnectFail', 'COUNTER'],
  ['cx_total', 'cxTotal', 'COUNTER'],
  ['rq_error', 'rqError', 'COUNTER'],
  ['rq_success', 'rqSuccess', 'COUNTER'],
  ['rq_timeout', 'rqTimeout', 'COUNTER'],
  ['rq_total', 'rqTotal', 'COUNTER'],
  ['cx_active', 'cxActive', 'GAUGE'],
  ['rq_active', 'rqActive', 'GAUGE'],
  ['rq_pending_active', 'rqPendingActive', 'GAUGE'],
]

/** A cluster of the first worker, and what all workers count for each of its hosts. */
interface MergedCluster {
  readonly cluster: ClusterStatus
  readonly stats: ReadonlyMap<HostStatus, Stats>
}

/** Hosts are the same where cluster, priority and address are. */
function mergeClusters(workers: readonly (readonly ClusterStatus[])[]): readonly MergedCluster[] {
  const counted = new Map<string, HostStatus['stats'][]>()
  for (const cluster of workers.flat())
    for (const host of cluster.hosts) {
      const key = hostKey(cluster, host)
      const list = counted.get(key)
      if (list === undefined) counted.set(key, [host.stats])
      else list.push(host.stats)
    }
  return (workers[0] ?? []).map(cluster => ({
    cluster,
    stats: new Map(cluster.hosts.map(host => [host, sumStats(counted.get(hostKey(cluster, host)) ?? [])])),
  }))
}

function hostKey(cluster: ClusterStatus, { address, priority }: HostStatus): string {
  return `${cluster.name} ${priority} ${addressToString(address)}`
}

function sumStats(all: readonly HostStatus['stats'][]): Stats {
  const sum: Stats = {
    cxTotal: 0,
    cxActive: 0,
    cxConnectFail: 0,
    rqTotal: 0,
    rqActive: 0,
    rqSuccess: 0,
    rqError: 0,
    rqTimeout: 0,
    rqPendingActive: 0,
  }
  for (const [, key] of statNames) for (const stats of all) sum[key] += stats[key] ?? 0
  return sum
}

function clusterText({ cluster, stats }: MergedCluster): string {
  const lines = [
    `observability_name::${cluster.observabilityName}`,
    ...limitLines('default', cluster.defaultPriority),
    ...limitLines('high', cluster.highPriority),
    `added_via_api::${cluster.addedViaApi}`,
    ...cluster.hosts.flatMap(host => hostLines(host, stats.get(host))),
  ]
  return lines.map(line => `${cluster.name}::${line}\n`).join('')
}

function limitLines(priority: string, limits: CircuitBreakerLimits): string[] {
  return Object.entries(limitsJson(limits)).map(([name, value]) => `${priority}_priority::${name}::${value}`)
}

function hostLines(host: HostStatus, counts: Stats | undefined): string[] {
  const { region, zone, subZone } = host.locality
  const stats = statNames.map(([name, key]) => `${name}::${counts?.[key] ?? 0}`).sort()
  return [
    ...stats,
    `hostname::${host.hostname}`,
    `health_flags::${host.healthFlags}`,
    `weight::${host.weight}`,
    `region::${region}`,
    `zone::${zone}`,
    `sub_zone::${subZone}`,
    'canary::false',
    `priority::${host.priority}`,
    'success_rate::-1',
    'local_origin_success_rate::-1',
  ].map(line => `${addressToString(host.address)}::${line}`)
}

function clusterJson({ cluster, stats }: MergedCluster): object {
  return {
    name: cluster.name,
    ...(cluster.addedViaApi ? { added_via_api: true } : {}),
    ...(cluster.hosts.length > 0 ? { host_statuses: cluster.hosts.map(host => hostJson(host, stats.get(host))) } : {}),
    circuit_breakers: {
      thresholds: [limitsJson(cluster.defaultPriority), { priority: 'HIGH', ...limitsJson(cluster.highPriority) }],
    },
    observability_name: cluster.observabilityName,
  }
}

function limitsJson(limits: CircuitBreakerLimits): Record<string, number> {
  return {
    max_connections: limits.maxConnections,
    max_pending_requests: limits.maxPendingRequests,
    max_requests: limits.maxRequests,
    max_retries: limits.maxRetries,
  }
}

function hostJson(host: HostStatus, counts: Stats | undefined): object {
  const { region, zone, subZone } = host.locality
  return {
    address: addressJson(host.address),
    stats: statNames.map(([name, key, type]) => statJson(name, type, counts?.[key] ?? 0)),
    health_status: healthJson(host),
    weight: host.weight,
    ...(host.hostname === '' ? {} : { hostname: host.hostname }),
    ...(host.priority === 0 ? {} : { priority: host.priority }),
    locality: {
      ...(region === '' ? {} : { region }),
      ...(zone === '' ? {} : { zone }),
      ...(subZone === '' ? {} : { sub_zone: subZone }),
    },
  }
}

function statJson(name: string, type: 'COUNTER' | 'GAUGE', value: number): object {
  return { ...(type === 'GAUGE' ? { type } : {}), ...(value === 0 ? {} : { value: String(value) }), name }
}

/** `envoy.admin.v3.HostHealthStatus`: a flag a field. */
function healthJson({ healthFlags, edsHealthStatus }: HostStatus): object {
  const flags = healthFlags
    .split('/')
    .filter(flag => /^(failed_active_hc|failed_outlier_check|failed_active_degraded_hc|pending_)/.test(flag))
    .map(flag => [flag === 'failed_active_hc' ? 'failed_active_health_check' : flag, true])
  return { ...Object.fromEntries(flags), eds_health_status: edsHealthStatus }
}
