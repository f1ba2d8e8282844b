/**
 * Weighted choice, earliest deadline first: after a pick an entry is due again in 1/weight, so picks are spread
 * evenly rather than in bursts. Follows Envoy's `EdfScheduler`.
 */
interface Entry<T> {
  readonly item: T
  deadline: number
  /** Equal deadlines are served in the order in which they were added. */
  order: number
}

export class EdfScheduler<T> {
  readonly #heap: Entry<T>[] = []
  #now = 0
  #order = 0

  add(weight: number, item: T): void {
    const heap = this.#heap
    heap.push({ item, deadline: this.#now + 1 / weight, order: this.#order++ })
    let at = heap.length - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(heap[at] as Entry<T>, heap[parent] as Entry<T>)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  /** The next item, which is due again by the weight that `weightOf` gives it now. */
  pick(weightOf: (item: T) => number): T | undefined {
    const first = this.#heap[0]
    if (first === undefined) return undefined
    this.#now = first.deadline
    first.deadline = this.#now + 1 / weightOf(first.item)
    first.order = this.#order++
    this.#sink()
    return first.item
  }

  #sink(): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = at * 2 + 1
      if (left >= heap.length) return
      const right = left + 1
      const least = right < heap.length && before(heap[right] as Entry<T>, heap[left] as Entry<T>) ? right : left
      if (!before(heap[least] as Entry<T>, heap[at] as Entry<T>)) return
      this.#swap(least, at)
      at = least
    }
  }

  #swap(a: number, b: number): void {
    const entry = this.#heap[a] as Entry<T>
    this.#heap[a] = this.#heap[b] as Entry<T>
    this.#heap[b] = entry
  }
}

function before<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.deadline === b.deadline ? a.order < b.order : a.deadline < b.deadline
}
