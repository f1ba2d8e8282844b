// Unit tests in AssemblyScript, run by as-test: headers, JSON and configurations.
import { describe, expect, test } from "as-test"
import {
  ConfigReader,
  deserializeHeaders,
  HeaderSnapshot,
  Json,
  JsonKind,
  makeHeaders,
  metric_name,
  property_path,
  quoteJson,
  serializeHeaders,
} from "proxy-wasm-sdk-as/assembly"

describe("headers", () => {
  test("to bytes and back, repeated and empty ones too", () => {
    const bytes = serializeHeaders(makeHeaders([":path", "/ü", "a", "", "a", "2"]))
    const headers = deserializeHeaders(bytes)
    expect(headers.length).toBe(3)
    expect(headers[0].toString()).toBe(":path:/ü")
    expect(headers[1].text).toBe("")
    const snapshot = new HeaderSnapshot(bytes)
    expect(snapshot.name(2)).toBe("a")
    expect(snapshot.value(2)).toBe("2")
  })

  test("none are no bytes", () => {
    expect(serializeHeaders([]).byteLength).toBe(0)
    expect(deserializeHeaders(new ArrayBuffer(0)).length).toBe(0)
  })
})

describe("JSON", () => {
  test("read and written", () => {
    const value = Json.parse('{"a":[1,true,null,"\\u00e4"],"a":{"b":-1.5e2}}')
    expect(value === null).toBe(false)
    if (value === null) return
    expect(value.kind).toBe(JsonKind.Object)
    expect(value.toString()).toBe('{"a":[1,true,null,"ä"],"a":{"b":-1.5e2}}')
    const last = value.get("a")
    expect(last === null ? "" : last.toString()).toBe('{"b":-1.5e2}')
    expect(quoteJson('a"\n')).toBe('"a\\"\\n"')
  })

  test("faults have a place", () => {
    expect(Json.parse("{\n 1}") === null).toBe(true)
    expect(Json.error).toBe("line 2 column 2: a member's name in quotes is expected here")
  })
})

describe("configurations", () => {
  test("faults have paths", () => {
    const config = ConfigReader.parse(String.UTF8.encode('{"rules":[{"path":""}],"limit":"3","other":1}'))
    const rules = config.list("rules")
    rules[0].text("path")
    expect(config.integer("limit", 1, 9, 5)).toBe(5)
    expect(config.allFaults().join("; ")).toBe(
      "limit must be a whole number from 1 to 9; other is unknown; there is: rules, limit; " +
        "rules[0].path must be a text that is not empty",
    )
  })
})

describe("names", () => {
  test("of properties and metrics", () => {
    expect(property_path(["a", "b"]).length).toBe(3)
    expect(metric_name("requests", ["code", "200"])).toBe("code.200.requests")
  })
})
