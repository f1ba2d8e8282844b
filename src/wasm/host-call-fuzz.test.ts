/**
 * Fuzzing of the host: modules that call every host function with arguments that make no sense, from every callback, and
 * modules that are broken. Whatever they do, a stream ends at worst, and no host function throws.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { FakeStream, type FakeThread, fakeThread, fixture, makeHandle } from '../../test/support/fake-wasm.ts'
import { setLogSink } from '../base/log.ts'
import { hostFunctions } from './abi.ts'
import { wasiParameters, withoutResult } from './signatures.ts'
import { defaultLimits } from './limits.ts'
import type { PluginHandle } from './plugin.ts'
import { UnknownWasmError } from './meter-binary.ts'
import { WasmLoadError } from './vm.ts'

setLogSink({ write() {} })
after(() => setLogSink({ write() {} }))

const imports: readonly (readonly [module: string, name: string, parameters: string])[] = [
  ...Object.entries(hostFunctions)
    .filter(([, { versions }]) => versions.includes('0.2.1'))
    .map(([name, { parameters }]) => ['env', name, parameters] as const),
  ...Object.entries(wasiParameters).map(([name, parameters]) => ['wasi_snapshot_preview1', name, parameters] as const),
]
const callbacks = [
  ...['proxy_on_configure', 'proxy_on_request_headers', 'proxy_on_request_body', 'proxy_on_request_trailers'],
  ...['proxy_on_response_headers', 'proxy_on_response_body', 'proxy_on_log', 'proxy_on_done', 'proxy_on_tick'],
]

/** What the guest's memory begins with; arguments point here often. */
const texts = [
  ...[':path', 'x-a', 'host', ':status', 'content-length', 'request\0headers', 'metadata', 'xds\0node', 'plugin_name'],
  ...[
    '\x01\0\0\0\x01\0\0\0\x01\0\0\0a\0b\0',
    '\xff\xff\xff\x7f\xff\xff\xff\x7f',
    'compress',
    'uncompress',
    'expr_create',
  ],
  ...['expr_evaluate', 'expr_delete', 'verify_signature', 'sign', 'declare_property', 'set_envoy_filter_state'],
  ...['set_dynamic_metadata', 'ns\0{"a":1}', '[1].map(x, x + 1)', 'vm', 'queue', 'cluster', 'a.b.example', ''],
]
const places: (readonly [at: number, length: number])[] = []
let length = 16
for (const text of texts) {
  places.push([length, text.length])
  length += text.length
}
const data = Buffer.from('\0'.repeat(16) + texts.join(''), 'latin1')

interface Call {
  readonly index: number
  readonly args: readonly number[]
}

interface Program {
  readonly calls: ReadonlyMap<string, readonly Call[]>
  /** What `malloc` answers. */
  readonly allocated: number
}

const edges = [0, 1, 2, 7, 8, 15, 4096, 65_535, 65_536, 65_537, 0x7fff_ffff, -0x8000_0000, -1, -8, 100_000_000]
const argument = fc.oneof(
  { arbitrary: fc.constantFrom(...edges), weight: 3 },
  { arbitrary: fc.constantFrom(...places.flat()), weight: 3 },
  { arbitrary: fc.integer({ min: 0, max: 12 }), weight: 2 },
  { arbitrary: fc.integer(), weight: 1 },
)
const call: fc.Arbitrary<Call> = fc.integer({ min: 0, max: imports.length - 1 }).chain(index => {
  const { length: count } = imports[index]?.[2] ?? ''
  // Pointer and size of a text, as a real guest has them, and then anything.
  const sensible = fc
    .array(fc.constantFrom(...places), { minLength: count, maxLength: count })
    .map(pairs => pairs.flat().slice(0, count))
  const args = fc.oneof(fc.array(argument, { minLength: count, maxLength: count }), sensible)
  return args.map(values => ({ index, args: values }))
})
const program: fc.Arbitrary<Program> = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(...callbacks), fc.array(call, { maxLength: 6 })), { maxLength: 5 }),
    fc.constantFrom(0, 1024, 60_000, 65_535, -1, 0x7fff_ffff),
  )
  .map(([calls, allocated]) => ({ calls: new Map(calls), allocated }))

const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()]
const section = (id: number, bytes: readonly number[]): number[] => [id, ...leb(bytes.length), ...bytes]
const sized = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes]
const name = (text: string): number[] => [...leb(text.length), ...Buffer.from(text)]

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}

function signedLeb(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [low]
  return [low | 0x80, ...signedLeb(rest)]
}

function moduleOf({ calls, allocated }: Program): Uint8Array<ArrayBuffer> {
  const typeOf = (letter: string): number => (letter === 'I' ? 0x7e : 0x7f)
  const code = (body: readonly Call[]): number[] =>
    body.flatMap(({ index, args }) => {
      const [, importName = '', parameters = ''] = imports[index] ?? []
      const constants = args.flatMap((value, i) => [parameters[i] === 'I' ? 0x42 : 0x41, ...signedLeb(value)])
      return [...constants, 0x10, ...leb(index), ...(withoutResult.has(importName) ? [] : [0x1a])]
    })
  const functions: readonly (readonly [string, readonly number[]])[] = [
    ['proxy_abi_version_0_2_1', [0x41, 0]],
    ['malloc', [0x41, ...signedLeb(allocated)]],
    // Configured is configured, whatever came of it; streams go on.
    ...callbacks.map(
      each => [each, [...code(calls.get(each) ?? []), 0x41, each === 'proxy_on_configure' ? 1 : 0]] as const,
    ),
  ]
  const types = [
    ...imports.map(([, importName, parameters]) => [
      ...[0x60, ...vector(Array.from(parameters, letter => [typeOf(letter)]))],
      ...vector(withoutResult.has(importName) ? [] : [[0x7f]]),
    ]),
    [0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f],
  ]
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector(imports.map(([from, each], index) => [...name(from), ...name(each), 0, ...leb(index)]))),
    ...section(3, vector(functions.map(() => leb(imports.length)))),
    ...section(5, vector([[0, 1]])),
    ...section(7, vector([
      ...functions.map(([each], index) => [...name(each), 0, ...leb(imports.length + index)]),
      [...name('memory'), 2, 0],
    ])),
    ...section(10, vector(functions.map(([, body]) => sized([0, ...body, 0x0b])))),
    ...section(11, vector([[0, 0x41, 0, 0x0b, ...leb(data.length), ...data]])),
  ]) // biome-ignore format: one section a line
}

/** Streams with everything that a stream can have. Throws what the host throws. */
function drive(handle: PluginHandle): void {
  for (let i = 0; i < 2; i++) {
    const stream = new FakeStream(handle)
    stream.request({ ':authority': 'x', ':path': '/p?q', ':method': 'POST', 'x-a': '1' }, false)
    stream.requestBody('body', false)
    stream.requestBody('', true)
    stream.response({ ':status': '200', 'x-b': '2' }, false)
    stream.responseBody('answer', true)
    stream.end()
  }
}

/** A trap of the guest is its own; any other error is the host's. */
function checkTraps({ thread }: FakeThread): void {
  for (const { reason } of thread.status().traps)
    assert.doesNotMatch(reason, /(?<!Runtime)Error: (?!Maximum call stack)/)
}

const refusals = new Set(['CompileError', 'LinkError'])

function tryAll(code: Uint8Array<ArrayBuffer>): void {
  const thread = fakeThread()
  const limits = { ...defaultLimits, cpuBudgetMs: 20, memoryLimitBytes: 4 * 1024 * 1024 }
  try {
    const handle = makeHandle(code, { finishesStreams: true }, { limits }, thread)
    drive(handle)
    handle.close()
  } catch (error) {
    const known = error instanceof WasmLoadError || error instanceof UnknownWasmError
    if (!known && !refusals.has((error as Error).name)) throw error
  }
  checkTraps(thread)
  thread.close()
}

const random = { numRuns: Number(process.env.FUZZ_RUNS ?? 300) }

test('host functions with any arguments, from any callback', () => {
  fc.assert(
    fc.property(program, each => {
      const code = moduleOf(each)
      assert.ok(WebAssembly.validate(code))
      tryAll(code)
    }),
    random,
  )
})

test('every host function with every edge', () => {
  for (const [index, [, , parameters]] of imports.entries())
    for (const edge of edges) {
      const args = Array.from(parameters, () => edge)
      tryAll(moduleOf({ calls: new Map([['proxy_on_request_headers', [{ index, args }]]]), allocated: edge }))
    }
})

for (const module of ['as-headers', 'as-faults', 'c-headers', 'as-probe'])
  test(`${module} with bytes changed, cut out or cut off`, () => {
    const original = fixture(module)
    const position = fc.integer({ min: 0, max: original.length - 1 })
    const change = fc.array(fc.tuple(position, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
    const broken = fc.oneof(
      change.map(changes => {
        const bytes = original.slice()
        for (const [at, value] of changes) bytes[at] = value
        return bytes
      }),
      position.map(end => original.slice(0, end)),
      fc.tuple(position, fc.integer({ min: 1, max: 64 })).map(([at, count]) => {
        const rest = original.subarray(at + count)
        return new Uint8Array(Buffer.concat([original.subarray(0, at), rest]))
      }),
    )
    fc.assert(fc.property(broken, tryAll), random)
  })

test('any bytes', () => {
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  const bytes = fc.uint8Array({ maxLength: 200 }).map(rest => new Uint8Array([...header, ...rest]))
  fc.assert(fc.property(bytes, tryAll), random)
})
