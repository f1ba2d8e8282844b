/** The formats of JSON Schema that are checked. */
import { IpRange } from "proxy-wasm-sdk-as/assembly"
import { Pattern } from "../../lib/assembly/pattern"

export const formatNames: string[] = ["date-time", "date", "time", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"]

/** What a text of this format looks like; "" where more than that is looked at. */
function source(format: string): string {
  if (format == "date") return "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$"
  if (format == "time") return "^([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?(Z|z|[+\\-]([01]\\d|2[0-3]):[0-5]\\d)$"
  if (format == "date-time")
    return "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])[Tt]([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?(Z|z|[+\\-]([01]\\d|2[0-3]):[0-5]\\d)$"
  if (format == "email") return "^[^@\\s\"(),:;<>\\[\\]\\\\]+@[A-Za-z0-9]([A-Za-z0-9\\-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9\\-]*[A-Za-z0-9])?)+$"
  if (format == "hostname") return "^[A-Za-z0-9]([A-Za-z0-9\\-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9\\-]{0,61}[A-Za-z0-9])?)*$"
  if (format == "uri") return "^[A-Za-z][A-Za-z0-9+.\\-]*:[^\\s\"<>\\\\^`{|}]*$"
  if (format == "uuid") return "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
  return ""
}

/** A format, read once. */
export class Format {
  private pattern: Pattern | null = null

  constructor(public name: string) {
    const text = source(name)
    if (text.length > 0) this.pattern = new Pattern(text)
  }

  matches(text: string): bool {
    const pattern = this.pattern
    if (pattern !== null) {
      if (!pattern.test(String.UTF8.encode(text))) return false
      return this.name.startsWith("date") ? isDay(text) : this.name != "hostname" || text.length <= 253
    }
    const isV6 = text.includes(":")
    return isV6 == (this.name == "ipv6") && !text.includes("/") && IpRange.parse(text) !== null
  }
}

/** Has the month that day? */
function isDay(text: string): bool {
  const year = <i32>parseInt(text.substring(0, 4))
  const month = <i32>parseInt(text.substring(5, 7))
  const day = <i32>parseInt(text.substring(8, 10))
  if (month == 2) return day <= (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28)
  return day <= (month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31)
}
