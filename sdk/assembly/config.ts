/**
 * Reads a configuration (JSON, or a google.protobuf.Struct) and collects what is wrong with it: each fault with its path,
 * unknown members too.
 * ```
 * onConfigure(size: u32): bool {
 *   const config = this.getConfigurationJson()
 *   this.header = config.text("header")
 *   this.limit = <i32>config.integer("limit", 1, 1000, 10)
 *   const rules = config.list("rules")
 *   for (let i = 0; i < rules.length; i++) this.add(rules[i].text("path"), rules[i].flag("exact", false))
 *   return config.accept()
 * }
 * ```
 */
import { LogLevelValues } from "./enums"
import { Json, JsonKind } from "./json"
import { log } from "./log"
import { parseStruct } from "./struct"

/** A configuration as JSON, whether it came as JSON or as a Struct; null when it is neither: `Json.error` has the reason. */
export function parseConfiguration(bytes: ArrayBuffer): Json | null {
  if (bytes.byteLength == 0) return new Json(JsonKind.Object)
  const value = Json.parse(String.UTF8.decode(bytes))
  return value === null && load<u8>(changetype<usize>(bytes)) == 0x0a ? parseStruct(bytes) : value
}

/** An object of the configuration. Members that are asked for without a default must be there. */
export class ConfigReader {
  private asked: string[] = []
  private children: ConfigReader[] = []
  private faults: string[] = []

  private constructor(
    private value: Json | null,
    private path: string,
  ) {}

  /** Reads a configuration. @param bytes JSON, or a serialized google.protobuf.Struct; none are an empty object */
  static parse(bytes: ArrayBuffer): ConfigReader {
    const value = parseConfiguration(bytes)
    const reader = new ConfigReader(value, "")
    if (value === null) reader.faults.push("it is no JSON: " + Json.error)
    else if (value.kind != JsonKind.Object) reader.fault("", "must be an object")
    return reader
  }

  /** Is the member there, and not null? */
  has(key: string): bool {
    return this.find(key) !== null
  }

  /** A text that must be there and not be empty. */
  text(key: string): string {
    const member = this.find(key)
    if (member === null) this.fault(key, "is missing: a text must stand here")
    else if (member.kind != JsonKind.String || member.text.length == 0) this.fault(key, "must be a text that is not empty")
    else return member.text
    return ""
  }

  /** A text, or `absent`. */
  textOr(key: string, absent: string): string {
    const member = this.find(key)
    if (member === null) return absent
    if (member.kind == JsonKind.String) return member.text
    this.fault(key, "must be a text")
    return absent
  }

  /** One of several texts, the first of which holds where none is given. */
  choice(key: string, choices: string[]): string {
    const text = this.textOr(key, choices[0])
    if (!choices.includes(text)) this.fault(key, "must be one of: " + choices.join(", "))
    return text
  }

  /** A whole number within bounds; `absent` where none is given. */
  integer(key: string, least: i64, most: i64, absent: i64): i64 {
    const member = this.find(key)
    if (member === null) return absent
    const number = <i64>member.number
    if (member.kind != JsonKind.Number || <f64>number != member.number || number < least || number > most) {
      this.fault(key, "must be a whole number from " + least.toString() + " to " + most.toString())
      return absent
    }
    return number
  }

  /** A number within bounds; `absent` where none is given. */
  decimal(key: string, least: f64, most: f64, absent: f64): f64 {
    const member = this.find(key)
    if (member === null) return absent
    if (member.kind == JsonKind.Number && member.number >= least && member.number <= most) return member.number
    this.fault(key, "must be a number from " + least.toString() + " to " + most.toString())
    return absent
  }

  /** true or false; `absent` where none is given. */
  flag(key: string, absent: bool): bool {
    const member = this.find(key)
    if (member === null) return absent
    if (member.kind == JsonKind.Bool) return member.bool
    this.fault(key, "must be true or false")
    return absent
  }

  /** A list of texts; empty where none is given. */
  texts(key: string): string[] {
    const items = this.items(key)
    const texts = new Array<string>()
    for (let i = 0; i < items.length; i++)
      if (items[i].kind == JsonKind.String) texts.push(items[i].text)
      else this.fault(key + "[" + i.toString() + "]", "must be a text")
    return texts
  }

  /** A list of objects; empty where none is given. */
  list(key: string): ConfigReader[] {
    const items = this.items(key)
    const readers = new Array<ConfigReader>()
    for (let i = 0; i < items.length; i++) readers.push(this.child(items[i], key + "[" + i.toString() + "]"))
    return readers
  }

  /** An object; an empty one where none is given. */
  object(key: string): ConfigReader {
    const member = this.find(key)
    return this.child(member === null ? new Json(JsonKind.Object) : member, key)
  }

  /** Whatever stands there, for values of a form of their own; null where nothing does. */
  json(key: string): Json | null {
    return this.find(key)
  }

  /** Names of the members of an object whose names are free to choose; all of them count as asked for. */
  keys(): string[] {
    const value = this.value
    if (value === null) return []
    this.asked = this.asked.concat(value.keys)
    return value.keys
  }

  /** Says what is wrong with a member, for checks of the filter's own. @param key "" for the object itself */
  fault(key: string, reason: string): void {
    const separator = this.path.length > 0 && key.length > 0 ? "." : ""
    const path = this.path + separator + key
    this.faults.push((path.length > 0 ? path : "the configuration") + " " + reason)
  }

  /** All that is wrong, unknown members included, once everything was asked for. */
  allFaults(): string[] {
    let faults = this.faults.slice()
    const value = this.value
    if (value !== null && value.kind == JsonKind.Object)
      for (let i = 0; i < value.keys.length; i++)
        if (!this.asked.includes(value.keys[i])) {
          const before = this.path.length > 0 ? this.path + "." : ""
          faults.push(before + value.keys[i] + " is unknown; there is: " + this.asked.join(", "))
        }
    for (let i = 0; i < this.children.length; i++) faults = faults.concat(this.children[i].allFaults())
    return faults
  }

  /** To return from `onConfigure`: true when nothing is wrong; otherwise logs the faults. */
  accept(): bool {
    const faults = this.allFaults()
    for (let i = 0; i < faults.length; i++) log(LogLevelValues.critical, "bad configuration: " + faults[i])
    return faults.length == 0
  }

  private find(key: string): Json | null {
    if (!this.asked.includes(key)) this.asked.push(key)
    const value = this.value
    if (value === null) return null
    const member = value.get(key)
    if (member === null) return null
    return member.kind == JsonKind.Null ? null : member
  }

  private items(key: string): Json[] {
    const member = this.find(key)
    if (member === null) return []
    if (member.kind == JsonKind.Array) return member.items
    this.fault(key, "must be a list")
    return []
  }

  private child(value: Json, key: string): ConfigReader {
    const path = this.path.length > 0 ? this.path + "." + key : key
    const reader = new ConfigReader(value, path)
    if (value.kind != JsonKind.Object) reader.fault("", "must be an object")
    this.children.push(reader)
    return reader
  }
}
