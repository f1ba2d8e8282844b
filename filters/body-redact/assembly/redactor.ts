/** Replaces matches in a stream of bytes. What could become a match with the bytes to come is kept back. */
import { Counter } from "proxy-wasm-sdk-as/assembly"
import { ByteQueue } from "../../lib/assembly/byte-queue"
import { needsMore, Pattern } from "../../lib/assembly/pattern"
import { passesCheck } from "./known"

/** What to look for and what to put there. */
export class Rule {
  counter: Counter | null = null

  constructor(
    public name: string,
    public pattern: Pattern,
    public replacement: ArrayBuffer,
  ) {}
}

/** One body. */
export class Redactor {
  /** Bytes from the last one that was given out on (a word boundary looks back at it), then what is kept. */
  private kept: ArrayBuffer = new ArrayBuffer(0)
  private looksBack: bool = false

  constructor(private rules: Rule[]) {}

  /** Is anything kept back? */
  get pending(): bool {
    return this.kept.byteLength > (this.looksBack ? 1 : 0)
  }

  /** What to give out for the next bytes. @param isLast none follow */
  next(chunk: ArrayBuffer, isLast: bool): ArrayBuffer {
    const bytes = joined(this.kept, chunk)
    const from = changetype<usize>(bytes)
    const length = bytes.byteLength
    const output = new ByteQueue()
    let at = this.looksBack ? 1 : 0
    let copied = at
    while (at < length) {
      let best = 0
      let rule: Rule | null = null
      let waits = false
      for (let i = 0; i < this.rules.length && !waits; i++) {
        const each = unchecked(this.rules[i])
        const size = each.pattern.longest(from, length, at, isLast)
        if (size == needsMore) waits = true
        else if (size > best && passesCheck(each.name, from + at, size)) {
          best = size
          rule = each
        }
      }
      if (waits) break
      if (rule === null) {
        at++
        continue
      }
      output.add(bytes, copied, at)
      output.add(rule.replacement)
      at += best
      copied = at
      const counter = rule.counter
      if (counter !== null) counter.increment()
    }
    output.add(bytes, copied, at)
    this.looksBack = at > 0
    this.kept = bytes.slice(max(0, at - 1))
    return output.slice(0, output.length)
  }
}

function joined(a: ArrayBuffer, b: ArrayBuffer): ArrayBuffer {
  if (a.byteLength == 0) return b
  const both = new ArrayBuffer(a.byteLength + b.byteLength)
  memory.copy(changetype<usize>(both), changetype<usize>(a), a.byteLength)
  memory.copy(changetype<usize>(both) + a.byteLength, changetype<usize>(b), b.byteLength)
  return both
}
