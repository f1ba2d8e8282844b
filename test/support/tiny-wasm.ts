/** Makes small wasm modules byte by byte, for what no compiler emits. */

export interface TinyModule {
  /** `module.name`, each taking and giving nothing, or what `importType` says. */
  readonly imports?: readonly string[]
  /** i32s of all imports. */
  readonly importType?: { readonly parameters: number; readonly result: boolean }
  /** Exported functions: name → body without locals, ending before `end`. All take three i32 and give one. */
  readonly functions?: Readonly<Record<string, readonly number[]>>
  /** Pages of an exported memory; none without. */
  readonly memory?: number
}

/** `i32.const value` for small values. */
export const i32 = (value: number): number[] => [0x41, value & 0x7f]
export const unreachable = [0x00]
const anyType = 0
const guestType = 1

const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()]
const section = (id: number, bytes: readonly number[]): number[] => [id, ...leb(bytes.length), ...bytes]
const sized = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes]
const name = (text: string): number[] => [...leb(text.length), ...Buffer.from(text)]

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}

export function tinyModule({ imports = [], functions = {}, memory, importType }: TinyModule): Uint8Array<ArrayBuffer> {
  const names = Object.keys(functions)
  const { parameters, result } = importType ?? { parameters: 0, result: false }
  const imported = [
    0x60,
    ...vector(Array.from({ length: parameters }, () => [0x7f])),
    ...vector(result ? [[0x7f]] : []),
  ]
  const exported = names.map((each, index) => [...name(each), 0, ...leb(imports.length + index)])
  if (memory !== undefined) exported.push([...name('memory'), 2, 0])
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([imported, [0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f]])),
    ...section(2, vector(imports.map(each => {
      const dot = each.indexOf('.')
      return [...name(each.slice(0, dot)), ...name(each.slice(dot + 1)), 0, anyType]
    }))),
    ...section(3, vector(names.map(() => [guestType]))),
    ...(memory === undefined ? [] : section(5, vector([[0, ...leb(memory)]]))),
    ...section(7, vector(exported)),
    ...section(10, vector(names.map(each => sized([0, ...(functions[each] ?? []), 0x0b])))),
  ] // biome-ignore format: one section a line
  return new Uint8Array(bytes)
}

/** Functions of a module that loads: marker 0.2.1 and a `malloc` that always gives address 1024. */
export const loadable = { proxy_abi_version_0_2_1: i32(0), malloc: [0x41, 0x80, 0x08] }
