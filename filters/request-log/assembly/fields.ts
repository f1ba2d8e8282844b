/** What a line may tell: names in the configuration, and their values. */
import { get_property_i64, get_property_string, properties, quoteJson, stream_context, withoutPort } from "proxy-wasm-sdk-as/assembly"
import { bare_path, query_of } from "../../lib/assembly/request"

/** Names without a colon. */
const plain = [
  "time", "method", "path", "url_path", "query", "host", "scheme", "protocol", "status", "duration_ms", "request_bytes",
  "response_bytes", "client_ip", "user_agent", "referer", "request_id", "route", "cluster", "upstream", "details", "flags",
]
const prefixes = ["header:", "response_header:", "property:", "text:"]

/** By default. */
export const usualFields: string[] = ["time", "method", "host", "path", "protocol", "status", "duration_ms", "request_bytes", "response_bytes", "client_ip", "user_agent", "request_id", "upstream", "details"]

/** Is there such a source? */
export function isSource(source: string): bool {
  for (let i = 0; i < prefixes.length; i++) if (source.startsWith(prefixes[i]) && source.length > prefixes[i].length) return true
  return plain.includes(source)
}

/** Its value as JSON. */
export function valueOf(source: string): string {
  const request = stream_context.headers.request
  if (source == "time") return quoteJson(isoTime(properties.request.time() / 1_000_000))
  if (source == "method") return text(request.get(":method"))
  if (source == "path") return text(request.get(":path"))
  if (source == "host") return text(request.get(":authority"))
  if (source == "scheme") return text(request.get(":scheme"))
  if (source == "user_agent") return text(request.get("user-agent"))
  if (source == "referer") return text(request.get("referer"))
  if (source == "request_id") return text(request.get("x-request-id"))
  if (source == "url_path" || source == "query") {
    const path = request.get(":path")
    return text(source == "query" ? query_of(path) : bare_path(path))
  }
  if (source == "protocol") return text(properties.request.protocol())
  if (source == "status") return properties.response.code().toString()
  if (source == "duration_ms") return (<f64>(properties.request.duration() / 1000) / 1000).toString()
  if (source == "request_bytes") return properties.request.size().toString()
  if (source == "response_bytes") return properties.response.size().toString()
  if (source == "client_ip") return text(withoutPort(properties.source.address()))
  if (source == "route") return text(properties.xds.route_name())
  if (source == "cluster") return text(properties.xds.cluster_name())
  if (source == "upstream") return text(properties.upstream.address())
  if (source == "details") return text(properties.response.code_details())
  if (source == "flags") return get_property_i64("response\0flags").toString()
  if (source.startsWith("header:")) return text(request.get(source.substring(7)))
  if (source.startsWith("response_header:")) return text(stream_context.headers.response.get(source.substring(16)))
  if (source.startsWith("property:")) {
    const value = get_property_string(source.substring(9).replaceAll(".", "\0"))
    return value === null ? "null" : quoteJson(value)
  }
  return quoteJson(source.substring(5))
}

/** Nothing is null. */
function text(value: string): string {
  return value.length == 0 ? "null" : quoteJson(value)
}

/** RFC 3339 with milliseconds. @param time milliseconds since 1970 */
function isoTime(time: i64): string {
  const day = time / 86_400_000
  const rest = time - day * 86_400_000
  // Days in eras of 400 years that begin on the first of March.
  const shifted = day + 719_468
  const era = shifted / 146_097
  const inEra = shifted - era * 146_097
  const year = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
  const inYear = inEra - (365 * year + year / 4 - year / 100)
  const month = (5 * inYear + 2) / 153
  const dayOfMonth = inYear - (153 * month + 2) / 5 + 1
  const calendarMonth = month < 10 ? month + 3 : month - 9
  const calendarYear = year + era * 400 + (calendarMonth <= 2 ? 1 : 0)
  const clock = digits(rest / 3_600_000, 2) + ":" + digits((rest / 60_000) % 60, 2) + ":" + digits((rest / 1000) % 60, 2) + "." + digits(rest % 1000, 3)
  return digits(calendarYear, 4) + "-" + digits(calendarMonth, 2) + "-" + digits(dayOfMonth, 2) + "T" + clock + "Z"
}

function digits(number: i64, count: i32): string {
  return number.toString().padStart(count, "0")
}
