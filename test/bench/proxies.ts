/** The proxies of the benchmark, each configured for the same work on one backend. */
import { join } from 'node:path'
import { findEnvoy } from '../support/envoy.ts'
import { freePort, hasProgram, nginxUser, startProgram } from '../support/load.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'

export type Work =
  | 'http'
  | 'tcp'
  | 'wasm-as'
  | 'wasm-rust'
  | 'wasm-go'
  | 'wasm-body'
  | 'wasm-chain'
  | 'wasm-network'
  | 'http2-upstream'
  | 'grpc'
  | 'routes'
export type ProxyName = 'sluice' | 'envoy' | 'nginx' | 'haproxy'

export interface Running {
  readonly pid: number
  readonly port: number
  /** Milliseconds from start to ready, where the proxy can tell. */
  readonly readyMs?: number
  stop(): Promise<void>
}

const type = 'type.googleapis.com/envoy.extensions'
const fixtures = join(import.meta.dirname, '../fixtures/wasm')

/** A filter of a fixture module; `configuration` is what the plugin is given, `id` tells uses of one module apart. */
export function wasmFilter(
  module: string,
  configuration: string,
  kind: 'http' | 'network' = 'http',
  id = module,
): JsonObject {
  return {
    name: id,
    typed_config: {
      '@type': `${type}.filters.${kind}.wasm.v3.Wasm`,
      config: {
        name: id,
        root_id: module,
        configuration: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: configuration },
        vm_config: {
          vm_id: id,
          runtime: 'envoy.wasm.runtime.v8',
          code: { local: { filename: join(fixtures, module, `${module}.wasm`) } },
        },
      },
    },
  }
}

const directBody = 'hello world, this is a direct response\n'

const modules: Partial<Record<Work, readonly JsonObject[]>> = {
  'wasm-as': [wasmFilter('as-headers', 'x-added: yes')],
  'wasm-rust': [wasmFilter('rust-headers', 'yes')],
  'wasm-go': [wasmFilter('go-headers', 'yes')],
  'wasm-body': [wasmFilter('rust-body', '')],
  'wasm-chain': [
    wasmFilter('as-headers', 'x-one: yes', 'http', 'one'),
    wasmFilter('rust-headers', 'yes', 'http', 'two'),
    wasmFilter('c-headers', 'yes', 'http', 'three'),
    wasmFilter('as-headers', 'x-four: yes', 'http', 'four'),
    wasmFilter('rust-headers', 'yes', 'http', 'five'),
  ],
}

const optionsType = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
const http2Options: JsonObject = {
  typed_extension_protocol_options: {
    [optionsType]: {
      '@type': `type.googleapis.com/${optionsType}`,
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
}

/** Exact paths, prefixes, regular expressions and conditions, as real tables mix them; the load asks for the 78th. */
const manyRoutes: readonly JsonObject[] = Array.from({ length: 100 }, (_, i) => ({
  name: `route-${i}`,
  match: {
    ...(i % 10 === 3
      ? { safe_regex: { regex: `/service-${i}/[a-z]+/\\d+` } }
      : i % 5 === 1
        ? { path: `/service-${i}/status` }
        : { prefix: `/service-${i}/` }),
    ...(i % 7 === 2 ? { headers: [{ name: 'x-version', string_match: { exact: String(i) } }] } : {}),
  },
  route: { cluster: 'backend', timeout: '30s' },
}))

const accessLog: JsonObject = {
  name: 'file',
  typed_config: { '@type': `${type}.access_loggers.file.v3.FileAccessLog`, path: '$DIR/access.log' },
}

/** The Envoy configuration for a work. */
export function configuration(work: Work, backendPort: number, filters?: readonly JsonObject[]): JsonObject {
  const http_filters = [
    ...(filters ?? modules[work] ?? []),
    { name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } },
  ]
  const hcm = {
    name: 'hcm',
    typed_config: {
      '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: 'bench',
      ...(work === 'routes' ? { access_log: [accessLog] } : {}),
      route_config: {
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [
              ...(work === 'routes' ? manyRoutes : []),
              { match: { path: '/direct' }, direct_response: { status: 200, body: { inline_string: directBody } } },
              { match: { prefix: '/' }, route: { cluster: 'backend' } },
            ],
          },
        ],
      },
      http_filters,
    },
  }
  const tcp = {
    name: 'tcp',
    typed_config: {
      '@type': `${type}.filters.network.tcp_proxy.v3.TcpProxy`,
      stat_prefix: 'bench',
      cluster: 'backend',
    },
  }
  const many = { max_connections: 100_000, max_pending_requests: 100_000, max_requests: 100_000 }
  const address = { socket_address: { address: '127.0.0.1', port_value: backendPort } }
  return {
    static_resources: {
      listeners: [
        {
          name: 'bench',
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          filter_chains: [{ filters: networkFilters(work, tcp, hcm) }],
        },
      ],
      clusters: [
        {
          name: 'backend',
          type: 'STATIC',
          connect_timeout: '5s',
          circuit_breakers: { thresholds: [many] },
          ...(work === 'http2-upstream' || work === 'grpc' ? http2Options : {}),
          load_assignment: { cluster_name: 'backend', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
        },
      ],
    },
  }
}

function networkFilters(work: Work, tcp: JsonObject, hcm: JsonObject): JsonObject[] {
  if (work === 'wasm-network') return [wasmFilter('as-network', '', 'network'), tcp]
  return [work === 'tcp' ? tcp : hcm]
}

async function startOurs(kind: 'sluice' | 'envoy', work: Work, backendPort: number): Promise<Running> {
  const proxy = await ProxyProcess.start(kind, configuration(work, backendPort), { concurrency: 1 })
  return { pid: proxy.pid, port: proxy.ports.bench as number, readyMs: proxy.readyMs, stop: () => proxy.stop() }
}

async function startNginx(work: Work, backendPort: number): Promise<Running> {
  const port = await freePort()
  const conf = `
    ${nginxUser} worker_processes 1; daemon off; pid $DIR/pid; error_log stderr crit;
    events { worker_connections 20000; }
    http {
      access_log off; keepalive_requests 1000000000; tcp_nodelay on;
      client_body_temp_path $DIR/a; proxy_temp_path $DIR/b; fastcgi_temp_path $DIR/c; uwsgi_temp_path $DIR/d; scgi_temp_path $DIR/e;
      upstream backend { server 127.0.0.1:${backendPort}; keepalive 128; keepalive_requests 1000000000; }
      server { listen 127.0.0.1:${port} backlog=4096;
        location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering ${work === 'http' ? 'on' : 'off'}; } }
    }`
  return startProgram('nginx', port, dir => ['-p', dir, '-c', join(dir, 'nginx.conf')], { 'nginx.conf': conf })
}

async function startHaproxy(work: Work, backendPort: number): Promise<Running> {
  const port = await freePort()
  const conf = `
global
  nbthread 1
  maxconn 8000
defaults
  mode ${work === 'tcp' ? 'tcp' : 'http'}
  timeout client 60s
  timeout server 60s
  timeout connect 5s
${work === 'tcp' ? '' : '  http-reuse always\n'}listen bench
  bind 127.0.0.1:${port}
  server backend 127.0.0.1:${backendPort}
`
  return startProgram('haproxy', port, dir => ['-db', '-f', join(dir, 'haproxy.cfg')], { 'haproxy.cfg': conf })
}

/** Which of the proxies can do the work on this machine. */
export function available(work: Work): ProxyName[] {
  const names: ProxyName[] = ['sluice']
  if (findEnvoy() !== undefined) names.push('envoy')
  if (work === 'http' && hasProgram('nginx')) names.push('nginx')
  if ((work === 'http' || work === 'tcp') && hasProgram('haproxy')) names.push('haproxy')
  return names
}

export function startProxy(name: ProxyName, work: Work, backendPort: number): Promise<Running> {
  if (name === 'nginx') return startNginx(work, backendPort)
  if (name === 'haproxy') return startHaproxy(work, backendPort)
  return startOurs(name, work, backendPort)
}
