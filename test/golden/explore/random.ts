/** Reproducible choices (mulberry32): the same seed makes the same configurations and requests. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let x = this.#state
    x = Math.imul(x ^ (x >>> 15), x | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }

  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** Up to `most` of the list, in their order. */
  some<T>(list: readonly T[], most: number): T[] {
    const count = this.below(most + 1)
    return Array.from({ length: count }, () => this.of(list))
  }

  shuffle<T>(list: readonly T[]): T[] {
    const out = [...list]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[out[i], out[j]] = [out[j] as T, out[i] as T]
    }
    return out
  }

  /** Cuts text into pieces. */
  split(text: string, most: number): string[] {
    const cuts = Array.from({ length: this.below(most) }, () => this.below(text.length + 1)).sort((a, b) => a - b)
    return [...cuts, text.length].map((cut, i) => text.slice(i === 0 ? 0 : cuts[i - 1], cut)).filter(p => p.length > 0)
  }
}
