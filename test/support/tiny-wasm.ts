/** Makes small wasm modules byte by byte, for what no compiler emits. */
import { guestTypes } from '../../src/wasm/signatures.ts'

export interface TinyModule {
  /** `module.name`, each taking and giving nothing, or what `importType` says. */
  readonly imports?: readonly string[]
  /** i32s of all imports. */
  readonly importType?: { readonly parameters: number; readonly result: boolean }
  /**
   * Exported functions: name → body without locals, ending before `end`. All have three locals and leave an i32; those that the
   * host calls have its types.
   */
  readonly functions?: Readonly<Record<string, readonly number[]>>
  /** Types of exported functions, as `guestTypes` has them, instead of those. */
  readonly types?: Readonly<Record<string, string>>
  /** Pages of an exported memory; none without. */
  readonly memory?: number
}

/** `i32.const value` for small values. */
export const i32 = (value: number): number[] => [0x41, value & 0x7f]
export const unreachable = [0x00]
const anyType = 0

const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()]
const section = (id: number, bytes: readonly number[]): number[] => [id, ...leb(bytes.length), ...bytes]
const sized = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes]
const name = (text: string): number[] => [...leb(text.length), ...Buffer.from(text)]

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}

export function tinyModule({
  imports = [],
  functions = {},
  types = {},
  memory,
  importType,
}: TinyModule): Uint8Array<ArrayBuffer> {
  const names = Object.keys(functions)
  const { parameters, result } = importType ?? { parameters: 0, result: false }
  const imported = [
    0x60,
    ...vector(Array.from({ length: parameters }, () => [0x7f])),
    ...vector(result ? [[0x7f]] : []),
  ]
  const typeTexts = names.map(each => types[each] ?? guestTypes[each] ?? 'iii:i')
  const guests = [...new Set(typeTexts)]
  const exported = names.map((each, index) => [...name(each), 0, ...leb(imports.length + index)])
  if (memory !== undefined) exported.push([...name('memory'), 2, 0])
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([imported, ...guests.map(functionType)])),
    ...section(2, vector(imports.map(each => {
      const dot = each.indexOf('.')
      return [...name(each.slice(0, dot)), ...name(each.slice(dot + 1)), 0, anyType]
    }))),
    ...section(3, vector(typeTexts.map(each => leb(1 + guests.indexOf(each))))),
    ...(memory === undefined ? [] : section(5, vector([[0, ...leb(memory)]]))),
    ...section(7, vector(exported)),
    ...section(10, vector(names.map((each, i) => sized(functionBody(typeTexts[i] as string, functions[each] ?? []))))),
  ] // biome-ignore format: one section a line
  return new Uint8Array(bytes)
}

/** `ii:i` */
function functionType(text: string): number[] {
  const [parameters = '', result = ''] = text.split(':')
  const encode = (letters: string): number[] => vector(Array.from(letters, letter => [letter === 'I' ? 0x7e : 0x7f]))
  return [0x60, ...encode(parameters), ...encode(result)]
}

function functionBody(type: string, code: readonly number[]): number[] {
  const [parameters = '', result = ''] = type.split(':')
  const more = 3 - parameters.length
  const drop = 0x1a
  return [...(more > 0 ? [1, more, 0x7f] : [0]), ...code, ...(result === '' ? [drop] : []), 0x0b]
}

/** Functions of a module that loads: marker 0.2.1 and a `malloc` that always gives address 1024. */
export const loadable = { proxy_abi_version_0_2_1: i32(0), malloc: [0x41, 0x80, 0x08] }
