/** The proxy's log, its clock and its timer. */
import * as host from "./host"
import { LogLevelValues, WasmResultValues } from "./enums"
import { beginCall, encode, encodedSize, outNumber } from "./memory"

/** Writes a line to the proxy's log. */
export function log(level: LogLevelValues, logMessage: string): void {
  beginCall()
  const text = encode(logMessage)
  host.proxy_log(level, text, encodedSize)
}

/** The level from which on the proxy writes. Ask before composing long messages. */
export function logLevel(): LogLevelValues {
  return host.proxy_get_log_level(outNumber) == WasmResultValues.Ok
    ? <LogLevelValues>load<u32>(outNumber)
    : LogLevelValues.info
}

/** Does the proxy write lines of this level? */
export function logEnabled(level: LogLevelValues): bool {
  return level >= logLevel()
}

/** Calls `onTick` of the running callback's root context every so many milliseconds; 0 stops that. */
export function set_tick_period_milliseconds(millisecond: u32): WasmResultValues {
  return host.proxy_set_tick_period_milliseconds(millisecond)
}

/** Nanoseconds since 1970. */
export function get_current_time_nanoseconds(): u64 {
  return host.proxy_get_current_time_nanoseconds(outNumber) == WasmResultValues.Ok ? load<u64>(outNumber) : 0
}

/**
 * What `throw` and failed checks end in (`--use abort=proxy_abort`, which the SDK's asconfig.json has): the message and
 * its place in the source go to the log, then the VM traps.
 */
// @ts-ignore: decorator
@global
export function proxy_abort(message: string | null, fileName: string | null, line: u32, column: u32): void {
  let text = message === null ? "aborted" : message
  if (fileName !== null) text += " at " + fileName + ":" + decimal(line) + ":" + decimal(column)
  log(LogLevelValues.critical, text)
  unreachable()
}

/** `number.toString()` would bring its tables into every filter. */
function decimal(number: u32): string {
  const digit = String.fromCharCode(0x30 + (number % 10))
  return number < 10 ? digit : decimal(number / 10) + digit
}
