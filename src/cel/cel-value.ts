/** Values of CEL (github.com/google/cel-spec, langdef.md): those of attributes, maps of expressions, types, and errors. */
import {
  AttributeMap,
  AttributeMessage,
  type AttributeValue,
  Duration,
  Timestamp,
  Uint,
} from '../attributes/attribute-value.ts'

export type CelValue = AttributeValue | LiteralMap | CelType | CelError | readonly CelValue[]

/** An evaluation that failed: `&&` and `||` may do without it, everything else passes it on. */
export class CelError {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export class CelType {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** `{'a': 1}` */
export class LiteralMap {
  readonly entries = new Map<string, { readonly key: CelValue; readonly value: CelValue }>()

  get(key: CelValue): CelValue | undefined {
    return this.entries.get(mapKey(key) ?? '')?.value
  }
}

/** Equal for keys that are equal; undefined for what cannot be a key. */
export function mapKey(key: CelValue): string | undefined {
  if (typeof key === 'string') return `s${key}`
  if (typeof key === 'boolean') return `b${key}`
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : undefined
  const integer = numeric(key)
  return integer === undefined ? undefined : `n${integer}`
}

export const noOverload = new CelError('No matching overloads found')
export const noSuchKey = new CelError('Key not found in map')

/** @returns undefined when the key is not there */
export function lookUp(map: LiteralMap | AttributeMap, key: CelValue): CelValue | undefined {
  if (map instanceof LiteralMap) return map.get(key)
  return typeof key === 'string' ? map.get(key) : undefined
}

export function isMap(value: CelValue): value is LiteralMap | AttributeMap {
  return value instanceof AttributeMap || value instanceof LiteralMap
}

export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value)
}

export function typeName(value: CelValue): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'boolean') return 'bool'
  if (value === null) return 'null_type'
  if (isList(value)) return 'list'
  if (value instanceof Uint) return 'uint'
  if (value instanceof Uint8Array) return 'bytes'
  if (isMap(value)) return 'map'
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp'
  if (value instanceof Duration) return 'google.protobuf.Duration'
  if (value instanceof AttributeMessage) return value.typeUrl.slice(value.typeUrl.indexOf('/') + 1)
  return 'type'
}

/** An int or uint as bigint, a double as number; undefined for anything else. */
export function numeric(value: CelValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return value instanceof Uint ? value.value : undefined
}

export function equal(a: CelValue, b: CelValue): boolean {
  if (typeof a === 'string' || typeof a === 'boolean' || a === null) return a === b
  const left = numeric(a)
  if (left !== undefined) {
    const right = numeric(b)
    // oxlint-disable-next-line eqeqeq -- 1 and 1.0 are equal
    return right !== undefined && left == right
  }
  if (isList(a))
    return isList(b) && a.length === b.length && a.every((each, index) => equal(each, b[index] as CelValue))
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (a instanceof Timestamp) return b instanceof Timestamp && a.ns === b.ns
  if (a instanceof Duration) return b instanceof Duration && a.ns === b.ns
  if (a instanceof CelType) return b instanceof CelType && a.name === b.name
  if (isMap(a)) return isMap(b) && mapsEqual(a, b)
  if (!(a instanceof AttributeMessage && b instanceof AttributeMessage) || a.typeUrl !== b.typeUrl) return false
  const { fields } = b
  return Object.entries(a.fields).every(([name, value]) => equal(value, fields[name] as CelValue))
}

function mapsEqual(a: LiteralMap | AttributeMap, b: LiteralMap | AttributeMap): boolean {
  const keys = keysOf(a)
  if (keys.length !== keysOf(b).length) return false
  return keys.every(key => {
    const other = lookUp(b, key)
    return other !== undefined && equal(lookUp(a, key) as CelValue, other)
  })
}

export function keysOf(map: LiteralMap | AttributeMap): readonly CelValue[] {
  return map instanceof LiteralMap ? [...map.entries.values()].map(({ key }) => key) : (map.keys() ?? [])
}
