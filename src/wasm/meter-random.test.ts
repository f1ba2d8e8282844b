/** Metering on modules that nobody wrote: valid ones do the same as before, broken ones are refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixture } from '../../test/support/fake-wasm.ts'
import { tinyModule } from '../../test/support/tiny-wasm.ts'
import { meterModule } from './meter.ts'
import { UnknownWasmError } from './meter-binary.ts'
import { Containment } from './containment.ts'
import { CpuBudget } from './meter-host.ts'

const options = { cpu: true, memoryBytes: 16 * 65_536 }
const functions = 6

/** Numbers from 0 to `below - 1`, the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed + 1
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Instructions that leave one i32. Loops end because local 2 counts down; calls go to later functions, or take one off. */
function expression(random: (below: number) => number, depth: number, self: number): number[] {
  const inner = (): number[] => expression(random, depth - 1, self)
  const constant = [0x41, random(64)]
  if (depth === 0) return random(2) === 0 ? constant : [0x20, random(2)]
  const ops = [0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x46, 0x48]
  const binary = (): number[] => [...inner(), ...inner(), ops[random(ops.length)] as number]
  switch (random(10)) {
    case 0: // if … else …
      return [...inner(), 0x04, 0x7f, ...inner(), 0x05, ...inner(), 0x0b]
    case 1: // block with a way out
      return [0x02, 0x7f, ...inner(), ...inner(), 0x0d, 0, 0x0b]
    case 2: {
      // local 2 = 1 to 8; loop { local 0 = …; if (--local 2) again }
      const body = [...inner(), 0x21, 0, 0x20, 2, 0x41, 1, 0x6b, 0x22, 2, 0x41, 0, 0x4a, 0x0d, 0]
      return [0x41, 1 + random(8), 0x21, 2, 0x03, 0x40, ...body, 0x0b, 0x20, 0]
    }
    case 3:
      if (self + 1 >= functions) return binary()
      return [...inner(), ...inner(), 0x41, 3, 0x10, self + 1 + random(functions - self - 1)]
    case 4: {
      // local 1 > 0 ? self(…, (local 1 & 3) - 1, …) : …
      const call = [...inner(), 0x20, 1, 0x41, 3, 0x71, 0x41, 1, 0x6b, 0x41, 2, 0x10, self]
      return [0x20, 1, 0x41, 0, 0x4a, 0x04, 0x7f, ...call, 0x05, ...inner(), 0x0b]
    }
    case 5: // memory.fill(0, x, 512)
      return [0x41, 0, ...inner(), 0x41, 0x80, 0x04, 0xfc, 11, 0, ...inner()]
    case 6: // memory.grow(0 or 1)
      return [0x41, random(2), 0x40, 0]
    case 7: // i32.store, i32.load
      return [0x41, 16, ...inner(), 0x36, 2, 0, 0x41, 16, 0x28, 2, 0]
    case 8:
      return [...inner(), ...inner(), ...inner(), 0x1b]
    default:
      return binary()
  }
}

type Run = (a: number, b: number, c: number) => number

function start(bytes: Uint8Array<ArrayBuffer>): Run {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {})
  const budget = new CpuBudget(new Containment(10_000), () => undefined)
  budget.attach(exports)
  return exports.f0 as Run
}

function outcome(run: Run, a: number, b: number): number | string {
  try {
    return run(a, b, 0)
  } catch (error) {
    return (error as Error).message
  }
}

test('500 random modules are valid when metered, and give the same results', () => {
  for (let seed = 0; seed < 500; seed++) {
    const random = generator(seed)
    const bodies = Array.from({ length: functions }, (_, index) => [`f${index}`, expression(random, 4, index)] as const)
    const plain = tinyModule({ memory: 1, functions: Object.fromEntries(bodies) })
    const [one, other] = [start(meterModule(plain, { ...options, cpu: false })), start(meterModule(plain, options))]
    for (let i = 0; i < 4; i++) {
      const [a, b] = [random(100), random(4)]
      assert.equal(outcome(other, a, b), outcome(one, a, b), `seed ${seed}`)
    }
  }
})

test('broken modules are refused, or V8 refuses what is made of them', () => {
  const whole = fixture('as-headers')
  const random = generator(1)
  for (let i = 0; i < 1500; i++) {
    const broken = whole.slice(0, random(3) === 0 ? random(whole.length) : whole.length)
    for (let change = 0; change < 3 && broken.length > 0; change++) broken[random(broken.length)] = random(256)
    let metered: Uint8Array<ArrayBuffer>
    try {
      metered = meterModule(broken, options)
    } catch (error) {
      assert.ok(error instanceof UnknownWasmError, String((error as Error).stack))
      continue
    }
    try {
      void new WebAssembly.Module(metered)
    } catch (error) {
      assert.equal((error as Error).name, 'CompileError')
    }
  }
})
