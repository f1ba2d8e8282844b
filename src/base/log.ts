/** Loggers by Envoy's component names. Cheap when off: test `enabled(level)` before building an expensive message. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'critical' | 'off'

export const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off']

/** Where finished log lines go; set once by the process (stderr, --log-path, or the main thread of a worker). */
export interface LogSink {
  write(level: LogLevel, component: string, message: string, timeMs: number): void
}

export class Logger {
  readonly component: string
  #level: number

  constructor(component: string, level: LogLevel) {
    this.component = component
    this.#level = logLevels.indexOf(level)
  }

  get level(): LogLevel {
    return logLevels[this.#level] as LogLevel
  }

  set level(level: LogLevel) {
    this.#level = logLevels.indexOf(level)
  }

  enabled(level: LogLevel): boolean {
    return logLevels.indexOf(level) >= this.#level
  }

  /** The same for a place in `logLevels`, without a search: guests log every header of every request. */
  enabledAt(index: number): boolean {
    return index >= this.#level
  }

  log(level: LogLevel, message: string): void {
    if (this.enabled(level)) sink.write(level, this.component, message, Date.now())
  }

  trace(message: string): void {
    this.log('trace', message)
  }

  debug(message: string): void {
    this.log('debug', message)
  }

  info(message: string): void {
    this.log('info', message)
  }

  warn(message: string): void {
    this.log('warning', message)
  }

  error(message: string): void {
    this.log('error', message)
  }

  critical(message: string): void {
    this.log('critical', message)
  }
}

let sink: LogSink = {
  write(level, component, message) {
    console.error(`[${level}][${component}] ${message}`)
  },
}
let defaultLevel: LogLevel = 'info'
const loggers = new Map<string, Logger>()

/** The logger of a component (`main`, `config`, `http`, `wasm`, …): one object a name and thread, made on first use. */
export function logger(component: string): Logger {
  let found = loggers.get(component)
  if (found === undefined) {
    found = new Logger(component, defaultLevel)
    loggers.set(component, found)
  }
  return found
}

export function allLoggers(): IterableIterator<Logger> {
  return loggers.values()
}

export function setLogSink(next: LogSink): void {
  sink = next
}

/** Sets every logger, existing and to come. */
export function setLogLevel(level: LogLevel): void {
  defaultLevel = level
  for (const each of loggers.values()) each.level = level
}
