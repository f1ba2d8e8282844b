/**
 * Envoy's API descriptors, from data/envoy-api-1.40.pb.gz (a FileDescriptorSet, made by tools/descriptors).
 * The file is indexed once, in a few milliseconds; a message is parsed when it is first asked for. Workers load nothing.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import {
  camelCase,
  type EnumSchema,
  type EnumValue,
  type Field,
  type MessageSchema,
  type Oneof,
  type ScalarType,
  type ValueType,
} from './schema.ts'
import { WireReader } from './wire.ts'

const dataFile = new URL('../../data/envoy-api-1.40.pb.gz', import.meta.url)

interface Entry {
  readonly kind: 'message' | 'enum'
  readonly bytes: Uint8Array
  readonly file: FileEntry
}

interface FileEntry {
  name: string
  package: string
  proto3: boolean
}

let index: Map<string, Entry> | undefined
const messages = new Map<string, MessageSchema>()
const enums = new Map<string, EnumSchema>()

/** By full name, `envoy.config.cluster.v3.Cluster`; `undefined` when Envoy 1.40 has no such message. */
export function findMessage(fullName: string): MessageSchema | undefined {
  const known = messages.get(fullName)
  if (known !== undefined) return known
  const entry = loadIndex().get(fullName)
  if (entry?.kind !== 'message') return undefined
  const schema = parseMessage(fullName, entry)
  messages.set(fullName, schema)
  return schema
}

/** As `findMessage`, for a name that the descriptors themselves gave. */
export function messageSchema(fullName: string): MessageSchema {
  const schema = findMessage(fullName)
  if (schema === undefined) throw new Error(`no message ${fullName} in the API descriptors`)
  return schema
}

export function enumSchema(fullName: string): EnumSchema {
  const known = enums.get(fullName)
  if (known !== undefined) return known
  const entry = loadIndex().get(fullName)
  if (entry?.kind !== 'enum') throw new Error(`no enum ${fullName} in the API descriptors`)
  const schema = parseEnum(fullName, entry.bytes)
  enums.set(fullName, schema)
  return schema
}

/** Full names of all messages, for tools and suggestions. */
export function allMessageNames(): readonly string[] {
  return [...loadIndex()].filter(([, entry]) => entry.kind === 'message').map(([name]) => name)
}

function loadIndex(): Map<string, Entry> {
  if (index !== undefined) return index
  index = new Map()
  const reader = new WireReader(gunzipSync(readFileSync(dataFile)))
  while (!reader.done) {
    const tag = reader.tag()
    if (tag >>> 3 === 1) indexFile(reader.bytes(), index)
    else reader.skip(tag & 7)
  }
  return index
}

/** FileDescriptorProto: name 1, package 2, message_type 4, enum_type 5, syntax 12. */
function indexFile(bytes: Uint8Array, into: Map<string, Entry>): void {
  const file: FileEntry = { name: '', package: '', proto3: false }
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    const number = tag >>> 3
    if (number === 1) file.name = reader.string()
    else if (number === 2) file.package = reader.string()
    else if (number === 4) indexMessage(reader.bytes(), file.package, file, into)
    else if (number === 5) indexEnum(reader.bytes(), file.package, file, into)
    else if (number === 12) file.proto3 = reader.string() === 'proto3'
    else reader.skip(tag & 7)
  }
}

/** DescriptorProto: name 1, nested_type 3, enum_type 4; the name is always written first. */
function indexMessage(bytes: Uint8Array, scope: string, file: FileEntry, into: Map<string, Entry>): void {
  let fullName = scope
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    const number = tag >>> 3
    if (number === 1) {
      fullName = `${scope}.${reader.string()}`
      into.set(fullName, { kind: 'message', bytes, file })
    } else if (number === 3) indexMessage(reader.bytes(), fullName, file, into)
    else if (number === 4) indexEnum(reader.bytes(), fullName, file, into)
    else reader.skip(tag & 7)
  }
}

function indexEnum(bytes: Uint8Array, scope: string, file: FileEntry, into: Map<string, Entry>): void {
  const reader = new WireReader(bytes)
  if (reader.tag() >>> 3 === 1) into.set(`${scope}.${reader.string()}`, { kind: 'enum', bytes, file })
}

// FieldDescriptorProto.Type by number.
const scalarTypes: readonly (ScalarType | undefined)[] = [
  undefined,
  'double',
  'float',
  'int64',
  'uint64',
  'int32',
  'fixed64',
  'fixed32',
  'bool',
  'string',
  undefined,
  undefined,
  'bytes',
  'uint32',
  undefined,
  'sfixed32',
  'sfixed64',
  'sint32',
  'sint64',
]
const typeMessage = 11
const typeEnum = 14
const labelRepeated = 3

interface FieldDescriptor {
  name: string
  number: number
  label: number
  type: number
  typeName: string
  jsonName: string
  oneofIndex: number
  proto3Optional: boolean
  deprecated: boolean
  disallowed: boolean
  rules: Uint8Array | undefined
}

/** DescriptorProto: field 2, options 7, oneof_decl 8. */
function parseMessage(fullName: string, entry: Entry): MessageSchema {
  const descriptors: FieldDescriptor[] = []
  const oneofs: { name: string; required: boolean; fields: Field[] }[] = []
  let isMapEntry = false
  let unvalidated = false
  const reader = new WireReader(entry.bytes)
  while (!reader.done) {
    const tag = reader.tag()
    const number = tag >>> 3
    if (number === 2) descriptors.push(parseField(reader.bytes()))
    else if (number === 7) {
      const options = parseOptions(reader.bytes())
      isMapEntry = options.flags.has(messageOptionMapEntry)
      unvalidated = options.flags.has(messageOptionDisabled) || options.flags.has(messageOptionIgnored)
    } else if (number === 8) oneofs.push({ ...parseOneof(reader.bytes()), fields: [] })
    else reader.skip(tag & 7)
  }

  const fields: Field[] = []
  const byName = new Map<string, Field>()
  for (const descriptor of descriptors) {
    const oneof = descriptor.proto3Optional ? undefined : oneofs[descriptor.oneofIndex]
    const field = makeField(descriptor, fields.length, oneof, fullName, entry.file.proto3)
    oneof?.fields.push(field)
    fields.push(field)
    byName.set(descriptor.jsonName, field)
    byName.set(field.name, field)
  }
  return {
    fullName,
    file: entry.file.name,
    fields,
    byName,
    byNumber: new Map(fields.toSorted((a, b) => a.number - b.number).map(field => [field.number, field])),
    // proto3 `optional` makes a synthetic oneof without members of ours.
    oneofs: oneofs.filter(oneof => oneof.fields.length > 0),
    unvalidated,
    isMapEntry,
  }
}

function makeField(
  descriptor: FieldDescriptor,
  index: number,
  oneof: Oneof | undefined,
  parent: string,
  proto3: boolean,
): Field {
  let type = valueType(descriptor)
  let mapKey: ScalarType | undefined
  // The entry message of a map is nested in the field's own message; looking into no other avoids circles.
  if (descriptor.label === labelRepeated && type.kind === 'message' && isEntryName(type.typeName, parent)) {
    const entry = messageSchema(type.typeName)
    const [key, value] = entry.fields
    if (entry.isMapEntry && key?.type.kind === 'scalar' && value !== undefined) {
      mapKey = key.type.scalar
      type = value.type
    }
  }
  const repeated = descriptor.label === labelRepeated && mapKey === undefined
  return {
    index,
    name: descriptor.name,
    key: camelCase(descriptor.name),
    number: descriptor.number,
    repeated,
    type,
    mapKey,
    oneof,
    presence:
      !repeated &&
      mapKey === undefined &&
      (type.kind === 'message' || oneof !== undefined || descriptor.proto3Optional || !proto3),
    deprecated: descriptor.deprecated,
    disallowed: descriptor.disallowed,
    rules: descriptor.rules,
  }
}

function isEntryName(typeName: string, parent: string): boolean {
  return typeName.startsWith(`${parent}.`) && typeName.endsWith('Entry')
}

function valueType(descriptor: FieldDescriptor): ValueType {
  if (descriptor.type === typeMessage) return { kind: 'message', typeName: descriptor.typeName }
  if (descriptor.type === typeEnum) return { kind: 'enum', typeName: descriptor.typeName }
  const scalar = scalarTypes[descriptor.type]
  if (scalar === undefined) throw new Error(`field ${descriptor.name}: protobuf type ${descriptor.type}`)
  return { kind: 'scalar', scalar }
}

function parseField(bytes: Uint8Array): FieldDescriptor {
  const field: FieldDescriptor = {
    name: '',
    number: 0,
    label: 0,
    type: 0,
    typeName: '',
    jsonName: '',
    oneofIndex: -1,
    proto3Optional: false,
    deprecated: false,
    disallowed: false,
    rules: undefined,
  }
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    switch (tag >>> 3) {
      case 1:
        field.name = reader.string()
        break
      case 3:
        field.number = reader.uint32()
        break
      case 4:
        field.label = reader.uint32()
        break
      case 5:
        field.type = reader.uint32()
        break
      case 6:
        field.typeName = reader.string().slice(1)
        break
      case 8: {
        const options = parseOptions(reader.bytes())
        field.deprecated = options.flags.has(optionDeprecated)
        field.disallowed = options.flags.has(fieldOptionDisallowed)
        field.rules = options.rules
        break
      }
      case 9:
        field.oneofIndex = reader.uint32()
        break
      case 10:
        field.jsonName = reader.string()
        break
      case 17:
        field.proto3Optional = reader.bool()
        break
      default:
        reader.skip(tag & 7)
    }
  }
  return field
}

function parseOneof(bytes: Uint8Array): { name: string; required: boolean } {
  let name = ''
  let required = false
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag >>> 3 === 1) name = reader.string()
    else if (tag >>> 3 === 2) required = parseOptions(reader.bytes()).flags.has(oneofOptionRequired)
    else reader.skip(tag & 7)
  }
  return { name, required }
}

/** EnumDescriptorProto: value 2 { name 1, number 2, options 3 }. */
function parseEnum(fullName: string, bytes: Uint8Array): EnumSchema {
  const values: EnumValue[] = []
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag >>> 3 === 2) values.push(parseEnumValue(reader.bytes()))
    else reader.skip(tag & 7)
  }
  return { fullName, values }
}

function parseEnumValue(bytes: Uint8Array): EnumValue {
  const value = { name: '', number: 0, deprecated: false, disallowed: false }
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    const number = tag >>> 3
    if (number === 1) value.name = reader.string()
    else if (number === 2) value.number = reader.int32()
    else if (number === 3) {
      const options = parseOptions(reader.bytes())
      value.deprecated = options.flags.has(enumValueOptionDeprecated)
      value.disallowed = options.flags.has(enumValueOptionDisallowed)
    } else reader.skip(tag & 7)
  }
  return value
}

const optionDeprecated = 3
const messageOptionMapEntry = 7
/** `validate.disabled`, `validate.ignored`, `validate.required`, `validate.rules` */
const messageOptionDisabled = 1071
const messageOptionIgnored = 1072
const oneofOptionRequired = 1071
const fieldOptionRules = 1071
/** `envoy.annotations.disallowed_by_default` and its twin for enum values. */
const fieldOptionDisallowed = 189503207
const enumValueOptionDeprecated = 1
const enumValueOptionDisallowed = 70100853

/** Any of the …Options messages: the numbers of its true booleans, and the validation rules of a field. */
function parseOptions(bytes: Uint8Array): { flags: Set<number>; rules: Uint8Array | undefined } {
  const flags = new Set<number>()
  let rules: Uint8Array | undefined
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    const number = tag >>> 3
    if ((tag & 7) === 0) {
      if (reader.bool()) flags.add(number)
    } else if (number === fieldOptionRules && (tag & 7) === 2) rules = reader.bytes()
    else reader.skip(tag & 7)
  }
  return { flags, rules }
}
