// Unit tests in AssemblyScript, run by as-test: the parts of the SDK that need no host.
import { describe, expect, test } from "as-test"
import {
  base64_decode,
  cookie_value,
  equals_constant_time,
  IpRange,
  log,
  LogLevelValues,
  path_is_below,
  withoutPort,
} from "proxy-wasm-sdk-as/assembly"

function matches(range: string, address: string): bool {
  const parsed = IpRange.parse(range)
  return parsed !== null && parsed.contains(address)
}

function cookie(header: string, name: string): string {
  const value = cookie_value(header, name)
  return value === null ? "(none)" : value
}

describe("texts", () => {
  test("cookies by name", () => {
    expect(cookie("a=1; session=x=y ;b=", "session")).toBe("x=y")
    expect(cookie("a=1; session=x=y ;b=", "b")).toBe("")
    expect(cookie("a=1", "essio")).toBe("(none)")
  })

  test("base64 of both alphabets", () => {
    const bytes = base64_decode("Pz8_")
    expect(bytes === null ? "" : String.UTF8.decode(bytes)).toBe("???")
    expect(base64_decode("ab!c") === null).toBe(true)
  })

  test("secrets, whole", () => {
    expect(equals_constant_time("secret", "secret")).toBe(true)
    expect(equals_constant_time("secre", "secret")).toBe(false)
    expect(equals_constant_time("", "secret")).toBe(false)
  })

  test("paths below a prefix", () => {
    expect(path_is_below("/a/b?c", "/a")).toBe(true)
    expect(path_is_below("/ab", "/a")).toBe(false)
  })

  test("addresses in ranges", () => {
    expect(matches("10.0.0.0/8", "10.1.2.3:80")).toBe(true)
    expect(matches("2001:db8::/32", "[2001:db8::1]:443")).toBe(true)
    expect(matches("10.0.0.0/8", "11.0.0.1")).toBe(false)
    expect(withoutPort("[::1]:80")).toBe("::1")
  })

  test("a host that answers OK can be called", () => {
    log(LogLevelValues.info, "grüße")
    expect(true).toBe(true)
  })
})
