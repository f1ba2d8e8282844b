/**
 * What one plugin may use, how it is configured (runtime keys `sluice.wasm.<plugin>.<limit>`, or `sluice.wasm.<limit>`
 * for all), and the counters of what was refused: `wasm.<plugin>.<counter>`.
 */
import { performance } from '../base/clock.ts'
import type { Runtime } from '../core/extension.ts'
import type { Counter, Scope } from '../stats/scope.ts'
import { type HostFunction, Status } from './abi.ts'
import type { WasmVm } from './vm.ts'

export interface WasmLimits {
  /** Of one callback, ms; 0: none, the module is not metered. */
  readonly cpuBudgetMs: number
  /** Of the linear memory, bytes. */
  readonly memoryLimitBytes: number
  readonly logLinesPerSecond: number
  /** Definitions of one VM. */
  readonly metricLimit: number
  /** Of all shared data and queue items that VMs of one vm_id have put there. */
  readonly sharedDataLimitBytes: number
  /** Of one value of shared data, or one item of a queue. */
  readonly sharedValueLimitBytes: number
  /** Queues that VMs of one vm_id have registered. */
  readonly sharedQueueLimit: number
  /** HTTP and gRPC calls, and names to resolve, of one plugin that wait for answers. */
  readonly calloutLimit: number
  /** What a filter may add to the headers of one stream. */
  readonly headerLimitBytes: number
  /** What a filter may add to the bodies of one stream. */
  readonly bodyLimitBytes: number
}

export const defaultLimits: WasmLimits = {
  cpuBudgetMs: 100,
  memoryLimitBytes: 128 * 1024 * 1024,
  logLinesPerSecond: 1000,
  metricLimit: 10_000,
  sharedDataLimitBytes: 16 * 1024 * 1024,
  sharedValueLimitBytes: 1024 * 1024,
  sharedQueueLimit: 100,
  calloutLimit: 1000,
  headerLimitBytes: 1024 * 1024,
  bodyLimitBytes: 64 * 1024 * 1024,
}

const keys: Readonly<Record<keyof WasmLimits, string>> = {
  cpuBudgetMs: 'cpu_budget_ms',
  memoryLimitBytes: 'memory_limit_bytes',
  logLinesPerSecond: 'log_lines_per_second',
  metricLimit: 'metric_limit',
  sharedDataLimitBytes: 'shared_data_limit_bytes',
  sharedValueLimitBytes: 'shared_value_limit_bytes',
  sharedQueueLimit: 'shared_queue_limit',
  calloutLimit: 'callout_limit',
  headerLimitBytes: 'header_limit_bytes',
  bodyLimitBytes: 'body_limit_bytes',
}

export function readLimits(pluginName: string, runtime: Runtime): WasmLimits {
  const read = (limit: keyof WasmLimits): number => {
    const key = keys[limit]
    return runtime.getInteger(
      `sluice.wasm.${pluginName}.${key}`,
      runtime.getInteger(`sluice.wasm.${key}`, defaultLimits[limit]),
    )
  }
  return Object.fromEntries(
    Object.keys(keys).map(limit => [limit, read(limit as keyof WasmLimits)]),
  ) as unknown as WasmLimits
}

export interface LimitCounters {
  readonly cpuBudgetExceeded: Counter
  readonly memoryRefused: Counter
  readonly logLinesDropped: Counter
  readonly metricsRefused: Counter
  readonly sharedDataRefused: Counter
  readonly calloutsRefused: Counter
  readonly headersRefused: Counter
  readonly bodyRefused: Counter
  readonly expressionsRefused: Counter
}

/** @param stats `wasm.<plugin>` */
export function limitCounters(stats: Scope): LimitCounters {
  return {
    cpuBudgetExceeded: stats.counter('cpu_budget_exceeded'),
    memoryRefused: stats.counter('memory_refused'),
    logLinesDropped: stats.counter('log_lines_dropped'),
    metricsRefused: stats.counter('metrics_refused'),
    sharedDataRefused: stats.counter('shared_data_refused'),
    calloutsRefused: stats.counter('callouts_refused'),
    headersRefused: stats.counter('headers_refused'),
    bodyRefused: stats.counter('body_refused'),
    expressionsRefused: stats.counter('expressions_refused'),
  }
}

/** Counts for the plugin whose context the VM acts for; before there is one, for nobody. */
export function countLimit(vm: WasmVm, counter: keyof LimitCounters): void {
  vm.current.rootContext?.limits[counter].inc()
}

/** Lines of one VM. The first that is dropped in a second is told. */
export class LogLimit {
  readonly #perSecond: number
  #second = 0
  #lines = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** @returns whether the line may be written, or 'last' for the one that says that there are no more */
  take(): boolean | 'last' {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#lines = 0
    }
    this.#lines++
    if (this.#lines <= this.#perSecond) return true
    return this.#lines === this.#perSecond + 1 ? 'last' : false
  }
}

type HostFunctionTable = Readonly<Record<string, HostFunction>>
type FiveNumbers = (a: number, b: number, c: number, d: number, e: number) => number

/** The host functions that take something of which there is a limit, with a check before them. */
export function limitHostFunctions(vm: WasmVm, functions: HostFunctionTable): HostFunctionTable {
  const { limits } = vm
  let metrics = 0

  const inner = (name: string): FiveNumbers => functions[name] as FiveNumbers
  const refuse = (counter: keyof LimitCounters): number => {
    countLimit(vm, counter)
    return Status.internalFailure
  }
  const pair = (name: string): HostFunction => {
    const write = inner(name)
    return (map: number, nameAt: number, nameSize: number, valueAt: number, valueSize: number) => {
      const { current } = vm
      const added = current.addedHeaderBytes + (nameSize >>> 0) + (valueSize >>> 0)
      if (added > limits.headerLimitBytes) return refuse('headersRefused')
      const result = write(map, nameAt, nameSize, valueAt, valueSize)
      if (result === Status.ok) current.addedHeaderBytes = added
      return result
    }
  }
  const callout = (name: string): HostFunction => {
    const call = functions[name] as (...args: number[]) => number
    return (...args: number[]) =>
      (vm.current.rootContext?.calls.size ?? 0) >= limits.calloutLimit ? refuse('calloutsRefused') : call(...args)
  }
  const register = inner('proxy_register_shared_queue')
  const reply = functions.proxy_send_local_response as (...args: number[]) => number
  const setPairs = inner('proxy_set_header_map_pairs')
  const setShared = inner('proxy_set_shared_data')
  const enqueue = inner('proxy_enqueue_shared_queue')
  const define = inner('proxy_define_metric')
  const setBuffer = inner('proxy_set_buffer_bytes')

  return {
    ...functions,
    proxy_add_header_map_value: pair('proxy_add_header_map_value'),
    proxy_replace_header_map_value: pair('proxy_replace_header_map_value'),
    proxy_set_header_map_pairs: (map: number, at: number, size: number) =>
      size >>> 0 > limits.headerLimitBytes ? refuse('headersRefused') : setPairs(map, at, size, 0, 0),
    proxy_http_call: callout('proxy_http_call'),
    proxy_grpc_call: callout('proxy_grpc_call'),
    proxy_grpc_stream: callout('proxy_grpc_stream'),
    envoy_resolve_dns: callout('envoy_resolve_dns'),
    proxy_send_local_response: (...args: number[]) => {
      const [bodySize, headersSize] = [(args[4] as number) >>> 0, (args[6] as number) >>> 0]
      if (bodySize > limits.bodyLimitBytes) return refuse('bodyRefused')
      return headersSize > limits.headerLimitBytes ? refuse('headersRefused') : reply(...args)
    },
    proxy_register_shared_queue: (nameAt: number, nameSize: number, tokenAt: number) => {
      const result = register(nameAt, nameSize, tokenAt, 0, 0)
      return result === Status.internalFailure ? refuse('sharedDataRefused') : result
    },
    proxy_set_shared_data: (keyAt: number, keySize: number, at: number, size: number, cas: number) => {
      if (size >>> 0 > limits.sharedValueLimitBytes) return refuse('sharedDataRefused')
      const result = setShared(keyAt, keySize, at, size, cas)
      return result === Status.internalFailure ? refuse('sharedDataRefused') : result
    },
    proxy_enqueue_shared_queue: (token: number, at: number, size: number) => {
      if (size >>> 0 > limits.sharedValueLimitBytes) return refuse('sharedDataRefused')
      const result = enqueue(token, at, size, 0, 0)
      return result === Status.internalFailure ? refuse('sharedDataRefused') : result
    },
    proxy_define_metric: (type: number, nameAt: number, nameSize: number, idAt: number) => {
      if (metrics >= limits.metricLimit) return refuse('metricsRefused')
      const result = define(type, nameAt, nameSize, idAt, 0)
      if (result === Status.ok) metrics++
      return result
    },
    proxy_set_buffer_bytes: (type: number, start: number, length: number, at: number, size: number) => {
      const { current } = vm
      const replaced = start === 0 ? Math.min(length >>> 0, Math.max(0, current.bufferLength(type >>> 0))) : 0
      const added = Math.max(0, current.addedBodyBytes + (size >>> 0) - replaced)
      if (added > limits.bodyLimitBytes) return refuse('bodyRefused')
      const result = setBuffer(type, start, length, at, size)
      if (result === Status.ok) current.addedBodyBytes = added
      return result
    },
  }
}
