/**
 * The open streams of a connection by number: a hash table whose chains run through the streams. A Map does the same,
 * but its outgrown tables, once in the old generation, keep the streams of later ones alive (a fifth of the CPU time
 * of a busy proxy went into collecting them).
 */
import type { Http2Stream } from './stream.ts'

const firstSlots = 16

export class StreamTable {
  size = 0
  #slots: (Http2Stream | undefined)[] = emptySlots(firstSlots)

  get(id: number): Http2Stream | undefined {
    let stream = this.#slots[this.#slot(id)]
    while (stream !== undefined && stream.id !== id) stream = stream.nextInTable
    return stream
  }

  /** The stream must not be in a table. */
  add(stream: Http2Stream): void {
    if (this.size >= this.#slots.length) this.#grow()
    this.size++
    this.#link(stream)
  }

  remove(stream: Http2Stream): void {
    const slot = this.#slot(stream.id)
    const first = this.#slots[slot]
    if (first === stream) this.#slots[slot] = stream.nextInTable
    else {
      let before = first
      while (before !== undefined && before.nextInTable !== stream) before = before.nextInTable
      if (before === undefined) return
      before.nextInTable = stream.nextInTable
    }
    stream.nextInTable = undefined
    this.size--
  }

  /** All that are in it now; it may change while they are walked. */
  list(): Http2Stream[] {
    const all: Http2Stream[] = []
    for (let stream of this.#slots) for (; stream !== undefined; stream = stream.nextInTable) all.push(stream)
    return all
  }

  #slot(id: number): number {
    // The numbers of one side are all odd or all even.
    return (id >>> 1) & (this.#slots.length - 1)
  }

  #link(stream: Http2Stream): void {
    const slot = this.#slot(stream.id)
    stream.nextInTable = this.#slots[slot]
    this.#slots[slot] = stream
  }

  #grow(): void {
    const all = this.list()
    this.#slots = emptySlots(this.#slots.length * 2)
    for (const stream of all) this.#link(stream)
  }
}

function emptySlots(count: number): undefined[] {
  return Array.from({ length: count }, () => undefined)
}
