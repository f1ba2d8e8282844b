/** Reads a subset of JSON Schema (2020-12) once, and refuses what it does not know. */
import { ConfigReader, Json, JsonKind } from "proxy-wasm-sdk-as/assembly"
import { Pattern } from "../../lib/assembly/pattern"
import { Format, formatNames } from "./formats"

export const typeNames: string[] = ["null", "boolean", "number", "string", "array", "object", "integer"]
const annotations = ["title", "description", "default", "examples", "$schema", "$id", "$comment", "deprecated", "readOnly", "writeOnly", "$defs", "definitions"]
const maxDepth = 40

/** A schema. */
export class Schema {
  /** Of the schema `false`: nothing fits. */
  never: bool = false
  /** Bits by number of the type's name; 0 for any. */
  types: i32 = 0
  enumeration: Json[] | null = null
  properties: Map<string, Schema> = new Map<string, Schema>()
  required: string[] = []
  additional: Schema | null = null
  propertyNames: Schema | null = null
  minProperties: f64 = -1
  maxProperties: f64 = -1
  prefixItems: Schema[] = []
  items: Schema | null = null
  minItems: f64 = -1
  maxItems: f64 = -1
  uniqueItems: bool = false
  minLength: f64 = -1
  maxLength: f64 = -1
  pattern: Pattern | null = null
  format: Format | null = null
  minimum: f64 = -Infinity
  maximum: f64 = Infinity
  exclusiveMinimum: f64 = -Infinity
  exclusiveMaximum: f64 = Infinity
  multipleOf: f64 = 0
  allOf: Schema[] = []
  anyOf: Schema[] = []
  oneOf: Schema[] = []
  not: Schema | null = null
  /** Where `$ref` leads. */
  target: Schema | null = null
}

export class SchemaReader {
  private known: Map<string, Schema> = new Map<string, Schema>()
  private root: Json

  /** @param path of the schema in the configuration, for faults */
  constructor(
    private config: ConfigReader,
    private path: string,
    root: Json,
  ) {
    this.root = root
  }

  read(): Schema {
    return this.schema(this.root, "", 0)
  }

  private fault(pointer: string, reason: string): void {
    this.config.fault(this.path + pointer, reason)
  }

  /** @param pointer with dots, from the root of the schema */
  private schema(json: Json, pointer: string, depth: i32): Schema {
    if (this.known.has(pointer)) return this.known.get(pointer)
    const schema = new Schema()
    // Before its parts are read: they may refer to it.
    this.known.set(pointer, schema)
    if (json.kind == JsonKind.Bool) schema.never = !json.bool
    else if (json.kind != JsonKind.Object) this.fault(pointer, "must be a schema: an object, true or false")
    else if (depth > maxDepth) this.fault(pointer, "is too deeply nested")
    else for (let i = 0; i < json.keys.length; i++) this.keyword(schema, json.keys[i], json.items[i], pointer, depth)
    return schema
  }

  private keyword(schema: Schema, key: string, value: Json, parent: string, depth: i32): void {
    const at = parent + "." + key
    if (annotations.includes(key)) return
    if (key == "type") schema.types = this.types(value, at)
    else if (key == "enum") schema.enumeration = this.list(value, at)
    else if (key == "const") schema.enumeration = [value]
    else if (key == "required") schema.required = this.texts(value, at)
    else if (key == "properties") schema.properties = this.map(value, at, depth)
    else if (key == "additionalProperties") schema.additional = this.schema(value, at, depth + 1)
    else if (key == "propertyNames") schema.propertyNames = this.schema(value, at, depth + 1)
    else if (key == "minProperties") schema.minProperties = this.count(value, at)
    else if (key == "maxProperties") schema.maxProperties = this.count(value, at)
    else if (key == "prefixItems") schema.prefixItems = this.schemas(value, at, depth)
    else if (key == "items") schema.items = this.schema(value, at, depth + 1)
    else if (key == "minItems") schema.minItems = this.count(value, at)
    else if (key == "maxItems") schema.maxItems = this.count(value, at)
    else if (key == "uniqueItems") schema.uniqueItems = this.flag(value, at)
    else if (key == "minLength") schema.minLength = this.count(value, at)
    else if (key == "maxLength") schema.maxLength = this.count(value, at)
    else if (key == "pattern") schema.pattern = this.pattern(value, at)
    else if (key == "format") schema.format = this.format(value, at)
    else if (key == "minimum") schema.minimum = this.number(value, at)
    else if (key == "maximum") schema.maximum = this.number(value, at)
    else if (key == "exclusiveMinimum") schema.exclusiveMinimum = this.number(value, at)
    else if (key == "exclusiveMaximum") schema.exclusiveMaximum = this.number(value, at)
    else if (key == "multipleOf") {
      schema.multipleOf = this.number(value, at)
      if (schema.multipleOf <= 0) this.fault(at, "must be above 0")
    } else if (key == "allOf") schema.allOf = this.schemas(value, at, depth)
    else if (key == "anyOf") schema.anyOf = this.schemas(value, at, depth)
    else if (key == "oneOf") schema.oneOf = this.schemas(value, at, depth)
    else if (key == "not") schema.not = this.schema(value, at, depth + 1)
    else if (key == "$ref") schema.target = this.reference(value, at)
    else this.fault(at, "is none of the keywords that are known here")
  }

  private types(value: Json, at: string): i32 {
    const names = value.kind == JsonKind.String ? [value.text] : this.texts(value, at)
    let bits = 0
    for (let i = 0; i < names.length; i++) {
      const index = typeNames.indexOf(names[i])
      if (index < 0) this.fault(at, "must be of: " + typeNames.join(", "))
      else bits |= 1 << index
    }
    return bits
  }

  private list(value: Json, at: string): Json[] {
    if (value.kind == JsonKind.Array && value.items.length > 0) return value.items
    this.fault(at, "must be a list that is not empty")
    return []
  }

  private texts(value: Json, at: string): string[] {
    const texts: string[] = []
    if (value.kind != JsonKind.Array) this.fault(at, "must be a list of texts")
    for (let i = 0; i < value.items.length; i++)
      if (value.items[i].kind == JsonKind.String) texts.push(value.items[i].text)
      else this.fault(at + "[" + i.toString() + "]", "must be a text")
    return texts
  }

  private map(value: Json, at: string, depth: i32): Map<string, Schema> {
    const schemas = new Map<string, Schema>()
    if (value.kind != JsonKind.Object) this.fault(at, "must be an object of schemas")
    for (let i = 0; i < value.keys.length; i++) schemas.set(value.keys[i], this.schema(value.items[i], at + "." + value.keys[i], depth + 1))
    return schemas
  }

  private schemas(value: Json, at: string, depth: i32): Schema[] {
    const items = this.list(value, at)
    const schemas: Schema[] = []
    for (let i = 0; i < items.length; i++) schemas.push(this.schema(items[i], at + "[" + i.toString() + "]", depth + 1))
    return schemas
  }

  private number(value: Json, at: string): f64 {
    if (value.kind == JsonKind.Number) return value.number
    this.fault(at, "must be a number")
    return 1
  }

  private count(value: Json, at: string): f64 {
    if (value.kind == JsonKind.Number && value.number >= 0 && Math.floor(value.number) == value.number) return value.number
    this.fault(at, "must be a whole number from 0 on")
    return -1
  }

  private flag(value: Json, at: string): bool {
    if (value.kind != JsonKind.Bool) this.fault(at, "must be true or false")
    return value.bool
  }

  private pattern(value: Json, at: string): Pattern | null {
    if (value.kind != JsonKind.String) {
      this.fault(at, "must be a text")
      return null
    }
    const pattern = new Pattern(value.text)
    if (pattern.fault.length > 0) this.fault(at, "is no pattern: " + pattern.fault)
    return pattern
  }

  private format(value: Json, at: string): Format | null {
    if (value.kind == JsonKind.String && formatNames.includes(value.text)) return new Format(value.text)
    this.fault(at, "must be one of: " + formatNames.join(", "))
    return null
  }

  /** `#`, `#/$defs/name`, `#/definitions/name`. */
  private reference(value: Json, at: string): Schema | null {
    const text = value.kind == JsonKind.String ? value.text : ""
    if (text == "#") return this.schema(this.root, "", 0)
    const parts = text.split("/")
    if (parts.length == 3 && parts[0] == "#" && (parts[1] == "$defs" || parts[1] == "definitions")) {
      const definitions = this.root.get(parts[1])
      if (definitions !== null) {
        const found = definitions.get(parts[2])
        if (found !== null) return this.schema(found, "." + parts[1] + "." + parts[2], 1)
      }
    }
    this.fault(at, "must be '#', or '#/$defs/NAME' of a name that is there")
    return null
  }
}
