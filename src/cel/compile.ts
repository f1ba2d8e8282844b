/** An expression tree as closures. What can be decided without a request is: attributes, functions, regular expressions. */
import type { AttributeEnvironment, AttributeSource } from '../attributes/attribute-source.ts'
import {
  AttributeMap,
  AttributeMessage,
  Duration,
  JsonAttributes,
  nanoseconds,
  Timestamp,
  Uint,
} from '../attributes/attribute-value.ts'
import {
  AttributeGroup,
  dynamicMetadata,
  FilterStateAttributes,
  streamAttributes,
  xdsAttributes,
} from '../attributes/attributes.ts'
import { toBytes } from '../base/latin1.ts'
import { onFilterStateKey } from '../core/filter-time.ts'
import type { CelExpressionConfig, Constant, Expr, Expr_Call, Expr_Select } from '../config/v3.ts'
import {
  CelError,
  CelType,
  type CelValue,
  equal,
  isMap,
  LiteralMap,
  lookUp,
  mapKey,
  noOverload,
  noSuchKey,
} from './cel-value.ts'
import { comprehension, type EvaluationBudget, macros, type Variable } from './comprehensions.ts'
import { type CelFunction, type Overload, standardFunctions, stringConversion } from './functions.ts'
import { add, compare, divide, index, isIn, modulo, multiply, negate, subtract } from './operators.ts'
import { maxDepth, qualifiedName } from './parse.ts'
import { compileRegex, matches } from './regex-functions.ts'
import { stringFunctions } from './string-functions.ts'
import { CelSyntaxError } from './syntax-error.ts'

export type Evaluate = (source: AttributeSource) => CelValue

/** What Envoy lets configurations switch on (`CelExpressionConfig`), and what it allows wasm plugins. */
export interface CelFeatures extends CelExpressionConfig {
  readonly enableListConcat: boolean
  readonly enableComprehension: boolean
}

export interface CompileContext extends CelFeatures {
  readonly environment: AttributeEnvironment
  readonly budget: EvaluationBudget
  /** Known beside the attributes; those of macros are in `scope`. */
  readonly variables: ReadonlyMap<string, Evaluate>
  readonly scope: ReadonlyMap<string, Variable>
}

const noSuchField = new CelError('no_such_field')
const badKey = new CelError('Invalid map key type, or the key twice')
const typeNames = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type'])

const unary: Readonly<Record<string, (value: CelValue) => CelValue>> = {
  '!_': value => (typeof value === 'boolean' ? !value : noOverload),
  '-_': negate,
}
const binary: Readonly<Record<string, (a: CelValue, b: CelValue) => CelValue>> = {
  '_==_': equal,
  '_!=_': (a, b) => !equal(a, b),
  '_<_': compare(order => order < 0),
  '_<=_': compare(order => order <= 0),
  '_>_': compare(order => order > 0),
  '_>=_': compare(order => order >= 0),
  '_-_': subtract,
  '_*_': multiply,
  '_/_': divide,
  '_%_': modulo,
  '_[_]': index,
  '@in': isIn,
}

/** Throws CelSyntaxError. */
export function compile(expr: Expr | undefined, context: CompileContext, depth = 0): Evaluate {
  if (depth > maxDepth) return fail(`Exceeded max recursion depth of ${maxDepth}`)
  const inner = (each: Expr | undefined): Evaluate => compile(each, context, depth + 1)
  if (expr?.constExpr !== undefined) return always(constantValue(expr.constExpr))
  if (expr?.identExpr !== undefined) return identifier(expr.identExpr.name, context)
  if (expr?.selectExpr !== undefined) return select(expr.selectExpr, inner, context)
  if (expr?.callExpr !== undefined) return call(expr.callExpr, inner, context)
  if (expr?.listExpr !== undefined) return list(expr.listExpr.elements.map(inner))
  if (expr?.structExpr !== undefined) {
    const { messageName, entries } = expr.structExpr
    if (messageName !== '') return fail(`messages (${messageName}) cannot be made in expressions`)
    return map(entries.map(({ mapKey: key, value }) => [inner(key), inner(value)]))
  }
  return fail(expr?.comprehensionExpr === undefined ? 'an expression is empty' : 'Comprehension support is disabled')
}

function fail(reason: string): never {
  throw new CelSyntaxError(reason, '', 0)
}

function always(value: CelValue): Evaluate {
  return () => value
}

function constantValue(constant: Constant): CelValue {
  const { stringValue, uint64Value, durationValue, timestampValue } = constant
  if (stringValue !== undefined) return toBytes(stringValue)
  if (uint64Value !== undefined) return new Uint(uint64Value)
  if (durationValue !== undefined) return new Duration(nanoseconds(durationValue))
  if (timestampValue !== undefined) return new Timestamp(nanoseconds(timestampValue))
  return constant.boolValue ?? constant.int64Value ?? constant.doubleValue ?? constant.bytesValue ?? null
}

// ── attributes ──

function membersOf(name: string): ConstructorParameters<typeof AttributeGroup>[0] | undefined {
  return name === 'xds' ? xdsAttributes : streamAttributes.get(name)
}

/** Checked expressions have whole paths as names. */
function identifier(name: string, context: CompileContext): Evaluate {
  const dot = name.lastIndexOf('.')
  if (dot > 0) {
    const operand: Expr = { id: 0n, identExpr: { name: name.slice(0, dot) } }
    return select({ operand, field: name.slice(dot + 1), testOnly: false }, each => compile(each, context), context)
  }
  const { environment } = context
  const variable = context.scope.get(name)
  if (variable !== undefined) return () => variable.value
  const members = membersOf(name)
  if (members !== undefined) return source => new AttributeGroup(members, source, environment)
  if (name === 'metadata') return dynamicMetadata
  if (name === 'filter_state') return source => new FilterStateAttributes(source)
  if (name === 'upstream_filter_state') return always(new JsonAttributes({}))
  const known = context.variables.get(name)
  if (known !== undefined) return known
  return always(typeNames.has(name) ? new CelType(name) : new CelError(`No value with name "${name}" found`))
}

function select(
  { operand, field, testOnly }: Expr_Select,
  inner: (expr: Expr | undefined) => Evaluate,
  { environment, scope }: CompileContext,
): Evaluate {
  const root = operand?.identExpr?.name ?? ''
  const members = scope.has(root) ? undefined : membersOf(root)
  if (members !== undefined) {
    const get = members.get(field)
    if (get === undefined) return always(testOnly ? false : noSuchKey)
    if (testOnly) return source => get(source, environment) !== undefined
    return source => orNoKey(get(source, environment))
  }
  const of = inner(operand)
  const key = toBytes(field)
  if (testOnly) return source => has(of(source), key)
  return source => {
    const value = of(source)
    if (isMap(value)) return orNoKey(lookUp(value, key))
    if (value instanceof AttributeMessage) {
      const found = value.field(field)
      return found === undefined ? noSuchField : found
    }
    return value instanceof CelError ? value : noOverload
  }
}

/** Null is a value. */
function orNoKey(value: CelValue | undefined): CelValue {
  return value === undefined ? noSuchKey : value
}

function has(value: CelValue, key: string): CelValue {
  if (isMap(value)) return lookUp(value, key) !== undefined
  if (value instanceof CelError) return value
  if (!(value instanceof AttributeMessage)) return noOverload
  const found = value.field(key)
  if (found === undefined) return noSuchField
  return found instanceof AttributeMap ? found.keys()?.length !== 0 : found !== ''
}

// ── calls ──

function call(
  { function: name, target, args }: Expr_Call,
  inner: (expr: Expr | undefined) => Evaluate,
  context: CompileContext,
): Evaluate {
  const [first, second, third] = args
  if (first?.identExpr?.name === 'filter_state') onFilterStateKey(second?.constExpr?.stringValue ?? '')
  if (target === undefined) {
    const one = Object.hasOwn(unary, name) ? unary[name] : undefined
    if (one !== undefined && args.length === 1) return strict1(one, inner(first))
    const two = name === '_+_' ? add(context) : Object.hasOwn(binary, name) ? binary[name] : undefined
    if (two !== undefined && args.length === 2) return strict2(two, inner(first), inner(second))
    if (name === '_&&_' && args.length === 2) return both(inner(first), inner(second))
    if (name === '_||_' && args.length === 2) return either(inner(first), inner(second))
    if (name === '_?_:_' && args.length === 3) return choice(inner(first), inner(second), inner(third))
  } else if (macros.get(name)?.includes(args.length) === true) return macro(name, target, args, context)
  if (name === 'matches' && args.length + (target === undefined ? 0 : 1) === 2)
    return matching(target ?? first, target === undefined ? second : first, inner)

  const namespace = qualifiedName(target)
  const qualified =
    namespace === undefined ? undefined : overload(`${namespace}.${name}`, 'function', args.length, context)
  if (qualified !== undefined) return strict(qualified.run, args.map(inner))
  const all = target === undefined ? args : [target, ...args]
  const found = overload(name, target === undefined ? 'function' : 'method', all.length, context)
  return found === undefined
    ? fail(`No overload found in reference resolve step for ${name}`)
    : strict(found.run, all.map(inner))
}

function macro(name: string, target: Expr, args: readonly Expr[], context: CompileContext): Evaluate {
  if (!context.enableComprehension) return fail('Comprehension support is disabled')
  const [variableName, ...rest] = args
  if (variableName?.identExpr === undefined) return fail(`${name}() variable name must be a simple identifier`)
  const variable: Variable = { value: null }
  const scope = new Map(context.scope).set(variableName.identExpr.name, variable)
  const inner = (expr: Expr | undefined): Evaluate => compile(expr, { ...context, scope })
  const predicate = name === 'map' && rest.length === 1 ? undefined : inner(rest[0])
  const transform = name === 'map' ? inner(rest.at(-1)) : undefined
  return comprehension(name, compile(target, context), variable, predicate, transform, context.budget)
}

function overload(name: string, kind: Overload['kind'], arity: number, context: CompileContext): Overload | undefined {
  const all = [
    ...(standardFunctions.get(name) ?? []),
    ...((context.enableStringFunctions ? stringFunctions.get(name) : undefined) ?? []),
    ...(context.enableStringConversion && name === 'string' ? stringConversion : []),
  ]
  return all.find(each => each.kind === kind && each.arity === arity)
}

/** An expression that is a literal is compiled here, and must be right. */
function matching(
  text: Expr | undefined,
  pattern: Expr | undefined,
  inner: (expr: Expr | undefined) => Evaluate,
): Evaluate {
  const of = inner(text)
  const literal = pattern?.constExpr?.stringValue
  if (literal === undefined) return strict2(matches, of, inner(pattern))
  try {
    const search = compileRegex(toBytes(literal))
    return strict1(value => (typeof value === 'string' ? search.test(value) : noOverload), of)
  } catch (error) {
    return fail(`invalid regular expression: ${(error as Error).message}`)
  }
}

function strict1(run: (value: CelValue) => CelValue, of: Evaluate): Evaluate {
  return source => {
    const value = of(source)
    return value instanceof CelError ? value : run(value)
  }
}

function strict2(run: (a: CelValue, b: CelValue) => CelValue, left: Evaluate, right: Evaluate): Evaluate {
  return source => {
    const a = left(source)
    if (a instanceof CelError) return a
    const b = right(source)
    return b instanceof CelError ? b : run(a, b)
  }
}

function strict(run: CelFunction, args: readonly Evaluate[]): Evaluate {
  const [first, second] = args
  if (args.length === 1) return strict1(run, first as Evaluate)
  if (args.length === 2) return strict2(run, first as Evaluate, second as Evaluate)
  return source => {
    const values: CelValue[] = []
    for (const each of args) {
      const value = each(source)
      if (value instanceof CelError) return value
      values.push(value)
    }
    return run(...values)
  }
}

/** One side that decides is enough, whatever becomes of the other. */
function decided(left: Evaluate, right: Evaluate, decides: boolean): Evaluate {
  return source => {
    const a = left(source)
    if (a === decides) return decides
    const b = right(source)
    if (b === decides) return decides
    if (a === !decides && b === !decides) return !decides
    return a instanceof CelError ? a : b instanceof CelError ? b : noOverload
  }
}

function both(left: Evaluate, right: Evaluate): Evaluate {
  return decided(left, right, false)
}

function either(left: Evaluate, right: Evaluate): Evaluate {
  return decided(left, right, true)
}

function choice(condition: Evaluate, whenTrue: Evaluate, whenFalse: Evaluate): Evaluate {
  return source => {
    const value = condition(source)
    if (typeof value !== 'boolean') return value instanceof CelError ? value : noOverload
    return value ? whenTrue(source) : whenFalse(source)
  }
}

// ── lists and maps ──

function list(elements: readonly Evaluate[]): Evaluate {
  return source => {
    const values: CelValue[] = []
    for (const each of elements) {
      const value = each(source)
      if (value instanceof CelError) return value
      values.push(value)
    }
    return values
  }
}

function map(entries: readonly (readonly [Evaluate, Evaluate])[]): Evaluate {
  return source => {
    const result = new LiteralMap()
    for (const [keyOf, valueOf] of entries) {
      const key = keyOf(source)
      const value = valueOf(source)
      if (key instanceof CelError) return key
      if (value instanceof CelError) return value
      const name = typeof key === 'number' ? undefined : mapKey(key)
      if (name === undefined || result.entries.has(name)) return badKey
      result.entries.set(name, { key, value })
    }
    return result
  }
}
