/** `/server_info`, `/ready`, `/memory`, `/runtime` and others that tell of the process. Follows `source/server/admin/server_info_handler.cc`. */
import { getHeapStatistics } from 'node:v8'
import { defaultLogFormat } from '../base/log-output.ts'
import type { JsonObject } from '../config/json-source.ts'
import { durationText } from '../config/proto-json.ts'
import type { CertificateStatus, TlsContextStatus } from '../core/transport-socket.ts'
import type { AdminContext, AdminOptions } from './admin-context.ts'
import { type AdminPath, badRequest, jsonResponse } from './admin-path.ts'

export const serverInfoPaths: readonly AdminPath[] = [
  {
    path: '/certs',
    help: 'print certs on machine',
    handle: (_, context) => jsonResponse({ certificates: context.certificates().map(tlsContext) }),
  },
  {
    path: '/contention',
    help: 'dump current Envoy mutex contention stats (if enabled)',
    handle: () => ({
      body: 'Mutex contention tracing is not enabled. To enable, run Envoy with flag --enable-mutex-tracing.',
    }),
  },
  {
    path: '/hot_restart_version',
    help: 'print the hot restart compatibility version',
    handle: () => ({ body: 'disabled' }),
  },
  {
    path: '/init_dump',
    help: 'dump current Envoy init manager information (experimental)',
    handle: () => jsonResponse({}),
  },
  {
    path: '/memory',
    help: 'print current allocation/heap usage',
    handle: () => {
      const heap = getHeapStatistics()
      return jsonResponse({
        allocated: String(heap.used_heap_size + heap.malloced_memory),
        heap_size: String(heap.total_heap_size),
        pageheap_unmapped: '0',
        pageheap_free: String(heap.total_heap_size - heap.used_heap_size),
        total_thread_cache: '0',
        total_physical_bytes: String(process.memoryUsage.rss()),
      })
    },
  },
  {
    path: '/ready',
    help: 'print server state, return 200 if LIVE, otherwise return 503',
    handle: (_, context) => {
      const state = context.state()
      return { status: state === 'LIVE' ? 200 : 503, body: `${state}\n` }
    },
  },
  {
    path: '/runtime',
    help: 'print runtime values',
    handle: (_, context) => jsonResponse(runtime(context)),
  },
  {
    path: '/runtime_modify',
    help:
      'Adds or modifies runtime values as passed in query parameters. To delete a previously added key, use an empty ' +
      'string as the value. Note that deletion only applies to overrides added via this endpoint; values loaded from ' +
      'disk can be modified via override but not deleted. E.g. ?key1=value1&key2=value2...',
    post: true,
    async handle({ query }, context) {
      if (query.size === 0) return badRequest(runtimeModifyUsage)
      if (await context.overrideRuntime(query)) return { body: 'OK\n' }
      return { status: 503, body: 'No admin layer specified' }
    },
  },
  {
    path: '/server_info',
    help: 'print server version/status information',
    handle: (_, context) => jsonResponse(serverInfo(context)),
  },
]

const runtimeModifyUsage = `usage: /runtime_modify?key1=value1&key2=value2&keyN=valueN
       or send the parameters as form values
use an empty value to remove a previously added override`

function runtime(context: AdminContext): object {
  const layers = context.runtime()
  const keys = [...new Set(layers.flatMap(layer => [...layer.values.keys()]))].sort()
  const entries = keys.map(key => {
    const layer_values = layers.map(layer => layer.values.get(key) ?? '')
    return [key, { layer_values, final_value: layer_values.findLast(value => value !== '') ?? '' }]
  })
  return { entries: Object.fromEntries(entries), layers: layers.map(layer => layer.name) }
}

function serverInfo(context: AdminContext): object {
  const { id, cluster, zone } = context.node
  const uptime = `${Math.floor((Date.now() - context.startTimeMs) / 1000)}s`
  return {
    version: context.version,
    state: context.state(),
    uptime_current_epoch: uptime,
    uptime_all_epochs: uptime,
    hot_restart_version: 'disabled',
    command_line_options: commandLineOptions(context.options),
    node: { id, cluster, ...(zone === '' ? {} : { locality: { zone } }), user_agent_name: 'envoy' },
    hot_restart_initializing: false,
  }
}

/** `envoy.admin.v3.CommandLineOptions`, what sluice has of it. */
function commandLineOptions(options: AdminOptions): object {
  const componentLevels = [...options.componentLogLevels].map(([component, level]) => `${component}:${level}`)
  return {
    base_id: '0',
    concurrency: options.concurrency,
    config_path: options.configPath ?? '',
    config_yaml: options.configYaml ?? '',
    allow_unknown_static_fields: false,
    admin_address_path: options.adminAddressPath ?? '',
    log_level: options.logLevel,
    component_log_level: componentLevels.join(','),
    log_format: options.logFormat ?? defaultLogFormat,
    log_path: options.logPath ?? '',
    service_cluster: options.serviceCluster ?? '',
    service_node: options.serviceNode ?? '',
    service_zone: options.serviceZone ?? '',
    file_flush_interval: durationText(options.fileFlushIntervalMs),
    drain_time: durationText(options.drainTimeMs),
    mode: 'Serve',
    disable_hot_restart: true,
    restart_epoch: 0,
    log_format_escaped: options.logFormatEscaped,
    drain_strategy: options.drainStrategy === 'gradual' ? 'Gradual' : 'Immediate',
    file_flush_min_size: options.fileFlushMinBytes,
  }
}

function tlsContext({ caCertificates, certificates }: TlsContextStatus): JsonObject {
  return { ca_cert: caCertificates.map(certificate), cert_chain: certificates.map(certificate) }
}

function certificate(status: CertificateStatus): JsonObject {
  const { path, serialNumber, dnsSans, uriSans, ipSans, validFromMs, expirationMs } = status
  const days = Math.floor((expirationMs - Date.now()) / 86_400_000)
  return {
    path,
    serial_number: serialNumber,
    subject_alt_names: [
      ...dnsSans.map(dns => ({ dns })),
      ...uriSans.map(uri => ({ uri })),
      ...ipSans.map(ip => ({ ip_address: ip })),
    ],
    days_until_expiration: String(Math.max(days, 0)),
    valid_from: seconds(validFromMs),
    expiration_time: seconds(expirationMs),
  }
}

function seconds(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000Z', 'Z')
}
