/** Host functions on metrics: `wasmcustom.<name>` among the stats. */
import type { Counter, Gauge, Histogram } from '../../stats/scope.ts'
import { type HostFunctions, MetricType, Status } from '../abi.ts'
import type { WasmVm } from '../vm.ts'

/** Definitions of one VM; more are INTERNAL_FAILURE. */
const maxMetrics = 10_000
/** The low two bits of an id are its type. */
const idStep = 4

export function metricFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm
  const counters = new Map<number, Counter>()
  const gauges = new Map<number, Gauge>()
  const histograms = new Map<number, Histogram>()
  const next = [idStep, idStep + MetricType.gauge, idStep + MetricType.histogram]

  return {
    proxy_define_metric(type, nameAt, nameSize, idAt) {
      const name = memory.copy(nameAt, nameSize)?.toString()
      if (name === undefined) return Status.invalidMemoryAccess
      const id = next[type]
      if (id === undefined) return Status.badArgument
      if (counters.size + gauges.size + histograms.size >= maxMetrics) return Status.internalFailure
      next[type] = id + idStep
      const { stats } = vm.host
      if (type === MetricType.counter) counters.set(id, stats.counter(`wasmcustom.${name}`))
      else if (type === MetricType.gauge) gauges.set(id, stats.gauge(`wasmcustom.${name}`))
      else histograms.set(id, stats.histogram(`wasmcustom.${name}`))
      return memory.writeUint32(idAt, id)
    },

    proxy_increment_metric(id, offset: bigint) {
      const counter = counters.get(id)
      if (counter !== undefined) {
        if (offset <= 0n) return Status.badArgument
        counter.add(Number(offset))
        return Status.ok
      }
      const gauge = gauges.get(id)
      if (gauge === undefined) return histograms.has(id) ? Status.badArgument : Status.notFound
      gauge.add(Number(offset))
      return Status.ok
    },

    proxy_record_metric(id, value: bigint) {
      const amount = Number(BigInt.asUintN(64, value))
      const counter = counters.get(id)
      const gauge = gauges.get(id)
      if (counter !== undefined) counter.add(amount)
      else if (gauge !== undefined) gauge.set(Number(value))
      else {
        const histogram = histograms.get(id)
        if (histogram === undefined) return Status.notFound
        histogram.record(amount)
      }
      return Status.ok
    },

    proxy_get_metric(id, valueAt) {
      const metric = counters.get(id) ?? gauges.get(id)
      if (metric === undefined) return histograms.has(id) ? Status.badArgument : Status.notFound
      return memory.writeUint64(valueAt, BigInt.asUintN(64, BigInt(metric.value)))
    },
  }
}
