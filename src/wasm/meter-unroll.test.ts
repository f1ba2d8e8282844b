/** Loops whose body is repeated: they do the same as before, and positions in each of their bodies are known. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { i32, tinyModule } from '../../test/support/tiny-wasm.ts'
import { Containment } from './containment.ts'
import { CpuBudget } from './meter-host.ts'
import { meterModule } from './meter.ts'
import { type MovedCode, sourcePosition } from './source-map.ts'

type Run = (a: number, b: number, count: number) => number

const options = { cpu: true, memoryBytes: 16 * 65_536 }
const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const add = (local: number, value: number): number[] => [...get(local), ...i32(value), 0x6a, ...set(local)]

/** `f(a, b, count)`, and the function 1 that it may call. */
function moduleOf(body: readonly number[]): Uint8Array<ArrayBuffer> {
  return tinyModule({ memory: 1, functions: { f: body, called: [...get(0), ...get(1), 0x6a, ...get(2), 0x73] } })
}

function start(bytes: Uint8Array<ArrayBuffer>): Run {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {})
  new CpuBudget(new Containment(10_000), () => undefined).attach(exports)
  return exports.f as Run
}

/** Numbers from 0 to `below - 1`, the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed + 1
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** block { b odd, mostly: out; a = called(a, b, count) } */
const skippedCall = (mask: number): number[] => [
  ...[0x02, 0x40, ...get(1), ...i32(mask), 0x71, 0x0d, 0],
  ...[...get(0), ...get(1), ...get(2), 0x10, 1, ...set(0), 0x0b],
]

/** Within a loop in two blocks, `depth` blocks inside it: branches may go to all of them, into the loop and out of it. */
function statement(random: (below: number) => number, depth: number): number[] {
  const label = (): number => random(depth + 3)
  const inner = (): number[] => (depth > 2 ? add(0, random(64)) : statement(random, depth + 1))
  switch (random(7)) {
    case 0:
      return skippedCall(1 + random(7))
    case 1:
      return [0x02, 0x40, ...inner(), ...get(0), ...i32(random(16)), 0x71, 0x0d, label() + 1, ...inner(), 0x0b]
    case 2:
      return [...get(0), ...i32(1 + random(3)), 0x71, 0x04, 0x40, ...inner(), 0x05, ...inner(), 0x0b]
    case 3:
      return [0x02, 0x40, ...get(0), ...i32(3), 0x71, 0x0e, 3, label() + 1, 0, label() + 1, label() + 1, 0x0b]
    case 4:
      return [...get(1), ...i32(13), 0x6c, ...get(0), 0x73, ...set(1)]
    case 5:
      return [...get(0), ...i32(31), 0x71, 0x45, 0x04, 0x40, 0x0c, label() + 1, 0x0b]
    default:
      return add(random(2), random(64))
  }
}

/** Ends after `count` turns at the latest; where the loop is left shows in the result. */
function loop(random: (below: number) => number): number[] {
  const givesResult = random(2) === 0
  const ends = [...add(2, -1), ...get(2), ...i32(0), 0x48, 0x04, 0x40, ...get(0), 0x0f, 0x0b]
  const statements = Array.from({ length: 1 + random(3) }, () => statement(random, 0)).flat()
  const again = [...get(1), ...i32(random(8)), 0x72, 0x0d, 0]
  const body = [...ends, ...skippedCall(1 + random(7)), ...statements, ...again, ...(givesResult ? get(1) : [])]
  return [
    ...[0x02, 0x40, 0x02, 0x40, 0x03, givesResult ? 0x7f : 0x40, ...body, 0x0b],
    ...[...(givesResult ? set(0) : []), ...add(0, 3), 0x0b, ...add(0, 5), 0x0b, ...get(0)],
  ]
}

test('500 random loops give the same results when their bodies are repeated', () => {
  let repeated = 0
  for (let seed = 0; seed < 500; seed++) {
    const random = generator(seed)
    const plain = moduleOf(loop(random))
    const metered = meterModule(plain, options)
    if (metered.length > plain.length * 2) repeated++
    const [one, other] = [start(plain), start(metered)]
    for (let i = 0; i < 8; i++) {
      const [a, b, count] = [random(100), random(100), random(40)] as const
      assert.equal(other(a, b, count), one(a, b, count), `seed ${seed}: ${a}, ${b}, ${count}`)
    }
  }
  assert.ok(repeated > 300, `${repeated} of them`)
})

test('a trap in any of the bodies is told with its place in the module as it was', () => {
  // Traps in the turn in which `count` becomes 0.
  const turn = [...add(2, -1), ...get(2), 0x45, 0x04, 0x40, 0x00, 0x0b, ...skippedCall(1), 0x0c, 0]
  const plain = moduleOf([0x03, 0x40, ...turn, 0x0b, 0x00])
  const moved: MovedCode = { from: [], to: [] }
  const run = start(meterModule(plain, options, moved))
  const trapAt = trapOffset(start(plain), 1)
  const places = { offsets: Uint32Array.of(0, trapAt, trapAt + 1), files: new Uint16Array(3) }
  const lines = { lines: Uint32Array.of(1, 2, 3), columns: Uint32Array.of(1, 1, 1), sources: ['f.ts'] }
  const found = new Set<number>()
  for (let count = 1; count <= 16; count++) {
    const offset = trapOffset(run, count)
    found.add(offset)
    assert.equal(sourcePosition({ moved, ...places, ...lines }, offset), 'f.ts:2:1', `turn ${count}`)
  }
  assert.equal(found.size, 8)
})

function trapOffset(run: Run, count: number): number {
  try {
    run(0, 1, count)
  } catch (error) {
    return Number(/wasm-function\[0\]:(0x[0-9a-f]+)/.exec((error as Error).stack ?? '')?.[1])
  }
  throw new Error('no trap')
}
