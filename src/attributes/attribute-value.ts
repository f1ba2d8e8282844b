/**
 * Values of attributes (attributes.ts). Text is a byte string (one character a byte), as header values are; integers are
 * bigint, doubles are number, bytes are Uint8Array.
 */
import { toBytes } from '../base/latin1.ts'
import type { HeaderMap } from '../core/header-map.ts'

export type AttributeValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | AttributeMap
  | AttributeMessage
  | readonly AttributeValue[]

/** An unsigned integer of 64 bits. */
export class Uint {
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }
}

/** Nanoseconds since the epoch. */
export class Timestamp {
  readonly ns: bigint

  constructor(ns: bigint) {
    this.ns = ns
  }
}

/** Nanoseconds. */
export class Duration {
  readonly ns: bigint

  constructor(ns: bigint) {
    this.ns = ns
  }
}

/** Times here have microseconds. */
export function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * 1000n
}

/** What is looked up by name. */
export abstract class AttributeMap {
  /** Undefined: there is none of that name, a byte string. */
  abstract get(key: string): AttributeValue | undefined

  /** Undefined for what cannot be listed. */
  keys(): readonly string[] | undefined {
    return undefined
  }
}

export class HeaderAttributes extends AttributeMap {
  readonly headers: HeaderMap | undefined

  constructor(headers: HeaderMap | undefined) {
    super()
    this.headers = headers
  }

  override get(key: string): string | undefined {
    return this.headers === undefined ? undefined : headerValue(this.headers, key)
  }

  override keys(): string[] {
    return this.headers?.list.filter((_, index) => index % 2 === 0) ?? []
  }
}

/** All values of a name in any case, joined. */
export function headerValue(headers: HeaderMap, key: string): string | undefined {
  const name = key.toLowerCase()
  const values = headers.getAll(name === 'host' ? ':authority' : name)
  return values.length === 0 ? undefined : values.join(',')
}

/** `google.protobuf.Struct`, and maps of such. */
export class JsonAttributes extends AttributeMap {
  readonly json: Readonly<Record<string, unknown>>

  constructor(json: Readonly<Record<string, unknown>>) {
    super()
    this.json = json
  }

  override get(key: string): AttributeValue | undefined {
    const name = Buffer.from(key, 'latin1').toString()
    return Object.hasOwn(this.json, name) ? fromJson(this.json[name]) : undefined
  }

  override keys(): string[] {
    return Object.keys(this.json).map(toBytes)
  }
}

export function fromJson(value: unknown): AttributeValue {
  if (typeof value === 'string') return toBytes(value)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (value === null || value === undefined) return null
  return Array.isArray(value) ? value.map(fromJson) : new JsonAttributes(value as Record<string, unknown>)
}

/** A protobuf message of which some fields can be read. */
export class AttributeMessage {
  readonly typeUrl: string
  /** As config/encode-binary.ts takes it. */
  readonly message: Readonly<Record<string, unknown>>
  /** By the names of the proto file. */
  readonly fields: Readonly<Record<string, AttributeValue>>

  constructor(typeName: string, message: Readonly<Record<string, unknown>>, fields: Record<string, AttributeValue>) {
    this.typeUrl = `type.googleapis.com/${typeName}`
    this.message = message
    this.fields = fields
  }

  field(name: string): AttributeValue | undefined {
    return Object.hasOwn(this.fields, name) ? this.fields[name] : undefined
  }
}

export function metadataMessage(filterMetadata: Readonly<Record<string, unknown>> = {}): AttributeMessage {
  return new AttributeMessage(
    'envoy.config.core.v3.Metadata',
    { filterMetadata, typedFilterMetadata: {} },
    { filter_metadata: new JsonAttributes(filterMetadata), typed_filter_metadata: new JsonAttributes({}) },
  )
}
