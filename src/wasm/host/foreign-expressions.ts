/**
 * The foreign functions `expr_create`, `expr_evaluate` and `expr_delete`: CEL expressions over the stream that the guest
 * acts for. Follows `source/extensions/common/wasm/foreign.cc`; expressions belong to the root context.
 */
import type { AttributeSource } from '../../attributes/attribute-source.ts'
import { Uint } from '../../attributes/attribute-value.ts'
import { toBytes } from '../../base/latin1.ts'
import { type CelExpression, compileExpr } from '../../cel/cel.ts'
import { type CelValue, noSuchKey } from '../../cel/cel-value.ts'
import { parseCel } from '../../cel/parse.ts'
import { CelSyntaxError } from '../../cel/syntax-error.ts'
import { Status } from '../abi.ts'
import { countLimit } from '../limits.ts'
import { serialize } from '../property.ts'
import type { RootContext } from '../root-context.ts'
import type { ForeignFunction } from './foreign-arguments.ts'

/** Of one root context. */
const maxExpressions = 10_000
const nothing = new Uint8Array(0)
/** What Envoy allows in them: all but the string extension. */
const features = {
  ...{ enableStringConversion: true, enableStringConcat: true, enableListConcat: true, enableComprehension: true },
}

interface Expressions {
  next: number
  readonly known: Map<number, CelExpression>
}

const expressions = new WeakMap<RootContext, Expressions>()

/** Argument: the text. Result: a token of 4 bytes. */
export const exprCreate: ForeignFunction = (vm, argument) => {
  const root = vm.current.rootContext
  if (root === undefined) return Status.badArgument
  let all = expressions.get(root)
  if (all === undefined) expressions.set(root, (all = { next: 0, known: new Map() }))
  if (all.known.size >= maxExpressions) {
    countLimit(vm, 'expressionsRefused')
    return Status.internalFailure
  }
  try {
    const variables = new Map<string, (source: AttributeSource) => CelValue>([
      ['plugin_name', () => toBytes(root.plugin.name)],
      ['plugin_root_id', () => toBytes(root.plugin.rootId)],
      ['plugin_vm_id', () => toBytes(vm.settings.vmId)],
      ['connection_id', ({ streamInfo }) => new Uint(BigInt(streamInfo.downstream.connectionId))],
    ])
    const parsed = parseCel(argument.toString())
    const token = all.next++
    all.known.set(token, compileExpr(parsed, root.environment, { ...features, variables }))
    return tokenBytes(token)
  } catch (error) {
    if (!(error instanceof CelSyntaxError)) throw error
    return Status.badArgument
  }
}

/** Argument: a token. Result: the value as properties have it. */
export const exprEvaluate: ForeignFunction = (vm, argument) => {
  const root = vm.current.rootContext
  if (argument.length !== 4 || root === undefined) return Status.badArgument
  const expression = expressions.get(root)?.known.get(argument.readUInt32LE())
  if (expression === undefined) return Status.notFound
  const source = vm.current.properties()
  const value = source === undefined ? noSuchKey : expression.evaluate(source)
  const result = serialize(value)
  return typeof result === 'string' ? Buffer.from(result, 'latin1') : result
}

export const exprDelete: ForeignFunction = (vm, argument) => {
  const root = vm.current.rootContext
  if (argument.length !== 4 || root === undefined) return Status.badArgument
  expressions.get(root)?.known.delete(argument.readUInt32LE())
  return nothing
}

function tokenBytes(token: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(token)
  return bytes
}
