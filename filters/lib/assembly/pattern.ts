/**
 * Regular expressions over UTF-8 bytes, run by following all ways at once (Thompson): time grows with the text times the
 * pattern, never faster. There are: literals, `.`, classes, `\d \w \s` and their opposites, groups, `|`, `? * + {n,m}`,
 * `^ $ \b \B`, `(?i)` in front. No captures, no look-around, no lazy repetition.
 */

/** Instructions of one pattern after repetitions were written out. */
const maxProgram = 16_384
const maxDepth = 50

enum Op {
  Set,
  Split,
  Jump,
  Start,
  End,
  Boundary,
  NoBoundary,
  Match,
}

enum Kind {
  Empty,
  Set,
  Sequence,
  Alternatives,
  Repeat,
  Assertion,
}

class Node {
  constructor(public kind: Kind) {}

  parts: Node[] = []
  /** Of a repetition; most -1: without end. */
  least: i32 = 0
  most: i32 = 0
  set: StaticArray<bool> | null = null
  assertion: Op = Op.Start
}

function setNode(set: StaticArray<bool>): Node {
  const node = new Node(Kind.Set)
  node.set = set
  return node
}

function rangeNode(from: i32, to: i32): Node {
  const set = new StaticArray<bool>(256)
  for (let i = from; i <= to; i++) set[i] = true
  return setNode(set)
}

function sequence(parts: Node[]): Node {
  if (parts.length == 1) return parts[0]
  const node = new Node(Kind.Sequence)
  node.parts = parts
  return node
}

function alternatives(parts: Node[]): Node {
  if (parts.length == 1) return parts[0]
  const node = new Node(Kind.Alternatives)
  node.parts = parts
  return node
}

/** Characters beyond ASCII, as their UTF-8 bytes. */
function beyondAscii(): Node {
  const two = sequence([rangeNode(0xc2, 0xdf), rangeNode(0x80, 0xbf)])
  const three = sequence([rangeNode(0xe0, 0xef), rangeNode(0x80, 0xbf), rangeNode(0x80, 0xbf)])
  const four = sequence([rangeNode(0xf0, 0xf4), rangeNode(0x80, 0xbf), rangeNode(0x80, 0xbf), rangeNode(0x80, 0xbf)])
  return alternatives([two, three, four])
}

function isWord(byte: i32): bool {
  const letter = byte | 0x20
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte == 0x5f
}

/** Bytes of `\d`, `\w`, `\s`; null for another letter. */
function classOf(letter: i32): StaticArray<bool> | null {
  if (letter != 0x64 && letter != 0x77 && letter != 0x73) return null
  const set = new StaticArray<bool>(256)
  for (let i = 0; i < 0x80; i++)
    set[i] = letter == 0x64 ? i >= 0x30 && i <= 0x39 : letter == 0x77 ? isWord(i) : i == 0x20 || (i >= 0x09 && i <= 0x0d)
  return set
}

class Parser {
  fault: string = ""
  private at: i32 = 0
  private ignoreCase: bool = false

  constructor(private text: string) {
    if (text.startsWith("(?i)")) {
      this.ignoreCase = true
      this.at = 4
    }
  }

  parse(): Node {
    const node = this.either(0)
    if (this.at < this.text.length) this.fail("')' without '('")
    return node
  }

  private fail(reason: string): void {
    if (this.fault.length == 0) this.fault = reason + " at character " + (this.at + 1).toString()
    this.at = this.text.length
  }

  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1
  }

  private either(depth: i32): Node {
    const parts: Node[] = []
    do {
      const pieces: Node[] = []
      while (this.peek() >= 0 && this.peek() != 0x7c && this.peek() != 0x29) pieces.push(this.repeated(depth))
      parts.push(pieces.length == 0 ? new Node(Kind.Empty) : sequence(pieces))
    } while (this.skip(0x7c))
    return alternatives(parts)
  }

  private skip(unit: i32): bool {
    if (this.peek() != unit) return false
    this.at++
    return true
  }

  private repeated(depth: i32): Node {
    let node = this.atom(depth)
    while (true) {
      let least = 0
      let most = 1
      const unit = this.peek()
      if (unit == 0x2a) most = -1
      else if (unit == 0x2b) {
        least = 1
        most = -1
      } else if (unit == 0x7b) {
        this.at++
        least = this.number()
        most = least
        if (this.peek() == 0x2c) {
          this.at++
          most = this.peek() == 0x7d ? -1 : this.number()
        }
        if (this.peek() != 0x7d || least < 0 || (most >= 0 && most < least)) {
          this.fail("this is no {n}, {n,} or {n,m} (write \\{ for the character)")
          return node
        }
      } else if (unit != 0x3f) return node
      this.at++
      if (this.peek() == 0x3f) this.fail("lazy repetition does not exist here")
      const repeat = new Node(Kind.Repeat)
      repeat.least = least
      repeat.most = most
      repeat.parts.push(node)
      node = repeat
    }
  }

  private number(): i32 {
    let number = -1
    for (let digit = this.peek() - 0x30; digit >= 0 && digit <= 9; digit = this.peek() - 0x30) {
      number = min(1_000_000, max(number, 0) * 10 + digit)
      this.at++
    }
    return number
  }

  private atom(depth: i32): Node {
    const unit = this.peek()
    if (unit == 0x28) {
      if (depth >= maxDepth) {
        this.fail("too deeply nested")
        return new Node(Kind.Empty)
      }
      this.at++
      if (this.peek() == 0x3f && !this.text.substr(this.at).startsWith("?:")) this.fail("'(?' may only be '(?:' here, or '(?i)' in front")
      if (this.peek() == 0x3f) this.at += 2
      const node = this.either(depth + 1)
      if (this.peek() == 0x29) this.at++
      else this.fail("'(' without ')'")
      return node
    }
    if (unit == 0x2a || unit == 0x2b || unit == 0x3f || unit == 0x7b) this.fail("nothing stands before this repetition")
    if (unit == 0x5b) return this.bracket()
    if (unit == 0x2e) {
      this.at++
      const set = new StaticArray<bool>(256)
      for (let i = 0; i < 0x80; i++) set[i] = i != 0x0a
      return alternatives([setNode(set), beyondAscii()])
    }
    if (unit == 0x5e || unit == 0x24) {
      this.at++
      return assertion(unit == 0x5e ? Op.Start : Op.End)
    }
    if (unit == 0x5c) {
      const letter = this.at + 1 < this.text.length ? this.text.charCodeAt(this.at + 1) : -1
      if (letter == 0x62 || letter == 0x42) {
        this.at += 2
        return assertion(letter == 0x62 ? Op.Boundary : Op.NoBoundary)
      }
      const named = classOf(letter | 0x20)
      if (named !== null) {
        this.at += 2
        return (letter & 0x20) != 0 ? setNode(named) : opposite(named)
      }
    }
    return this.character(this.one())
  }

  /** A character, escaped or not. -1 after a fault. */
  private one(): i32 {
    const unit = this.peek()
    if (unit < 0) {
      this.fail("a character is missing")
      return -1
    }
    this.at++
    if (unit != 0x5c) {
      if (unit < 0xd800 || unit > 0xdbff || this.peek() < 0xdc00) return unit
      const low = this.peek()
      this.at++
      return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
    }
    const escape = this.peek()
    this.at++
    const index = "nrtfv0".indexOf(escape < 0 ? "?" : String.fromCharCode(escape))
    if (index >= 0) return "\n\r\t\f\v\0".charCodeAt(index)
    if (escape == 0x78 || escape == 0x75) {
      const digits = escape == 0x78 ? 2 : 4
      const code = parseInt(this.text.substr(this.at, digits), 16)
      this.at += digits
      if (this.at <= this.text.length && !isNaN(code)) return <i32>code
      this.fail("hexadecimal digits are missing")
      return -1
    }
    if (escape < 0 || isWord(escape)) this.fail("no such escape")
    return escape
  }

  private character(code: i32): Node {
    if (code < 0) return new Node(Kind.Empty)
    if (code < 0x80) {
      const set = new StaticArray<bool>(256)
      this.put(set, code)
      return setNode(set)
    }
    const bytes = String.UTF8.encode(String.fromCodePoint(code))
    const parts: Node[] = []
    for (let i = 0; i < bytes.byteLength; i++) {
      const byte = load<u8>(changetype<usize>(bytes) + i)
      parts.push(rangeNode(byte, byte))
    }
    return sequence(parts)
  }

  private put(set: StaticArray<bool>, code: i32): void {
    set[code] = true
    const letter = code | 0x20
    if (this.ignoreCase && letter >= 0x61 && letter <= 0x7a) set[code ^ 0x20] = true
  }

  private bracket(): Node {
    this.at++
    const negated = this.skip(0x5e)
    const set = new StaticArray<bool>(256)
    const others: Node[] = []
    let first = true
    while (first || this.peek() != 0x5d) {
      if (this.peek() < 0) {
        this.fail("'[' without ']'")
        return new Node(Kind.Empty)
      }
      first = false
      const letter = this.peek() == 0x5c && this.at + 1 < this.text.length ? this.text.charCodeAt(this.at + 1) : -1
      const named = classOf(letter)
      if (named !== null) {
        this.at += 2
        for (let i = 0; i < 256; i++) if (named[i]) set[i] = true
        continue
      }
      const from = this.one()
      if (this.peek() != 0x2d || this.at + 1 >= this.text.length || this.text.charCodeAt(this.at + 1) == 0x5d) {
        if (from >= 0x80 && !negated) others.push(this.character(from))
        else if (from >= 0x80) this.fail("[^…] may have ASCII characters only")
        else if (from >= 0) this.put(set, from)
        continue
      }
      this.at++
      const to = this.one()
      if (to < from || to >= 0x80) this.fail("a range must go up and be of ASCII characters")
      else for (let code = max(0, from); code <= to; code++) this.put(set, code)
    }
    this.at++
    if (negated) return opposite(set)
    others.unshift(setNode(set))
    return alternatives(others)
  }
}

function assertion(op: Op): Node {
  const node = new Node(Kind.Assertion)
  node.assertion = op
  return node
}

/** All characters but those of an ASCII set. */
function opposite(set: StaticArray<bool>): Node {
  const rest = new StaticArray<bool>(256)
  for (let i = 0; i < 0x80; i++) rest[i] = !set[i]
  return alternatives([setNode(rest), beyondAscii()])
}

/** What `Pattern.longest` answers where bytes that are still to come could change the answer. */
export const needsMore = -2

/** A compiled pattern. */
export class Pattern {
  /** What is wrong with it; "" for nothing. */
  fault: string = ""
  /** Bytes of the longest text that it matches; -1: there is no longest. */
  longestLength: i32 = 0
  /** Can it match nothing at all? */
  matchesEmpty: bool = false
  private ops: Op[] = []
  private first: i32[] = []
  private second: i32[] = []
  private sets: StaticArray<bool>[] = []
  private marks: StaticArray<u64> = new StaticArray<u64>(0)
  private mark: u64 = 0
  private now: StaticArray<i32> = new StaticArray<i32>(0)
  private next: StaticArray<i32> = new StaticArray<i32>(0)
  private count: i32 = 0
  private pending: i32[] = []
  private matched: bool = false
  private starved: bool = false
  /** May a match begin with this byte? */
  private begins: StaticArray<bool> = new StaticArray<bool>(256)

  constructor(public source: string) {
    const parser = new Parser(source)
    const node = parser.parse()
    this.fault = parser.fault
    this.longestLength = <i32>longest(node)
    this.emit(node)
    if (this.fault.length == 0) this.finish()
  }

  private finish(): void {
    this.push(Op.Match, 0, 0)
    const size = this.ops.length
    this.marks = new StaticArray<u64>(size)
    this.now = new StaticArray<i32>(size)
    this.next = new StaticArray<i32>(size)
    this.findBeginnings()
  }

  /** Does it match anywhere in these bytes? */
  test(bytes: ArrayBuffer): bool {
    const length = bytes.byteLength
    const from = changetype<usize>(bytes)
    let count = 0
    for (let at = 0; at <= length; at++) {
      // `now` has the ways that began before; one begins here.
      this.mark++
      this.count = 0
      this.matched = false
      this.swap()
      const before = at > 0 ? <i32>load<u8>(from + at - 1) : -1
      const after = at < length ? <i32>load<u8>(from + at) : -1
      for (let i = 0; i < count; i++) {
        const state = this.next[i]
        if (unchecked(this.sets[this.first[state]][before])) this.follow(state + 1, before, after, true)
      }
      this.follow(0, before, after, true)
      if (this.matched) return true
      count = this.count
    }
    return false
  }

  /**
   * Length of the longest match that begins at `at`; -1 for none, `needsMore` when bytes past the end decide.
   * @param from address of the bytes
   * @param length how many there are
   * @param isWhole nothing comes after them
   */
  longest(from: usize, length: i32, at: i32, isWhole: bool): i32 {
    if (at < length && !unchecked(this.begins[load<u8>(from + at)])) return -1
    let best = -1
    let count = 0
    let before = at > 0 ? <i32>load<u8>(from + at - 1) : -1
    let end = at
    while (true) {
      const after = end < length ? <i32>load<u8>(from + end) : -1
      this.mark++
      this.count = 0
      this.matched = false
      this.starved = false
      this.swap()
      if (end == at) this.follow(0, before, after, isWhole)
      else
        for (let i = 0; i < count; i++) {
          const state = unchecked(this.next[i])
          if (unchecked(this.sets[this.first[state]][before])) this.follow(state + 1, before, after, isWhole)
        }
      if (this.matched) best = end - at
      count = this.count
      if (end == length) return (count > 0 || this.starved) && !isWhole ? needsMore : best
      if (count == 0) return best
      before = after
      end++
    }
  }

  private swap(): void {
    const other = this.now
    this.now = this.next
    this.next = other
  }

  /** Adds all states that can be reached without a byte. @param before, after bytes around, -1 for none */
  private follow(start: i32, before: i32, after: i32, isWhole: bool): void {
    this.pending.push(start)
    while (this.pending.length > 0) {
      const state = this.pending.pop()
      if (unchecked(this.marks[state]) == this.mark) continue
      unchecked((this.marks[state] = this.mark))
      const op = unchecked(this.ops[state])
      if (op == Op.Set) unchecked((this.now[this.count++] = state))
      else if (op == Op.Match) this.matched = true
      else if (op == Op.Jump) this.pending.push(this.first[state])
      else if (op == Op.Split) {
        this.pending.push(this.second[state])
        this.pending.push(this.first[state])
      } else if (op == Op.Start) {
        if (before < 0) this.pending.push(state + 1)
      } else if (after < 0 && !isWhole) this.starved = true
      else if (op == Op.End) {
        if (after < 0) this.pending.push(state + 1)
      } else if ((op == Op.Boundary) == ((before >= 0 && isWord(before)) != (after >= 0 && isWord(after)))) this.pending.push(state + 1)
    }
  }

  private findBeginnings(): void {
    this.mark++
    this.pending.push(0)
    while (this.pending.length > 0) {
      const state = this.pending.pop()
      if (this.marks[state] == this.mark) continue
      this.marks[state] = this.mark
      const op = this.ops[state]
      if (op == Op.Match) this.matchesEmpty = true
      else if (op == Op.Jump) this.pending.push(this.first[state])
      else if (op == Op.Split) {
        this.pending.push(this.first[state])
        this.pending.push(this.second[state])
      } else if (op != Op.Set) this.pending.push(state + 1)
      else {
        const set = this.sets[this.first[state]]
        for (let i = 0; i < 256; i++) if (set[i]) this.begins[i] = true
      }
    }
    if (this.matchesEmpty) for (let i = 0; i < 256; i++) this.begins[i] = true
  }

  private push(op: Op, first: i32, second: i32): i32 {
    if (this.ops.length >= maxProgram) this.fault = "it is too long with its repetitions written out"
    this.ops.push(op)
    this.first.push(first)
    this.second.push(second)
    return this.ops.length - 1
  }

  private emit(node: Node): void {
    if (this.fault.length > 0) return
    const parts = node.parts
    if (node.kind == Kind.Assertion) this.push(node.assertion, 0, 0)
    else if (node.kind == Kind.Set) {
      let index = this.sets.indexOf(node.set!)
      if (index < 0) index = this.sets.push(node.set!) - 1
      this.push(Op.Set, index, 0)
    } else if (node.kind == Kind.Sequence) {
      for (let i = 0; i < parts.length; i++) this.emit(parts[i])
    } else if (node.kind == Kind.Alternatives) {
      const ends: i32[] = []
      for (let i = 0; i < parts.length; i++) {
        const isLast = i == parts.length - 1
        const split = isLast ? -1 : this.push(Op.Split, this.ops.length + 1, 0)
        this.emit(parts[i])
        if (isLast) break
        ends.push(this.push(Op.Jump, 0, 0))
        this.second[split] = this.ops.length
      }
      for (let i = 0; i < ends.length; i++) this.first[ends[i]] = this.ops.length
    } else if (node.kind == Kind.Repeat) this.emitRepeat(node)
  }

  private emitRepeat(node: Node): void {
    const part = node.parts[0]
    for (let i = 0; i < node.least && this.fault.length == 0; i++) {
      const size = this.ops.length
      this.emit(part)
      if (this.ops.length == size) return
    }
    if (node.most < 0) {
      const split = this.push(Op.Split, this.ops.length + 1, 0)
      this.emit(part)
      this.push(Op.Jump, split, 0)
      this.second[split] = this.ops.length
      return
    }
    const splits: i32[] = []
    for (let i = node.least; i < node.most && this.fault.length == 0; i++) {
      splits.push(this.push(Op.Split, this.ops.length + 1, 0))
      this.emit(part)
      if (this.ops.length - 1 == splits[splits.length - 1]) break
    }
    for (let i = 0; i < splits.length; i++) this.second[splits[i]] = this.ops.length
  }
}

/** Bytes of the longest text, at most a million; -1 for no bound. */
function longest(node: Node): i64 {
  if (node.kind == Kind.Set) return 1
  let total: i64 = 0
  for (let i = 0; i < node.parts.length; i++) {
    const part = longest(node.parts[i])
    if (part < 0) return -1
    total = node.kind == Kind.Alternatives ? max(total, part) : min<i64>(1_000_000, total + part)
  }
  if (node.kind != Kind.Repeat || total == 0) return total
  return node.most < 0 ? -1 : min<i64>(1_000_000, total * node.most)
}
