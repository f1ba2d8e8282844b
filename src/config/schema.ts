/** What a descriptor says about a message, an enum or a field, in the words the decoder needs. */

/** A decoded message: see decode.ts for the shape. */
export type Message = Readonly<Record<string, unknown>>

export type ScalarType =
  | 'double'
  | 'float'
  | 'int64'
  | 'uint64'
  | 'int32'
  | 'fixed64'
  | 'fixed32'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'uint32'
  | 'sfixed32'
  | 'sfixed64'
  | 'sint32'
  | 'sint64'

/** Message types whose decoded value is not a message object. */
export type WellKnown = 'any' | 'duration' | 'timestamp' | 'struct' | 'value' | 'list-value' | 'field-mask' | 'wrapper'

/** The type of one value: of a field, a list element, a map key or a map value. */
export type ValueType =
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | { readonly kind: 'enum'; readonly typeName: string }
  | { readonly kind: 'message'; readonly typeName: string }

export interface Field {
  /** Place in `MessageSchema.fields`. */
  readonly index: number
  /** `connect_timeout` */
  readonly name: string
  /** `connectTimeout`: the property of the decoded message. */
  readonly key: string
  readonly number: number
  readonly repeated: boolean
  /** For a map, the type of its values. */
  readonly type: ValueType
  /** Set for a map. */
  readonly mapKey: ScalarType | undefined
  /** The real oneof that it belongs to. */
  readonly oneof: Oneof | undefined
  /** Absent from the decoded message when not set; other fields always have a value. */
  readonly presence: boolean
  readonly deprecated: boolean
  /** Deprecated so long that Envoy refuses it. */
  readonly disallowed: boolean
  /** Encoded `validate.FieldRules`. */
  readonly rules: Uint8Array | undefined
}

export interface Oneof {
  readonly name: string
  readonly required: boolean
  readonly fields: readonly Field[]
}

export interface MessageSchema {
  readonly fullName: string
  /** The .proto file that defines it. */
  readonly file: string
  /** By number of declaration, the order of the decoded message's properties. */
  readonly fields: readonly Field[]
  /** By name and by JSON name. */
  readonly byName: ReadonlyMap<string, Field>
  /** In the order of the numbers. */
  readonly byNumber: ReadonlyMap<number, Field>
  readonly oneofs: readonly Oneof[]
  /** `validate.disabled` or `validate.ignored`. */
  readonly unvalidated: boolean
  readonly isMapEntry: boolean
}

export interface EnumValue {
  readonly name: string
  readonly number: number
  readonly deprecated: boolean
  readonly disallowed: boolean
}

export interface EnumSchema {
  readonly fullName: string
  readonly values: readonly EnumValue[]
}

const wellKnownTypes = new Map<string, WellKnown>([
  ['google.protobuf.Any', 'any'],
  ['google.protobuf.Duration', 'duration'],
  ['google.protobuf.Timestamp', 'timestamp'],
  ['google.protobuf.Struct', 'struct'],
  ['google.protobuf.Value', 'value'],
  ['google.protobuf.ListValue', 'list-value'],
  ['google.protobuf.FieldMask', 'field-mask'],
  ['google.protobuf.DoubleValue', 'wrapper'],
  ['google.protobuf.FloatValue', 'wrapper'],
  ['google.protobuf.Int64Value', 'wrapper'],
  ['google.protobuf.UInt64Value', 'wrapper'],
  ['google.protobuf.Int32Value', 'wrapper'],
  ['google.protobuf.UInt32Value', 'wrapper'],
  ['google.protobuf.BoolValue', 'wrapper'],
  ['google.protobuf.StringValue', 'wrapper'],
  ['google.protobuf.BytesValue', 'wrapper'],
])

export function wellKnown(fullName: string): WellKnown | undefined {
  return wellKnownTypes.get(fullName)
}

const wrapped: Readonly<Record<string, ScalarType>> = {
  'google.protobuf.DoubleValue': 'double',
  'google.protobuf.FloatValue': 'float',
  'google.protobuf.Int64Value': 'int64',
  'google.protobuf.UInt64Value': 'uint64',
  'google.protobuf.Int32Value': 'int32',
  'google.protobuf.UInt32Value': 'uint32',
  'google.protobuf.BoolValue': 'bool',
  'google.protobuf.StringValue': 'string',
  'google.protobuf.BytesValue': 'bytes',
}

/** The scalar inside a wrapper type. */
export function wrappedScalar(fullName: string): ScalarType {
  const scalar = wrapped[fullName]
  if (scalar === undefined) throw new Error(`${fullName} is no wrapper`)
  return scalar
}

export const typeUrlPrefix = 'type.googleapis.com/'

/** `type.googleapis.com/a.b.C` → `a.b.C`; any host is accepted, as Envoy does. */
export function typeNameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1)
}

/** `connect_timeout` → `connectTimeout` */
export function camelCase(name: string): string {
  return name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

export function defaultOf(scalar: ScalarType): unknown {
  switch (scalar) {
    case 'string':
      return ''
    case 'bool':
      return false
    case 'bytes':
      return new Uint8Array(0)
    case 'int64':
    case 'uint64':
    case 'fixed64':
    case 'sfixed64':
    case 'sint64':
      return 0n
    default:
      return 0
  }
}

/** The wire type of one value that stands alone, not packed. */
export function wireTypeOf(type: ValueType): number {
  if (type.kind === 'enum') return 0
  if (type.kind === 'message') return 2
  switch (type.scalar) {
    case 'string':
    case 'bytes':
      return 2
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return 1
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return 5
    default:
      return 0
  }
}
