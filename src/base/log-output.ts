/**
 * Where log lines go and what they look like: Envoy's spdlog patterns (`--log-format`), JSON
 * (`application_log_config`), or coloured lines for people on a terminal. Follows `source/common/common/logger.cc`.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { isMainThread, threadId } from 'node:worker_threads'
import { type LogLevel, type LogSink, logLevels } from './log.ts'

/** Envoy's default but for the place in the source, `[%g:%#]`, which sluice does not know. */
export const defaultLogFormat = '[%Y-%m-%d %T.%e][%t][%l][%n] %v'

export interface LogEntry {
  readonly level: LogLevel
  readonly component: string
  readonly message: string
  readonly timeMs: number
}

/** One line, without its end. */
export type LogLayout = (entry: LogEntry) => string

/** What a flag prints; `date` is the entry's time. */
type Flag = (entry: LogEntry, date: Date) => string

const two = (value: number): string => String(value).padStart(2, '0')
const three = (value: number): string => String(value).padStart(3, '0')
const hour12 = (date: Date): string => two(date.getHours() % 12 || 12)
const half = (date: Date): string => (date.getHours() < 12 ? 'AM' : 'PM')
const clock = (date: Date): string => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
const shortDate = (date: Date): string =>
  `${two(date.getMonth() + 1)}/${two(date.getDate())}/${two(date.getFullYear() % 100)}`
const named = (date: Date, options: Intl.DateTimeFormatOptions): string => date.toLocaleString('en-US', options)
const zone = (date: Date): string => {
  const minutes = -date.getTimezoneOffset()
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}
const thread = String(isMainThread ? process.pid : threadId)
const nothing = (): string => ''

/** spdlog's flags, and Envoy's `%_` and `%j` (the message with its line ends, or all of JSON's, escaped). */
const flags: Readonly<Record<string, Flag>> = {
  v: entry => entry.message,
  _: entry => entry.message.replaceAll('\n', '\\n'),
  j: entry => JSON.stringify(entry.message).slice(1, -1),
  t: () => thread,
  P: () => String(process.pid),
  n: entry => entry.component,
  l: entry => entry.level,
  L: entry => (entry.level[0] as string).toUpperCase(),
  a: (_, date) => named(date, { weekday: 'short' }),
  A: (_, date) => named(date, { weekday: 'long' }),
  b: (_, date) => named(date, { month: 'short' }),
  h: (_, date) => named(date, { month: 'short' }),
  B: (_, date) => named(date, { month: 'long' }),
  c: (_, date) =>
    `${named(date, { weekday: 'short' })} ${named(date, { month: 'short' })} ${date.getDate()} ${clock(date)} ${date.getFullYear()}`,
  C: (_, date) => two(date.getFullYear() % 100),
  Y: (_, date) => String(date.getFullYear()),
  D: (_, date) => shortDate(date),
  x: (_, date) => shortDate(date),
  m: (_, date) => two(date.getMonth() + 1),
  d: (_, date) => two(date.getDate()),
  H: (_, date) => two(date.getHours()),
  I: (_, date) => hour12(date),
  M: (_, date) => two(date.getMinutes()),
  S: (_, date) => two(date.getSeconds()),
  e: (_, date) => three(date.getMilliseconds()),
  f: (_, date) => `${three(date.getMilliseconds())}000`,
  F: (_, date) => `${three(date.getMilliseconds())}000000`,
  E: (_, date) => String(Math.floor(date.getTime() / 1000)),
  p: (_, date) => half(date),
  r: (_, date) => `${hour12(date)}:${two(date.getMinutes())}:${two(date.getSeconds())} ${half(date)}`,
  R: (_, date) => `${two(date.getHours())}:${two(date.getMinutes())}`,
  T: (_, date) => clock(date),
  X: (_, date) => clock(date),
  z: (_, date) => zone(date),
  '%': () => '%',
  // The place in the source, and where a colour begins and ends.
  '@': nothing,
  s: nothing,
  g: nothing,
  '#': nothing,
  '!': nothing,
  '^': nothing,
  $: nothing,
}

/** @throws RangeError for a flag that spdlog patterns lack */
export function makePatternLayout(pattern: string): LogLayout {
  const pieces = parsePattern(pattern)
  return entry => {
    const date = new Date(entry.timeMs)
    let line = ''
    for (const piece of pieces) line += typeof piece === 'string' ? piece : piece(entry, date)
    return line
  }
}

/** A nested object of patterns. @throws RangeError also for `%v` and `%_`, which would break the JSON */
export function makeJsonLayout(fields: Readonly<Record<string, unknown>>): LogLayout {
  for (const [text] of JSON.stringify(fields).matchAll(/%[v_]/g))
    throw new RangeError(`usage of ${text} is unavailable for JSON log formats: use %j`)
  const write = jsonWriter(fields)
  return entry => write(entry, new Date(entry.timeMs))
}

function jsonWriter(value: unknown): Flag {
  if (typeof value === 'string') {
    const pieces = parsePattern(value)
    // %j is escaped already.
    return (entry, date) =>
      `"${pieces
        .map(piece => {
          if (piece === flags.j) return piece(entry, date)
          return JSON.stringify(typeof piece === 'string' ? piece : piece(entry, date)).slice(1, -1)
        })
        .join('')}"`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const literal = JSON.stringify(value)
    return () => literal
  }
  const members = Object.entries(value).map(([key, each]) => ({ key: JSON.stringify(key), write: jsonWriter(each) }))
  return (entry, date) => `{${members.map(({ key, write }) => `${key}:${write(entry, date)}`).join(',')}}`
}

function parsePattern(pattern: string): (string | Flag)[] {
  const pieces: (string | Flag)[] = []
  let at = 0
  for (const match of pattern.matchAll(/%(?:([-=]?)(\d{1,3})(!?))?([\s\S])/g)) {
    const [text, align = '', width = '', truncate = '', name = ''] = match
    const flag = flags[name]
    if (flag === undefined) throw new RangeError(`"${text}" is no flag of a log format`)
    if (match.index > at) pieces.push(pattern.slice(at, match.index))
    at = match.index + text.length
    pieces.push(width === '' ? flag : padded(flag, align, Number(width), truncate === '!'))
  }
  if (at < pattern.length) pieces.push(pattern.slice(at))
  return pieces
}

function padded(flag: Flag, align: string, width: number, truncate: boolean): Flag {
  return (entry, date) => {
    let text = flag(entry, date)
    if (truncate) text = text.slice(0, width)
    if (align === '-') return text.padEnd(width)
    if (align === '=') return text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width)
    return text.padStart(width)
  }
}

const colors: Readonly<Record<LogLevel, string>> = {
  trace: '90',
  debug: '36',
  info: '32',
  warning: '33',
  error: '31',
  critical: '1;31',
  off: '0',
}
const levelWidth = Math.max(...logLevels.map(level => level.length))

/** `12:30:01.250 info     main      listening on …` with the level in colour: for a terminal. */
export function terminalLayout(entry: LogEntry): string {
  const date = new Date(entry.timeMs)
  const level = entry.level.padEnd(levelWidth)
  const time = `${clock(date)}.${three(date.getMilliseconds())}`
  return `\x1b[90m${time}\x1b[0m \x1b[${colors[entry.level]}m${level}\x1b[0m \x1b[90m${entry.component.padEnd(9)}\x1b[0m ${entry.message}`
}

export interface LogOutputOptions {
  readonly layout: LogLayout
  /** A file that is appended to; otherwise stderr. */
  readonly path?: string | undefined
  /** `--log-format-escaped`: control characters inside a line are written as C escapes. */
  readonly escaped?: boolean
}

/** Writes lines at once, so that none is lost when the process dies. A line that cannot be written is dropped. */
export class LogOutput implements LogSink {
  readonly #options: LogOutputOptions
  #fd: number
  /** Lines that could not be written. */
  lost = 0

  /** @throws Error when the file cannot be opened */
  constructor(options: LogOutputOptions) {
    this.#options = options
    this.#fd = open(options.path)
  }

  write(level: LogLevel, component: string, message: string, timeMs: number): void {
    const line = this.#options.layout({ level, component, message, timeMs })
    try {
      writeSync(this.#fd, `${this.#options.escaped ? escapeControls(line) : line}\n`)
    } catch {
      this.lost++
    }
  }

  /** After a log rotation. @throws Error when the file cannot be opened: the old one is kept */
  reopen(): void {
    if (this.#options.path === undefined) return
    const fd = open(this.#options.path)
    closeSync(this.#fd)
    this.#fd = fd
  }

  close(): void {
    if (this.#options.path !== undefined) closeSync(this.#fd)
  }
}

function open(path: string | undefined): number {
  return path === undefined ? 2 : openSync(path, 'a', 0o644)
}

/** As `absl::CEscape` does, non-ASCII left alone. */
function escapeControls(line: string): string {
  const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', "'": "\\'", '\\': '\\\\' }
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return line.replace(/[\x00-\x1f\x7f"'\\]/g, c => short[c] ?? `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
