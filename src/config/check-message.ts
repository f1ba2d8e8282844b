/**
 * Checks decoded messages, everything inside included, by the rules of the API: `validate.rules`, required oneofs,
 * deprecation, and that durations are usable. Follows `MessageUtil::validate` and the deprecation visitor of
 * source/common/protobuf/message_validator_impl.cc.
 */
import type { ConfigError } from '../base/errors.ts'
import { type AnyMessage, isSet } from './build-message.ts'
import { configError, positionOf } from './position.ts'
import { enumSchema, messageSchema } from './protos.ts'
import { type Check, rulesOf } from './rules.ts'
import type { Field, Message, MessageSchema } from './schema.ts'
import { typeNameOf, wellKnown } from './schema.ts'

export interface CheckResult {
  readonly errors: ConfigError[]
  /** Complete lines. */
  readonly warnings: string[]
}

/**
 * `allowedFeatures`: full names of deprecated fields that the runtime allows again
 * (`envoy.deprecated_features:envoy.config…`), or `*` for all.
 */
export function checkMessage(
  fullName: string,
  message: Message,
  allowedFeatures: ReadonlySet<string> = new Set(),
): CheckResult {
  const checker = new Checker(allowedFeatures)
  checker.message(messageSchema(fullName), message)
  return checker
}

// DurationUtil of source/common/protobuf/utility.cc: nanoseconds in 64 bits.
const maxDurationMs = 9_223_372_036_000

class Checker implements CheckResult {
  readonly errors: ConfigError[] = []
  readonly warnings: string[] = []
  readonly #allowed: ReadonlySet<string>

  constructor(allowed: ReadonlySet<string>) {
    this.#allowed = allowed
  }

  message(schema: MessageSchema, message: Message): void {
    for (const field of schema.fields) {
      const value = message[field.key]
      if (isSet(field, value)) this.#deprecation(schema, message, field, value)
      if (!schema.unvalidated) this.#rules(message, field, value)
      if (value !== undefined && field.type.kind === 'message' && !rulesOf(field).skip) {
        this.#inside(field.type.typeName, field, message, value)
      }
    }
    for (const oneof of schema.oneofs) {
      if (!oneof.required || oneof.fields.some(field => message[field.key] !== undefined)) continue
      const names = oneof.fields.filter(field => !field.disallowed).map(field => field.name)
      this.errors.push(configError(message, undefined, `must have one of ${names.join(', ')}`))
    }
  }

  #rules(message: Message, field: Field, value: unknown): void {
    const rules = rulesOf(field)
    if (value === undefined) {
      // A message in a oneof that another member was chosen for is not required.
      if (rules.required && field.oneof === undefined)
        this.errors.push(configError(message, undefined, `${field.name} is required`))
      return
    }
    this.#apply(rules.checks, message, field, value)
    if (rules.items.length > 0) {
      for (const [index, item] of (value as readonly unknown[]).entries()) {
        this.#apply(rules.items, message, field, item, index)
      }
    }
    if (rules.mapKeys.length > 0 || rules.mapValues.length > 0) {
      for (const [key, item] of Object.entries(value as object)) {
        this.#apply(rules.mapKeys, message, field, key, key)
        this.#apply(rules.mapValues, message, field, item, key)
      }
    }
  }

  #apply(checks: readonly Check[], message: Message, field: Field, value: unknown, index?: number | string): void {
    for (const check of checks) {
      const fault = check(value)
      if (fault !== undefined) this.errors.push(configError(message, field.key, fault, index))
    }
  }

  #inside(typeName: string, field: Field, message: Message, value: unknown): void {
    if (field.repeated) for (const item of value as readonly unknown[]) this.#value(typeName, item, message, field)
    else if (field.mapKey !== undefined) {
      for (const item of Object.values(value as object)) this.#value(typeName, item, message, field)
    } else this.#value(typeName, value, message, field)
  }

  #value(typeName: string, value: unknown, message: Message, field: Field): void {
    const kind = wellKnown(typeName)
    if (kind === undefined) this.message(messageSchema(typeName), value as Message)
    else if (kind === 'any') {
      const any = value as AnyMessage
      const inner = typeNameOf(any.typeUrl)
      if (wellKnown(inner) === undefined) this.message(messageSchema(inner), any.value as Message)
    } else if (kind === 'duration') {
      const ms = value as number
      if (ms < 0) this.errors.push(configError(message, field.key, `must not be negative, got ${ms / 1000}s`))
      else if (ms > maxDurationMs)
        this.errors.push(configError(message, field.key, `must be at most ${maxDurationMs / 1000}s`))
    }
  }

  #deprecation(schema: MessageSchema, message: Message, field: Field, value: unknown): void {
    const name = `${schema.fullName}.${field.name}`
    if (field.disallowed && !this.#isAllowed(name)) {
      this.errors.push(configError(message, field.key, `the deprecated option ${name} is no longer accepted`))
    } else if (field.deprecated) this.#warn(message, field, `the option ${name} is deprecated`)
    if (field.type.kind !== 'enum') return
    for (const item of Array.isArray(value) ? value : [value]) {
      const known = enumSchema(field.type.typeName).values.find(candidate => candidate.name === item)
      const valueName = `${field.type.typeName}.${String(item)}`
      if (known?.disallowed === true && !this.#isAllowed(valueName)) {
        this.errors.push(configError(message, field.key, `the deprecated value ${valueName} is no longer accepted`))
      } else if (known?.deprecated === true) this.#warn(message, field, `the value ${valueName} is deprecated`)
    }
  }

  #isAllowed(name: string): boolean {
    return this.#allowed.has('*') || this.#allowed.has(name)
  }

  #warn(message: Message, field: Field, text: string): void {
    const place = positionOf(message, field.key)
    this.warnings.push(
      place === undefined || place.line === 0 ? text : `${place.file}:${place.line}:${place.column} ${text}`,
    )
  }
}
