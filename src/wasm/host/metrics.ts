/**
 * Host functions on metrics: `wasmcustom.<name>` among the stats. Each thread counts in its own stats, which are added up;
 * a gauge that is set changes this thread's part by what the whole changes.
 */
import type { Counter, Gauge, Histogram } from '../../stats/scope.ts'
import { type HostFunctions, MetricType, Status } from '../abi.ts'
import { type MetricCell, metricPrefix } from '../metric-store.ts'
import type { WasmVm } from '../vm.ts'

/** Definitions of one VM; more are INTERNAL_FAILURE. */
const maxMetrics = 10_000
/** The low two bits of an id are its type. */
const idStep = 4

interface Shared<Stat> {
  readonly stat: Stat
  /** Of all threads. */
  readonly cell: MetricCell | undefined
}

export function metricFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm
  const counters = new Map<number, Shared<Counter>>()
  const gauges = new Map<number, Shared<Gauge>>()
  const histograms = new Map<number, Histogram>()
  const next = [idStep, idStep + MetricType.gauge, idStep + MetricType.histogram]

  const addTo = ({ stat, cell }: Shared<Counter | Gauge>, amount: bigint): number => {
    stat.add(Number(amount))
    cell?.add(amount)
    return Status.ok
  }

  return {
    proxy_define_metric(type, nameAt, nameSize, idAt) {
      const name = memory.copy(nameAt, nameSize)?.toString()
      if (name === undefined) return Status.invalidMemoryAccess
      const id = next[type]
      if (id === undefined) return Status.badArgument
      if (counters.size + gauges.size + histograms.size >= maxMetrics) return Status.internalFailure
      next[type] = id + idStep
      const { stats, metrics } = vm.host
      const fullName = metricPrefix + name
      if (type === MetricType.histogram) histograms.set(id, stats.histogram(fullName))
      else if (type === MetricType.counter)
        counters.set(id, { stat: stats.counter(fullName), cell: metrics.counter(name) })
      else gauges.set(id, { stat: stats.gauge(fullName), cell: metrics.gauge(name) })
      return memory.writeUint32(idAt, id)
    },

    proxy_increment_metric(id, offset: bigint) {
      const counter = counters.get(id)
      if (counter !== undefined) return offset <= 0n ? Status.badArgument : addTo(counter, offset)
      const gauge = gauges.get(id)
      if (gauge !== undefined) return addTo(gauge, offset)
      return histograms.has(id) ? Status.badArgument : Status.notFound
    },

    proxy_record_metric(id, value: bigint) {
      const counter = counters.get(id)
      if (counter !== undefined) return addTo(counter, BigInt.asUintN(64, value))
      const gauge = gauges.get(id)
      if (gauge !== undefined) {
        const { stat, cell } = gauge
        if (cell === undefined) stat.set(Number(value))
        else stat.add(Number(value - cell.set(value)))
        return Status.ok
      }
      const histogram = histograms.get(id)
      if (histogram === undefined) return Status.notFound
      histogram.record(Number(BigInt.asUintN(64, value)))
      return Status.ok
    },

    proxy_get_metric(id, valueAt) {
      const metric = counters.get(id) ?? gauges.get(id)
      if (metric === undefined) return histograms.has(id) ? Status.badArgument : Status.notFound
      const { stat, cell } = metric
      return memory.writeUint64(valueAt, BigInt.asUintN(64, cell?.value ?? BigInt(stat.value)))
    },
  }
}
