/** The validation rules of the API (`validate.rules`, protoc-gen-validate), as checks of one decoded value. */
import { decodePlain } from './decode-binary.ts'
import { enumSchema } from './protos.ts'
import { show } from './scalars.ts'
import type { Field, Message } from './schema.ts'

/** What is wrong with the value, or `undefined`. */
export type Check = (value: unknown) => string | undefined

export interface FieldRules {
  /** A message field, duration or Any that must be set. */
  readonly required: boolean
  /** Do not look into the message. */
  readonly skip: boolean
  /** Rules of the value: of the whole list or map where the field is one. */
  readonly checks: readonly Check[]
  /** Rules of each element of a list. */
  readonly items: readonly Check[]
  readonly mapKeys: readonly Check[]
  readonly mapValues: readonly Check[]
}

const noRules: FieldRules = { required: false, skip: false, checks: [], items: [], mapKeys: [], mapValues: [] }
const compiled = new WeakMap<Field, FieldRules>()

export function rulesOf(field: Field): FieldRules {
  if (field.rules === undefined) return noRules
  let rules = compiled.get(field)
  if (rules === undefined) {
    rules = compile(decodePlain('validate.FieldRules', field.rules), field)
    compiled.set(field, rules)
  }
  return rules
}

function compile(rules: Message, field: Field): FieldRules {
  const message = (rules['message'] ?? {}) as { required?: boolean; skip?: boolean }
  const kind = Object.keys(rules).find(key => key !== 'message')
  const own = kind === undefined ? {} : (rules[kind] as Message)
  const required = message.required === true || own['required'] === true
  const base = { ...noRules, required, skip: message.skip === true }
  if (kind === 'repeated') return { ...base, checks: listChecks(own), items: nested(own['items'], field) }
  if (kind === 'map') {
    return {
      ...base,
      checks: mapChecks(own),
      mapKeys: nested(own['keys'], field),
      mapValues: nested(own['values'], field),
    }
  }
  return { ...base, checks: kind === undefined ? [] : valueChecks(kind, own, field) }
}

function nested(rules: unknown, field: Field): readonly Check[] {
  if (rules === undefined) return []
  const kind = Object.keys(rules as Message).find(key => key !== 'message')
  return kind === undefined ? [] : valueChecks(kind, (rules as Message)[kind] as Message, field)
}

function listChecks(rules: Message): Check[] {
  const checks: Check[] = []
  const { minItems, maxItems, unique } = rules as { minItems?: bigint; maxItems?: bigint; unique?: boolean }
  if (minItems !== undefined) {
    checks.push(value => {
      const { length } = value as readonly unknown[]
      return length < minItems ? wrong(`must have at least ${count(minItems, 'item')}`, String(length)) : undefined
    })
  }
  if (maxItems !== undefined) {
    checks.push(value => {
      const { length } = value as readonly unknown[]
      return length > maxItems ? wrong(`must have at most ${count(maxItems, 'item')}`, String(length)) : undefined
    })
  }
  if (unique === true) {
    checks.push(value => {
      const list = value as readonly unknown[]
      return new Set(list).size < list.length ? 'must not have the same item twice' : undefined
    })
  }
  return checks
}

function mapChecks(rules: Message): Check[] {
  const { minPairs, maxPairs } = rules as { minPairs?: bigint; maxPairs?: bigint }
  const checks: Check[] = []
  const size = (value: unknown) => BigInt(Object.keys(value as object).length)
  if (minPairs !== undefined) {
    checks.push(value => (size(value) < minPairs ? `must have at least ${count(minPairs, 'entry')}` : undefined))
  }
  if (maxPairs !== undefined) {
    checks.push(value => (size(value) > maxPairs ? `must have at most ${count(maxPairs, 'entry')}` : undefined))
  }
  return checks
}

function valueChecks(kind: string, rules: Message, field: Field): Check[] {
  const checks: Check[] = []
  for (const [rule, operand] of Object.entries(rules)) {
    if (Array.isArray(operand) && operand.length === 0) continue
    const check = valueCheck(kind, rule, operand, rules, field)
    if (check !== undefined) checks.push(check)
  }
  if (rules['ignoreEmpty'] !== true) return checks
  return checks.map(check => value => (isEmpty(value) ? undefined : check(value)))
}

// Answered elsewhere: by the decoder, or beside another rule.
const otherwiseHandled = new Set(['required', 'ignoreEmpty', 'strict', 'definedOnly'])

function valueCheck(kind: string, rule: string, operand: unknown, rules: Message, field: Field): Check | undefined {
  if (otherwiseHandled.has(rule)) return undefined
  if (kind === 'string' || kind === 'bytes') return textCheck(rule, operand, rules)
  const limit = operand as number | bigint
  const unit = kind === 'duration' ? showDuration : show
  switch (rule) {
    case 'gt':
      return value =>
        (value as number | bigint) > limit ? undefined : wrong(`must be greater than ${unit(limit)}`, unit(value))
    case 'gte':
      return value =>
        (value as number | bigint) >= limit ? undefined : wrong(`must be at least ${unit(limit)}`, unit(value))
    case 'lt':
      return value =>
        (value as number | bigint) < limit ? undefined : wrong(`must be less than ${unit(limit)}`, unit(value))
    case 'lte':
      return value =>
        (value as number | bigint) <= limit ? undefined : wrong(`must be at most ${unit(limit)}`, unit(value))
    case 'const':
      return value => (value === operand ? undefined : wrong(`must be ${unit(operand)}`, unit(value)))
    case 'in':
    case 'notIn': {
      const listed = kind === 'enum' ? enumNames(field, operand as readonly number[]) : (operand as readonly unknown[])
      return memberCheck(listed, rule === 'in')
    }
    default:
      throw new Error(`validation rule ${kind}.${rule} of ${field.name} is not known`)
  }
}

function enumNames(field: Field, numbers: readonly number[]): readonly string[] {
  if (field.type.kind !== 'enum') throw new Error(`enum rule on ${field.name}`)
  const values = enumSchema(field.type.typeName).values
  return values.filter(value => numbers.includes(value.number)).map(value => value.name)
}

function memberCheck(listed: readonly unknown[], wanted: boolean): Check {
  const text = listed.map(show).join(', ')
  return value => {
    if (listed.includes(value) === wanted) return undefined
    return wrong(wanted ? `must be one of ${text}` : `must not be ${text}`, show(value))
  }
}

// `strict: false` lets names and values through that only lack control characters.
const wellKnownRegexes: Readonly<Record<string, readonly [strict: RegExp, loose: RegExp, name: string]>> = {
  HTTP_HEADER_NAME: [/^:?[0-9a-zA-Z!#$%&'*+-.^_|~`]+$/, /^[^\0\n\r]*$/, 'an HTTP header name'],
  // oxlint-disable-next-line no-control-regex -- the rule is about control characters
  HTTP_HEADER_VALUE: [/^[^\0-\x08\n-\x1f\x7f]*$/, /^[^\0\n\r]*$/, 'an HTTP header value'],
}

function textCheck(rule: string, operand: unknown, rules: Message): Check {
  const limit = operand as bigint
  const text = String(operand)
  switch (rule) {
    case 'const':
      return value => (value === operand ? undefined : wrong(`must be ${show(operand)}`, show(value)))
    case 'len':
      return value =>
        codePoints(value) === limit ? undefined : wrong(`must have ${count(limit, 'character')}`, show(value))
    case 'minLen':
      return value => {
        if (codePoints(value) >= limit) return undefined
        return wrong(
          limit === 1n ? 'must not be empty' : `must have at least ${count(limit, 'character')}`,
          show(value),
        )
      }
    case 'maxLen':
      return value =>
        codePoints(value) <= limit ? undefined : wrong(`must have at most ${count(limit, 'character')}`, show(value))
    case 'minBytes':
      return value =>
        byteLength(value) >= limit ? undefined : wrong(`must have at least ${count(limit, 'byte')}`, show(value))
    case 'maxBytes':
      return value =>
        byteLength(value) <= limit ? undefined : wrong(`must have at most ${count(limit, 'byte')}`, show(value))
    case 'pattern': {
      const pattern = new RegExp(text)
      return value => (pattern.test(String(value)) ? undefined : wrong(`must match ${text}`, show(value)))
    }
    case 'prefix':
      return value => (String(value).startsWith(text) ? undefined : wrong(`must start with ${show(text)}`, show(value)))
    case 'suffix':
      return value => (String(value).endsWith(text) ? undefined : wrong(`must end with ${show(text)}`, show(value)))
    case 'in':
    case 'notIn':
      return memberCheck(operand as readonly unknown[], rule === 'in')
    case 'wellKnownRegex': {
      const [strict, loose, name] = wellKnownRegexes[text] ?? []
      const pattern = rules['strict'] === false ? loose : strict
      if (pattern === undefined) throw new Error(`validation rule well_known_regex ${text} is not known`)
      return value => (pattern.test(String(value)) ? undefined : wrong(`must be ${name}`, show(value)))
    }
    default:
      throw new Error(`validation rule string.${rule} is not known`)
  }
}

function wrong(rule: string, value: string): string {
  return `${rule}, got ${value}`
}

function count(number: bigint, noun: string): string {
  if (number === 1n) return `1 ${noun}`
  return `${number} ${noun.replace(/y$/, 'ie')}s`
}

function codePoints(value: unknown): bigint {
  return BigInt(typeof value === 'string' ? Array.from(value).length : (value as Uint8Array).length)
}

function byteLength(value: unknown): bigint {
  return BigInt(typeof value === 'string' ? Buffer.byteLength(value) : (value as Uint8Array).length)
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === 0 || value === 0n || (value instanceof Uint8Array && value.length === 0)
}

function showDuration(ms: unknown): string {
  return `${(ms as number) / 1000}s`
}
