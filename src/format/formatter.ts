/** `envoy.config.core.v3.SubstitutionFormatString` as a formatter: text or JSON. */
import { ConfigError } from '../base/errors.ts'
import { configError } from '../config/position.ts'
import type { SubstitutionFormatString } from '../config/v3.ts'
import { readDataSource } from './data-source.ts'
import { makeJsonFormatter } from './json-formatter.ts'
import type { Command, FormatContext } from '../core/format.ts'
import { type Formatter, makeTextFormatter, parseFormat } from './text-formatter.ts'

/** Envoy's default access log line. */
export const defaultAccessLogFormat =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" ' +
  '%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ' +
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% ' +
  '"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n'

export interface MessageFormatter {
  readonly format: Formatter
  /** `content_type`, or what Envoy takes by default. */
  readonly contentType: string
}

/** The commands that formatter extensions bring. Throws `ConfigError`. */
export function formatterCommands(
  formatters: SubstitutionFormatString['formatters'],
  context: FormatContext,
): ReadonlyMap<string, Command> {
  const commands = new Map<string, Command>()
  for (const each of formatters)
    for (const [name, command] of context.extensions.formatter(each, context)) commands.set(name, command)
  return commands
}

/** Throws `ConfigError` with the place. JSON ends with a newline. */
export function makeFormatter(message: SubstitutionFormatString, context: FormatContext): MessageFormatter {
  const omitEmpty = message.omitEmptyValues
  const commands = formatterCommands(message.formatters, context)
  try {
    if (message.jsonFormat !== undefined)
      return {
        format: makeJsonFormatter(message.jsonFormat, omitEmpty, text => parseFormat(text, context, commands)),
        contentType: message.contentType || 'application/json',
      }
    const text = message.textFormat ?? (message.textFormatSource && readDataSource(message.textFormatSource))
    if (text === undefined) throw new ConfigError('needs text_format_source or json_format')
    return {
      format: makeTextFormatter(text, context, omitEmpty, commands),
      contentType: message.contentType || 'text/plain',
    }
  } catch (error) {
    if (!(error instanceof ConfigError) || error.path !== '') throw error
    throw configError(message, undefined, error.reason)
  }
}
