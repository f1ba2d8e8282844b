/** The command line: Envoy's flags with Envoy's meanings (operations/cli), and a few of our own. Tells what has no effect yet. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type LogLevel, logLevels } from '../base/log.ts'
import type { ServerOptions } from '../server/options.ts'

interface Flag {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly help: string
  /** Why setting it changes nothing yet. */
  readonly inert?: string
}

const hotRestart = 'hot restart is not built yet'
const dynamic = 'there is no dynamic configuration yet'

const flags: Readonly<Record<string, Flag>> = {
  'config-path': {
    type: 'string',
    short: 'c',
    help: 'path of the bootstrap file (.yaml, .yml; anything else is JSON)',
  },
  'config-yaml': { type: 'string', help: 'YAML merged over the file' },
  mode: { type: 'string', help: 'serve (default) or validate' },
  concurrency: {
    type: 'string',
    help: 'number of worker threads; 0 runs all in one thread (default: one a processor)',
  },
  'allow-unsupported': {
    type: 'boolean',
    help: 'warn of configured fields that sluice lacks instead of refusing them',
  },
  'log-level': { type: 'string', short: 'l', help: 'trace, debug, info (default), warning, error, critical, off' },
  'component-log-level': { type: 'string', help: 'levels of single components, as upstream:debug,config:trace' },
  'log-path': { type: 'string', help: 'file for the log instead of stderr' },
  'log-format': { type: 'string', help: 'spdlog-style format of a log line' },
  'log-format-escaped': { type: 'boolean', help: 'escape control characters in log lines' },
  'service-cluster': { type: 'string', help: 'node.cluster' },
  'service-node': { type: 'string', help: 'node.id' },
  'service-zone': { type: 'string', help: 'node.locality.zone' },
  'drain-time-s': { type: 'string', help: 'longest time a drain waits for connections (default 600)' },
  'drain-strategy': { type: 'string', help: 'gradual (default) or immediate' },
  'parent-shutdown-time-s': { type: 'string', help: 'hot restart: when the parent ends', inert: hotRestart },
  'admin-address-path': { type: 'string', help: 'file that gets the bound address of the admin listener' },
  'base-id': { type: 'string', help: 'hot restart: family of processes', inert: hotRestart },
  'use-dynamic-base-id': { type: 'boolean', help: 'hot restart: pick a base id', inert: hotRestart },
  'base-id-path': { type: 'string', help: 'hot restart: file that gets the base id', inert: hotRestart },
  'restart-epoch': { type: 'string', help: 'hot restart: generation', inert: hotRestart },
  'disable-hot-restart': { type: 'boolean', help: 'no hot restart (the case today)' },
  'file-flush-interval-msec': { type: 'string', help: 'how often access logs are flushed (default 10000)' },
  'file-flush-min-size-kb': { type: 'string', help: 'access log buffer that is flushed at once (default 64)' },
  'bootstrap-version': { type: 'string', help: 'version of the bootstrap; only 3 exists' },
  'ignore-unknown-dynamic-fields': { type: 'boolean', help: 'accept unknown fields in xDS', inert: dynamic },
  'reject-unknown-dynamic-fields': { type: 'boolean', help: 'refuse unknown fields in xDS', inert: dynamic },
  version: { type: 'boolean', help: 'print the version' },
  help: { type: 'boolean', short: 'h', help: 'print this' },
}

export class UsageError extends Error {}

/** What the command line asks for. */
export interface CommandLine {
  readonly command: 'run' | 'validate' | 'version' | 'help'
  readonly server: ServerOptions
  /** Flags that were given and have no effect, with the reason. */
  readonly notes: readonly string[]
}

/** @throws UsageError for an unknown flag or a bad value */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const values = parse(args)
  const text = (name: string): string | undefined => values[name] as string | undefined
  const integer = (name: string): number | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    if (!/^\d{1,9}$/.test(value)) throw new UsageError(`--${name} takes a non-negative integer, not "${value}"`)
    return Number(value)
  }
  const oneOf = <T extends string>(name: string, allowed: readonly T[]): T | undefined => {
    const value = text(name)
    if (value === undefined || allowed.includes(value as T)) return value as T | undefined
    throw new UsageError(`--${name} takes one of ${allowed.join(', ')}, not "${value}"`)
  }

  const version = text('bootstrap-version')
  if (version !== undefined && version !== '3') throw new UsageError(`--bootstrap-version takes 3, not "${version}"`)
  const mode = oneOf('mode', ['serve', 'validate'])
  const command = values.help ? 'help' : values.version ? 'version' : mode === 'validate' ? 'validate' : 'run'
  const given = { configPath: text('config-path'), configYaml: text('config-yaml') }
  if (command !== 'help' && command !== 'version' && given.configPath === undefined && given.configYaml === undefined)
    throw new UsageError('one of -c FILE and --config-yaml YAML is needed')
  const concurrency = integer('concurrency') ?? availableParallelism()
  if (concurrency > 64) throw new UsageError('--concurrency takes 0 to 64')
  for (const name of ['parent-shutdown-time-s', 'base-id', 'restart-epoch']) integer(name)

  return {
    command,
    server: {
      ...given,
      concurrency,
      allowUnsupported: values['allow-unsupported'] === true,
      logLevel: parseLogLevel(text('log-level') ?? 'info', '--log-level'),
      componentLogLevels: parseComponentLevels(text('component-log-level') ?? ''),
      logPath: text('log-path'),
      logFormat: text('log-format'),
      logFormatEscaped: values['log-format-escaped'] === true,
      serviceCluster: text('service-cluster'),
      serviceNode: text('service-node'),
      serviceZone: text('service-zone'),
      drainTimeMs: (integer('drain-time-s') ?? 600) * 1000,
      drainStrategy: oneOf('drain-strategy', ['gradual', 'immediate']) ?? 'gradual',
      adminAddressPath: text('admin-address-path'),
      fileFlushIntervalMs: integer('file-flush-interval-msec') ?? 10_000,
      fileFlushMinBytes: (integer('file-flush-min-size-kb') ?? 64) * 1024,
    },
    notes: Object.entries(flags)
      .filter(([name, flag]) => flag.inert !== undefined && values[name] !== undefined)
      .map(([name, flag]) => `--${name} is accepted and has no effect: ${flag.inert}`),
  }
}

/** `spdlog`'s names; `warn` is `warning`. */
export function parseLogLevel(value: string, where: string): LogLevel {
  const level = value === 'warn' ? 'warning' : value
  if (logLevels.includes(level as LogLevel)) return level as LogLevel
  throw new UsageError(`${where} takes one of ${logLevels.join(', ')}, not "${value}"`)
}

function parseComponentLevels(value: string): ReadonlyMap<string, LogLevel> {
  const levels = new Map<string, LogLevel>()
  for (const part of value.split(',')) {
    if (part === '') continue
    const [component, level, more] = part.split(':')
    if (!component || level === undefined || more !== undefined)
      throw new UsageError(`--component-log-level takes COMPONENT:LEVEL,…, not "${part}"`)
    levels.set(component, parseLogLevel(level, '--component-log-level'))
  }
  return levels
}

function parse(args: readonly string[]): Record<string, string | boolean | (string | boolean)[] | undefined> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short }]) => [name, short === undefined ? { type } : { type, short }]),
  )
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0])
  }
}

export function usage(): string {
  const lines = Object.entries(flags).map(([name, flag]) => {
    const left = `  ${flag.short ? `-${flag.short}, ` : '    '}--${name}${flag.type === 'string' ? ' VALUE' : ''}`
    return `${left.padEnd(38)}${flag.help}${flag.inert ? ` (no effect: ${flag.inert})` : ''}`
  })
  return `usage: sluice -c FILE [FLAGS]\n\n${lines.join('\n')}\n`
}
