/** Metrics: `wasmcustom.<name>` among the proxy's stats. */
import * as host from './host'
import { MetricTypeValues, WasmResultValues } from './enums'
import { beginCall, encode, encodedSize, outNumber } from './memory'

/** The number of a metric, or why there is none. */
export class MetricResult {
  /** BadArgument: no such type. */
  result: WasmResultValues = WasmResultValues.Ok
  /** Names the metric in the other functions. */
  metric_id: u32 = 0
}

/** Makes a metric. The classes are easier to use. */
export function define_metric(typ: MetricTypeValues, name: string): MetricResult {
  const metric = new MetricResult()
  beginCall()
  const at = encode(name)
  metric.result = host.proxy_define_metric(typ, at, encodedSize, outNumber)
  if (metric.result == WasmResultValues.Ok) metric.metric_id = load<u32>(outNumber)
  return metric
}

/** Adds to a counter (more than 0) or a gauge. */
export function increment_metric(metric_id: u32, offset: i64): WasmResultValues {
  return host.proxy_increment_metric(metric_id, offset)
}

/** Sets a gauge, records a value of a histogram, adds to a counter. */
export function record_metric(metric_id: u32, value: u64): WasmResultValues {
  return host.proxy_record_metric(metric_id, value)
}

/** What `get_metric` answers. */
export class MetricData {
  /** NotFound: no such metric; BadArgument: histograms have no value. */
  result: WasmResultValues = WasmResultValues.Ok
  /** The value; 0 unless the result is Ok. */
  data: u64 = 0
}

/** The value of a counter or gauge, as far as the asking thread knows it. */
export function get_metric(metric_id: u32): MetricData {
  const metric = new MetricData()
  metric.result = host.proxy_get_metric(metric_id, outNumber)
  if (metric.result == WasmResultValues.Ok) metric.data = load<u64>(outNumber)
  return metric
}

/**
 * The name of a metric with tags: `tag.value.` for each, then the name. `stats_config.stats_tags` of the bootstrap
 * makes tags of such parts, for instance with the regex `^wasmcustom\.((?:.*\.)?method\.(.*?)\.)`.
 * @param tags names and values in turn
 */
export function metric_name(name: string, tags: string[]): string {
  let full = ''
  for (let i = 0; i + 1 < tags.length; i += 2) full += tags[i] + '.' + tags[i + 1] + '.'
  return full + name
}

/** A metric. Make each once, in `onConfigure`, and keep it. */
export abstract class Metric {
  /** The host's number. */
  readonly metric_id: u32

  /** Throws when the host has no room for more metrics. @param tags names and values in turn, see `metric_name` */
  constructor(typ: MetricTypeValues, name: string, tags: string[] = []) {
    const metric = define_metric(typ, metric_name(name, tags))
    if (metric.result != WasmResultValues.Ok) throw new Error('the metric ' + name + ' cannot be defined')
    this.metric_id = metric.metric_id
  }
}

/** A number that only grows. */
export class Counter extends Metric {
  constructor(name: string, tags: string[] = []) {
    super(MetricTypeValues.Counter, name, tags)
  }

  /** Adds; 0 is refused. */
  increment(offset: u32 = 1): WasmResultValues {
    return increment_metric(this.metric_id, offset)
  }

  /** Its value. */
  get value(): u64 {
    return get_metric(this.metric_id).data
  }
}

/** A number that goes up and down. */
export class Gauge extends Metric {
  constructor(name: string, tags: string[] = []) {
    super(MetricTypeValues.Gauge, name, tags)
  }

  /** Adds; may be negative. */
  increment(offset: i64): WasmResultValues {
    return increment_metric(this.metric_id, offset)
  }

  /** Sets. */
  record(value: u64): WasmResultValues {
    return record_metric(this.metric_id, value)
  }

  /** Its value. */
  get value(): u64 {
    return get_metric(this.metric_id).data
  }
}

/** A distribution of values. */
export class Histogram extends Metric {
  constructor(name: string, tags: string[] = []) {
    super(MetricTypeValues.Histogram, name, tags)
  }

  /** Adds a value to it. */
  record(value: u64): WasmResultValues {
    return record_metric(this.metric_id, value)
  }
}
