/** JSON texts as trees (RFC 8259), for configurations and small bodies. */

/** What a JSON value is. */
export enum JsonKind {
  Null = 0,
  Bool = 1,
  Number = 2,
  String = 3,
  Array = 4,
  Object = 5,
}

/** Nested values; deeper ones are refused. */
const maxDepth = 64

/** A JSON value. */
export class Json {
  constructor(
    /** What it is, and so which of the other members counts. */
    public kind: JsonKind,
  ) {}

  /** Of a Bool. */
  bool: bool = false
  /** Of a Number. */
  number: f64 = 0
  /** Of a string; of a number as it was written. */
  text: string = ""
  /** Elements, or the values of members. */
  items: Json[] = []
  /** Names of members, beside `items`. */
  keys: string[] = []

  /** Why the last text could not be read, with line and column. */
  static error: string = ""

  /** Reads a whole text. Null for one that is no JSON: `Json.error` has the reason. */
  static parse(text: string): Json | null {
    Json.error = ""
    return new JsonParser(text).parse()
  }

  /** A member, or null. Of several of one name the last. */
  get(key: string): Json | null {
    const index = this.keys.lastIndexOf(key)
    return index < 0 ? null : this.items[index]
  }

  /** The value as JSON text. */
  toString(): string {
    if (this.kind == JsonKind.Bool) return this.bool ? "true" : "false"
    if (this.kind == JsonKind.Number) return this.text
    if (this.kind == JsonKind.String) return quoteJson(this.text)
    if (this.kind == JsonKind.Null) return "null"
    const parts = new Array<string>()
    const isObject = this.kind == JsonKind.Object
    for (let i = 0; i < this.items.length; i++) {
      const item = this.items[i].toString()
      parts.push(isObject ? quoteJson(this.keys[i]) + ":" + item : item)
    }
    return isObject ? "{" + parts.join(",") + "}" : "[" + parts.join(",") + "]"
  }
}

/** A text as a JSON string, quotes included. */
export function quoteJson(text: string): string {
  let quoted = '"'
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x20 && unit != 0x22 && unit != 0x5c) continue
    quoted += text.substring(from, i)
    from = i + 1
    if (unit == 0x22) quoted += '\\"'
    else if (unit == 0x5c) quoted += "\\\\"
    else if (unit == 0x0a) quoted += "\\n"
    else if (unit == 0x0d) quoted += "\\r"
    else if (unit == 0x09) quoted += "\\t"
    else quoted += "\\u00" + String.fromCharCode(0x30 + (unit >> 4)) + "0123456789abcdef".charAt(unit & 15)
  }
  return quoted + text.substring(from) + '"'
}

class JsonParser {
  private at: i32 = 0

  constructor(private text: string) {}

  parse(): Json | null {
    const value = this.value(0)
    if (value === null) return null
    this.space()
    return this.at < this.text.length ? this.fail("nothing but white space may follow") : value
  }

  private fail(reason: string): Json | null {
    if (Json.error.length > 0) return null
    let line = 1
    let column = 1
    for (let i = 0; i < min(this.at, this.text.length); i++) {
      column++
      if (this.text.charCodeAt(i) != 0x0a) continue
      line++
      column = 1
    }
    Json.error = "line " + line.toString() + " column " + column.toString() + ": " + reason
    return null
  }

  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1
  }

  private space(): void {
    for (let unit = this.peek(); unit == 0x20 || (unit >= 0x09 && unit <= 0x0d); unit = this.peek()) this.at++
  }

  private take(unit: i32): bool {
    this.space()
    if (this.peek() != unit) return false
    this.at++
    return true
  }

  private value(depth: i32): Json | null {
    if (depth > maxDepth) return this.fail("too deeply nested")
    this.space()
    const unit = this.peek()
    if (unit == 0x7b) return this.object(depth)
    if (unit == 0x5b) return this.array(depth)
    if (unit == 0x22) {
      const text = this.quoted()
      if (text === null) return null
      const value = new Json(JsonKind.String)
      value.text = text
      return value
    }
    if (unit == 0x2d || (unit >= 0x30 && unit <= 0x39)) return this.numeric()
    if (this.word("null")) return new Json(JsonKind.Null)
    const value = new Json(JsonKind.Bool)
    value.bool = this.word("true")
    return value.bool || this.word("false") ? value : this.fail("a value is expected here")
  }

  private word(word: string): bool {
    if (this.text.substr(this.at, word.length) != word) return false
    this.at += word.length
    return true
  }

  private object(depth: i32): Json | null {
    const value = new Json(JsonKind.Object)
    this.at++
    if (this.take(0x7d)) return value
    do {
      this.space()
      if (this.peek() != 0x22) return this.fail("a member's name in quotes is expected here")
      const key = this.quoted()
      if (key === null) return null
      if (!this.take(0x3a)) return this.fail("':' is expected here")
      const item = this.value(depth + 1)
      if (item === null) return null
      value.keys.push(key)
      value.items.push(item)
    } while (this.take(0x2c))
    return this.take(0x7d) ? value : this.fail("',' or '}' is expected here")
  }

  private array(depth: i32): Json | null {
    const value = new Json(JsonKind.Array)
    this.at++
    if (this.take(0x5d)) return value
    do {
      const item = this.value(depth + 1)
      if (item === null) return null
      value.items.push(item)
    } while (this.take(0x2c))
    return this.take(0x5d) ? value : this.fail("',' or ']' is expected here")
  }

  private digits(): bool {
    const from = this.at
    for (let unit = this.peek(); unit >= 0x30 && unit <= 0x39; unit = this.peek()) this.at++
    return this.at > from
  }

  private numeric(): Json | null {
    const from = this.at
    if (this.peek() == 0x2d) this.at++
    const leadingZero = this.peek() == 0x30
    const first = this.at
    if (!this.digits() || (leadingZero && this.at > first + 1)) return this.fail("this is no number")
    if (this.peek() == 0x2e) {
      this.at++
      if (!this.digits()) return this.fail("digits are expected here")
    }
    if ((this.peek() | 0x20) == 0x65) {
      this.at++
      if (this.peek() == 0x2b || this.peek() == 0x2d) this.at++
      if (!this.digits()) return this.fail("digits are expected here")
    }
    const value = new Json(JsonKind.Number)
    value.text = this.text.substring(from, this.at)
    value.number = parseFloat(value.text)
    return value
  }

  /** A string at its opening quote. */
  private quoted(): string | null {
    let decoded = ""
    let from = ++this.at
    while (true) {
      const unit = this.peek()
      if (unit < 0x20) {
        this.fail(unit < 0 ? "the string does not end" : "a control character may not stand in a string")
        return null
      }
      this.at++
      if (unit == 0x22) return decoded + this.text.substring(from, this.at - 1)
      if (unit != 0x5c) continue
      decoded += this.text.substring(from, this.at - 1)
      const escape = this.peek()
      this.at++
      if (escape == 0x75) {
        const code = this.hex4()
        if (code < 0) {
          this.fail("four hexadecimal digits are expected here")
          return null
        }
        decoded += String.fromCharCode(code)
      } else {
        const index = 'bfnrt"\\/'.indexOf(String.fromCharCode(escape))
        if (index < 0) {
          this.fail("no such escape")
          return null
        }
        decoded += '\b\f\n\r\t"\\/'.charAt(index)
      }
      from = this.at
    }
  }

  private hex4(): i32 {
    let code = 0
    for (let i = 0; i < 4; i++) {
      const unit = this.peek()
      const letter = unit | 0x20
      if (unit >= 0x30 && unit <= 0x39) code = (code << 4) + unit - 0x30
      else if (letter >= 0x61 && letter <= 0x66) code = (code << 4) + letter - 0x57
      else return -1
      this.at++
    }
    return code
  }
}
