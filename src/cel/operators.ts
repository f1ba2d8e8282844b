/** CEL's operators on values that are no errors. */
import { Duration, Timestamp, Uint } from '../attributes/attribute-value.ts'
import {
  CelError,
  type CelValue,
  equal,
  isList,
  isMap,
  lookUp,
  mapKey,
  noOverload,
  noSuchKey,
  numeric,
} from './cel-value.ts'

type Binary = (a: CelValue, b: CelValue) => CelValue

const overflow = new CelError('integer overflow')
const divideByZero = new CelError('divide by zero')
const outOfBounds = new CelError('Index error: index out of bounds')
const tooLong = new CelError('too much is concatenated')
const badKey = new CelError('Invalid map key type')
const minInt = -(1n << 63n)
const maxInt = (1n << 63n) - 1n
const maxUint = (1n << 64n) - 1n

export function int(value: bigint): CelValue {
  return value < minInt || value > maxInt ? overflow : value
}

export function uint(value: bigint): CelValue {
  return value < 0n || value > maxUint ? overflow : new Uint(value)
}

function arithmetic(
  big: (a: bigint, b: bigint) => bigint,
  double: ((a: number, b: number) => number) | undefined,
  other: Binary = () => noOverload,
): Binary {
  return (a, b) => {
    if (typeof a === 'bigint' && typeof b === 'bigint') return int(big(a, b))
    if (typeof a === 'number' && typeof b === 'number') return double === undefined ? noOverload : double(a, b)
    if (a instanceof Uint && b instanceof Uint) return uint(big(a.value, b.value))
    return other(a, b)
  }
}

function division(big: (a: bigint, b: bigint) => bigint, double?: (a: number, b: number) => number): Binary {
  const divide = arithmetic(big, double)
  return (a, b) => {
    const divisor = b instanceof Uint ? b.value : b
    return divisor === 0n && typeof numeric(a) === 'bigint' ? divideByZero : divide(a, b)
  }
}

export const subtract = arithmetic(
  (a, b) => a - b,
  (a, b) => a - b,
  (a, b) => {
    if (a instanceof Timestamp && b instanceof Timestamp) return new Duration(a.ns - b.ns)
    if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(a.ns - b.ns)
    return a instanceof Duration && b instanceof Duration ? new Duration(a.ns - b.ns) : noOverload
  },
)
export const multiply = arithmetic(
  (a, b) => a * b,
  (a, b) => a * b,
)
export const divide = division(
  (a, b) => a / b,
  (a, b) => a / b,
)
export const modulo = division((a, b) => a % b)

/** What may be concatenated, and how much. */
export interface Concatenation {
  readonly enableStringConcat: boolean
  readonly enableListConcat: boolean
  readonly budget: { concatenate(length: number): boolean }
}

export function add({ enableStringConcat: strings, enableListConcat: lists, budget }: Concatenation): Binary {
  const limited = <Value extends string | Uint8Array | readonly CelValue[]>(
    a: Value,
    b: Value,
    concatenate: (a: Value, b: Value) => Value,
  ): CelValue => (budget.concatenate(a.length + b.length) ? concatenate(a, b) : tooLong)
  return arithmetic(
    (a, b) => a + b,
    (a, b) => a + b,
    (a, b) => {
      if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(a.ns + b.ns)
      if (a instanceof Duration && b instanceof Timestamp) return new Timestamp(a.ns + b.ns)
      if (a instanceof Duration && b instanceof Duration) return new Duration(a.ns + b.ns)
      if (lists && isList(a) && isList(b)) return limited(a, b, (one, other) => [...one, ...other])
      if (!strings) return noOverload
      if (typeof a === 'string' && typeof b === 'string') return limited(a, b, (one, other) => one + other)
      if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return noOverload
      return limited(a, b, (one, other) => Buffer.concat([one, other]))
    },
  )
}

export function negate(value: CelValue): CelValue {
  if (typeof value === 'bigint') return int(-value)
  return typeof value === 'number' ? -value : noOverload
}

export function compare(holds: (order: number) => boolean): Binary {
  return (a, b) => {
    const order = ordering(a, b)
    return order === undefined ? noOverload : holds(order)
  }
}

/** Negative, 0, positive, or NaN; undefined for what has no order. */
function ordering(a: CelValue, b: CelValue): number | undefined {
  const left = numeric(a)
  if (left !== undefined) {
    const right = numeric(b)
    if (right === undefined) return undefined
    if (left < right) return -1
    if (left > right) return 1
    // oxlint-disable-next-line eqeqeq -- 1 and 1.0 are equal
    return left == right ? 0 : Number.NaN
  }
  if (typeof a === 'string') return typeof b !== 'string' ? undefined : a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : undefined
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Buffer.compare(a, b) : undefined
  if (a instanceof Timestamp && b instanceof Timestamp) return a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0
  return a instanceof Duration && b instanceof Duration ? (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0) : undefined
}

export function isIn(value: CelValue, container: CelValue): CelValue {
  if (isList(container)) return container.some(each => equal(value, each))
  return isMap(container) ? lookUp(container, value) !== undefined : noOverload
}

export function index(container: CelValue, key: CelValue): CelValue {
  if (isMap(container)) {
    if (mapKey(key) === undefined) return badKey
    const found = lookUp(container, key)
    return found === undefined ? noSuchKey : found
  }
  if (!isList(container)) return noOverload
  const at = numeric(key)
  if (at === undefined || (typeof at === 'number' && !Number.isInteger(at))) return noOverload
  const found = container[Number(at)]
  return found === undefined ? outOfBounds : found
}
