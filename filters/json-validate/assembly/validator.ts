/** Holds a JSON value against a schema and collects where it does not fit. */
import { Json, JsonKind, quoteJson } from "proxy-wasm-sdk-as/assembly"
import { Schema, typeNames } from "./schema"

/** Steps through `$ref` that lead no deeper into the value, and schemas in schemas. */
const maxDepth = 200
/** Schemas held against values, of one body: `anyOf` in `anyOf` multiplies. */
const maxSteps = 200_000

export class Validator {
  /** JSON objects with `path` (a JSON pointer) and `reason`. */
  faults: string[] = []
  private steps: i32 = 0

  constructor(private maxFaults: i32) {}

  /** Does it fit? */
  check(schema: Schema, value: Json): bool {
    this.faults = []
    this.steps = 0
    this.value(schema, value, "", 0, true)
    return this.faults.length == 0
  }

  private fault(path: string, reason: string, tells: bool): bool {
    if (tells && this.faults.length < this.maxFaults) this.faults.push('{"path":' + quoteJson(path) + ',"reason":' + quoteJson(reason) + "}")
    return false
  }

  /** @param tells faults are collected (not inside anyOf, oneOf, not) */
  private value(schema: Schema, value: Json, path: string, depth: i32, tells: bool): bool {
    if (tells && this.faults.length >= this.maxFaults) return false
    if (++this.steps > maxSteps || depth > maxDepth) {
      // Inside `not` and `oneOf` a plain "does not fit" could let the value pass.
      if (this.faults.length == 0) this.fault(path, "is too much to check", true)
      return false
    }
    if (schema.never) return this.fault(path, "may not be here", tells)
    let fits = true
    const target = schema.target
    if (target !== null) fits = this.value(target, value, path, depth + 1, tells)
    if (schema.types != 0 && !hasType(schema.types, value)) return this.fault(path, "must be " + typeText(schema.types), tells)
    const enumeration = schema.enumeration
    if (enumeration !== null && !includes(enumeration, value)) fits = this.fault(path, "must be " + (enumeration.length == 1 ? enumeration[0].toString() : "one of " + listText(enumeration)), tells)
    if (value.kind == JsonKind.Object) fits = this.object(schema, value, path, depth, tells) && fits
    else if (value.kind == JsonKind.Array) fits = this.array(schema, value, path, depth, tells) && fits
    else if (value.kind == JsonKind.String) fits = this.text(schema, value.text, path, tells) && fits
    else if (value.kind == JsonKind.Number) fits = this.number(schema, value.number, path, tells) && fits
    return this.combined(schema, value, path, depth, tells) && fits
  }

  private object(schema: Schema, value: Json, path: string, depth: i32, tells: bool): bool {
    let fits = true
    for (let i = 0; i < schema.required.length; i++)
      if (!value.keys.includes(schema.required[i])) fits = this.fault(path, "must have " + quoteJson(schema.required[i]), tells)
    const count = <f64>value.keys.length
    if (schema.minProperties >= 0 && count < schema.minProperties) fits = this.fault(path, "must have " + whole(schema.minProperties) + " members or more", tells)
    if (schema.maxProperties >= 0 && count > schema.maxProperties) fits = this.fault(path, "must have " + whole(schema.maxProperties) + " members or fewer", tells)
    const additional = schema.additional
    const names = schema.propertyNames
    // Servers differ in which of two members of one name they take: all must fit.
    for (let i = 0; i < value.keys.length; i++) {
      const key = value.keys[i]
      const inner = path + "/" + key.split("~").join("~0").split("/").join("~1")
      if (schema.properties.has(key)) fits = this.value(schema.properties.get(key), value.items[i], inner, depth + 1, tells) && fits
      else if (additional !== null) fits = this.value(additional, value.items[i], inner, depth + 1, tells) && fits
      if (names !== null) {
        const name = new Json(JsonKind.String)
        name.text = key
        if (!this.value(names, name, inner, depth + 1, false)) fits = this.fault(inner, "may not have this name", tells)
      }
    }
    return fits
  }

  private array(schema: Schema, value: Json, path: string, depth: i32, tells: bool): bool {
    let fits = true
    const items = value.items
    const count = <f64>items.length
    if (schema.minItems >= 0 && count < schema.minItems) fits = this.fault(path, "must have " + whole(schema.minItems) + " items or more", tells)
    if (schema.maxItems >= 0 && count > schema.maxItems) return this.fault(path, "must have " + whole(schema.maxItems) + " items or fewer", tells)
    const rest = schema.items
    for (let i = 0; i < items.length; i++) {
      const inner = path + "/" + i.toString()
      if (i < schema.prefixItems.length) fits = this.value(schema.prefixItems[i], items[i], inner, depth + 1, tells) && fits
      else if (rest !== null) fits = this.value(rest, items[i], inner, depth + 1, tells) && fits
    }
    if (schema.uniqueItems && hasTwins(items)) fits = this.fault(path, "must have no item twice", tells)
    return fits
  }

  private text(schema: Schema, text: string, path: string, tells: bool): bool {
    let fits = true
    if (schema.minLength >= 0 || schema.maxLength >= 0) {
      const length = <f64>characters(text)
      if (schema.minLength >= 0 && length < schema.minLength) fits = this.fault(path, "must have " + whole(schema.minLength) + " characters or more", tells)
      if (schema.maxLength >= 0 && length > schema.maxLength) fits = this.fault(path, "must have " + whole(schema.maxLength) + " characters or fewer", tells)
    }
    const pattern = schema.pattern
    if (pattern !== null && !pattern.test(String.UTF8.encode(text))) fits = this.fault(path, "must match " + pattern.source, tells)
    const format = schema.format
    if (format !== null && !format.matches(text)) fits = this.fault(path, "must be a text of the format " + format.name, tells)
    return fits
  }

  private number(schema: Schema, number: f64, path: string, tells: bool): bool {
    if (number < schema.minimum) return this.fault(path, "must be " + shown(schema.minimum) + " or more", tells)
    if (number > schema.maximum) return this.fault(path, "must be " + shown(schema.maximum) + " or less", tells)
    if (number <= schema.exclusiveMinimum) return this.fault(path, "must be more than " + shown(schema.exclusiveMinimum), tells)
    if (number >= schema.exclusiveMaximum) return this.fault(path, "must be less than " + shown(schema.exclusiveMaximum), tells)
    if (schema.multipleOf > 0 && !isMultiple(number, schema.multipleOf)) return this.fault(path, "must be a multiple of " + shown(schema.multipleOf), tells)
    return true
  }

  private combined(schema: Schema, value: Json, path: string, depth: i32, tells: bool): bool {
    let fits = true
    for (let i = 0; i < schema.allOf.length; i++) fits = this.value(schema.allOf[i], value, path, depth + 1, tells) && fits
    if (schema.anyOf.length > 0 && this.matches(schema.anyOf, value, path, depth, 1) == 0) fits = this.fault(path, "must fit one of several forms", tells)
    if (schema.oneOf.length > 0) {
      const count = this.matches(schema.oneOf, value, path, depth, 2)
      if (count != 1) fits = this.fault(path, count == 0 ? "must fit one of several forms" : "must fit one form only", tells)
    }
    const not = schema.not
    if (not !== null && this.value(not, value, path, depth + 1, false)) fits = this.fault(path, "may not have this form", tells)
    return fits
  }

  /** How many schemas fit, at most `enough`. */
  private matches(schemas: Schema[], value: Json, path: string, depth: i32, enough: i32): i32 {
    let count = 0
    for (let i = 0; i < schemas.length && count < enough; i++) if (this.value(schemas[i], value, path, depth + 1, false)) count++
    return count
  }
}

function hasType(types: i32, value: Json): bool {
  if ((types & (1 << <i32>value.kind)) != 0) return true
  return value.kind == JsonKind.Number && (types & (1 << 6)) != 0 && Math.floor(value.number) == value.number
}

function typeText(types: i32): string {
  let text = ""
  for (let i = 0; i < typeNames.length; i++) if ((types & (1 << i)) != 0) text += (text.length > 0 ? " or " : "") + typeNames[i]
  return text
}

function listText(values: Json[]): string {
  const texts: string[] = []
  for (let i = 0; i < values.length && i < 20; i++) texts.push(values[i].toString())
  return texts.join(", ")
}

function includes(values: Json[], value: Json): bool {
  for (let i = 0; i < values.length; i++) if (equals(values[i], value)) return true
  return false
}

function equals(a: Json, b: Json): bool {
  if (a.kind != b.kind || a.items.length != b.items.length) return false
  if (a.kind == JsonKind.Bool) return a.bool == b.bool
  if (a.kind == JsonKind.Number) return a.number == b.number
  if (a.kind == JsonKind.String) return a.text == b.text
  for (let i = 0; i < a.items.length; i++) {
    const other = a.kind == JsonKind.Object ? b.get(a.keys[i]) : b.items[i]
    if (other === null || !equals(a.items[i], other)) return false
  }
  return true
}

/** A text that is the same for equal values. */
function canonical(value: Json): string {
  if (value.kind == JsonKind.Number) return value.number.toString()
  if (value.kind != JsonKind.Array && value.kind != JsonKind.Object) return value.toString()
  const parts: string[] = []
  for (let i = 0; i < value.items.length; i++) parts.push((value.kind == JsonKind.Object ? quoteJson(value.keys[i]) + ":" : "") + canonical(value.items[i]))
  if (value.kind == JsonKind.Object) return "{" + parts.sort().join(",") + "}"
  return "[" + parts.join(",") + "]"
}

function hasTwins(items: Json[]): bool {
  const seen = new Set<string>()
  for (let i = 0; i < items.length; i++) {
    const text = canonical(items[i])
    if (seen.has(text)) return true
    seen.add(text)
  }
  return false
}

/** Code points. */
function characters(text: string): i32 {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const isPair = unit >= 0xd800 && unit <= 0xdbff && i + 1 < text.length && (text.charCodeAt(i + 1) & 0xfc00) == 0xdc00
    if (isPair) i++
    count++
  }
  return count
}

function isMultiple(number: f64, unit: f64): bool {
  const quotient = number / unit
  const nearest = Math.round(quotient)
  // 0.3 is a multiple of 0.1, whatever floating point says.
  return Math.abs(quotient - nearest) <= Math.abs(quotient) * 4 * f64.EPSILON
}

function whole(number: f64): string {
  return (<i64>number).toString()
}

function shown(number: f64): string {
  return Math.floor(number) == number && Math.abs(number) < 1e15 ? whole(number) : number.toString()
}
