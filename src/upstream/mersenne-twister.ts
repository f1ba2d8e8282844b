/** MT19937 of 32 bits, as `std::mt19937`: the same numbers for the same seed. Matsumoto and Nishimura, 1998. */
const size = 624
const middle = 397

export class MersenneTwister {
  readonly #state = new Uint32Array(size)
  #next = size

  /** @param seed 32 bits */
  constructor(seed: number) {
    const state = this.#state
    state[0] = seed
    for (let i = 1; i < size; i++) {
      const before = state[i - 1] as number
      state[i] = Math.imul(1_812_433_253, before ^ (before >>> 30)) + i
    }
  }

  /** 32 bits. */
  next(): number {
    if (this.#next === size) this.#twist()
    let value = this.#state[this.#next++] as number
    value ^= value >>> 11
    value ^= (value << 7) & 0x9d2c_5680
    value ^= (value << 15) & 0xefc6_0000
    value ^= value >>> 18
    return value >>> 0
  }

  /** Uniform in [0, limit). */
  below(limit: number): number {
    const step = Math.floor(2 ** 32 / limit)
    for (;;) {
      const value = Math.floor(this.next() / step)
      if (value < limit) return value
    }
  }

  #twist(): void {
    const state = this.#state
    for (let i = 0; i < size; i++) {
      const bits = ((state[i] as number) & 0x8000_0000) | ((state[(i + 1) % size] as number) & 0x7fff_ffff)
      const twisted = (bits >>> 1) ^ (bits & 1 ? 0x9908_b0df : 0)
      state[i] = (state[(i + middle) % size] as number) ^ twisted
    }
    this.#next = 0
  }
}
