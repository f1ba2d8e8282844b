/** Sets up the log of one thread from the flags and `application_log_config`. */
import { isatty } from 'node:tty'
import { type LogLevel, logger, setLogLevel, setLogSink } from '../base/log.ts'
import {
  defaultLogFormat,
  type LogLayout,
  LogOutput,
  makeJsonLayout,
  makePatternLayout,
  terminalLayout,
} from '../base/log-output.ts'
import type { JsonObject } from '../config/json-source.ts'

/** Plain data: part of the snapshot. */
export interface LogSettings {
  readonly level: LogLevel
  readonly componentLevels: ReadonlyMap<string, LogLevel>
  readonly path: string | undefined
  /** `--log-format`, or `application_log_config.log_format.text_format`. */
  readonly format: string | undefined
  readonly escaped: boolean
  /** `application_log_config.log_format.json_format`. */
  readonly jsonFormat: JsonObject | undefined
}

/** @throws Error when the file cannot be opened, RangeError for a bad format */
export function setUpLog(settings: LogSettings): LogOutput {
  const output = new LogOutput({ layout: layoutOf(settings), path: settings.path, escaped: settings.escaped })
  setLogSink(output)
  setLogLevel(settings.level)
  for (const [component, level] of settings.componentLevels) logger(component).level = level
  return output
}

/** What the flags say wins; a terminal gets colours; otherwise Envoy's format. */
function layoutOf({ format, jsonFormat, path }: LogSettings): LogLayout {
  if (format !== undefined) return makePatternLayout(format)
  if (jsonFormat !== undefined) return makeJsonLayout(jsonFormat)
  return path === undefined && isatty(2) ? terminalLayout : makePatternLayout(defaultLogFormat)
}
