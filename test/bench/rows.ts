/** The rows of the benchmark and what is expected of each. */
import type { Work } from './proxies.ts'

/** Where load comes from; all but wrk speak HTTP/2, which of the proxies here only sluice and Envoy take beside HTTP/1 on one port. */
export type Client = 'wrk' | 'h2load' | 'grpc-unary' | 'grpc-stream'

export interface Row {
  readonly name: string
  readonly title: string
  readonly work: Work
  readonly kind: 'load' | 'idle' | 'start' | 'module-start'
  readonly path: string
  readonly connections: number
  readonly client: Client
  /** Highest ratio to Envoy, or for `start` milliseconds. */
  readonly target: number
}

const load = { kind: 'load', client: 'wrk', path: '/', connections: 64 } as const
const http2 = { ...load, connections: 8, client: 'h2load' } as const
const grpc = { kind: 'load', path: '', connections: 4, work: 'grpc' } as const
export const rows: readonly Row[] = [
  { ...load, name: 'plain', title: 'HTTP/1.1', work: 'http', target: 0.7 },
  {
    ...load,
    name: 'routes',
    title: 'HTTP/1.1, 100 routes and an access log',
    work: 'routes',
    path: '/service-77/items?id=1',
    target: 0.75,
  },
  { ...load, name: 'wasm-as', title: 'HTTP/1.1, AssemblyScript filter', work: 'wasm-as', target: 0.55 },
  { ...load, name: 'wasm-rust', title: 'HTTP/1.1, Rust filter', work: 'wasm-rust', target: 0.55 },
  { ...load, name: 'wasm-go', title: 'HTTP/1.1, Go filter', work: 'wasm-go', target: 0.55 },
  {
    ...load,
    name: 'wasm-body',
    title: 'Rust filter that rewrites bodies of 64 KiB',
    work: 'wasm-body',
    path: '/64k',
    connections: 16,
    target: 0.7,
  },
  { ...load, name: 'wasm-chain', title: 'five filters in a chain (AS, Rust, C)', work: 'wasm-chain', target: 0.5 },
  { ...load, name: 'wasm-network', title: 'TCP proxy behind a network filter', work: 'wasm-network', target: 0.8 },
  {
    ...load,
    name: '1mib',
    title: '1 MiB bodies, 8 connections',
    work: 'http',
    path: '/big',
    connections: 8,
    target: 1.2,
  },
  { ...load, name: 'tcp', title: 'TCP proxy', work: 'tcp', target: 1.1 },
  { ...http2, name: 'h2-direct', title: 'HTTP/2, direct response', work: 'http', path: '/direct', target: 0.7 },
  { ...http2, name: 'h2-h1', title: 'HTTP/2 to HTTP/1.1', work: 'http', target: 0.6 },
  { ...http2, name: 'h2-h2', title: 'HTTP/2 to HTTP/2', work: 'http2-upstream', target: 0.6 },
  { ...grpc, client: 'grpc-unary', name: 'grpc-unary', title: 'gRPC, unary calls', target: 0.6 },
  { ...grpc, client: 'grpc-stream', name: 'grpc-stream', title: 'gRPC, messages on streams', target: 0.7 },
  {
    ...load,
    name: 'idle',
    title: '4,000 idle keep-alive connections',
    work: 'http',
    kind: 'idle',
    connections: 4000,
    target: 0.7,
  },
  { ...load, name: 'start', title: 'start to ready', work: 'http', kind: 'start', target: 600 },
  {
    ...load,
    name: 'start-go',
    title: 'load to ready of a Go module (a start with it less one without)',
    work: 'wasm-go',
    kind: 'module-start',
    target: 0.15,
  },
]
