/** Tokens of a GraphQL document (specification October 2021, section 2.1). */

export enum Token {
  End,
  Punctuator,
  Name,
  Int,
  Float,
  Text,
  Bad,
}

export class Lexer {
  /** The token that was read last. */
  kind: Token = Token.End
  /** Its text; of a punctuator `...` or the character. */
  text: string = ""
  count: i32 = 0
  private at: i32 = 0

  constructor(private source: string) {}

  next(): void {
    this.skip()
    const source = this.source
    const from = this.at
    if (from >= source.length) {
      this.kind = Token.End
      this.text = ""
      return
    }
    this.count++
    const unit = source.charCodeAt(from)
    if (isNameStart(unit)) {
      while (isNameStart(this.unit(0)) || isDigit(this.unit(0))) this.at++
      this.kind = Token.Name
    } else if (isDigit(unit) || unit == 0x2d) this.number()
    else if (unit == 0x22) this.string()
    else if (unit == 0x2e) {
      this.kind = source.substr(from, 3) == "..." ? Token.Punctuator : Token.Bad
      this.at += 3
    } else {
      this.kind = "!$&()[]{}:=@|".includes(String.fromCharCode(unit)) ? Token.Punctuator : Token.Bad
      this.at++
    }
    this.text = source.substring(from, min(this.at, source.length))
  }

  private unit(ahead: i32): i32 {
    const at = this.at + ahead
    return at < this.source.length ? this.source.charCodeAt(at) : -1
  }

  /** White space, commas, comments. */
  private skip(): void {
    while (true) {
      const unit = this.unit(0)
      if (unit == 0x23) while (this.unit(0) >= 0 && this.unit(0) != 0x0a && this.unit(0) != 0x0d) this.at++
      else if (unit == 0x20 || unit == 0x09 || unit == 0x0a || unit == 0x0d || unit == 0x2c || unit == 0xfeff) this.at++
      else return
    }
  }

  private number(): void {
    this.kind = Token.Int
    if (this.unit(0) == 0x2d) this.at++
    if (!isDigit(this.unit(0))) this.kind = Token.Bad
    while (isDigit(this.unit(0))) this.at++
    if (this.unit(0) == 0x2e && isDigit(this.unit(1))) {
      this.kind = Token.Float
      this.at++
      while (isDigit(this.unit(0))) this.at++
    }
    if ((this.unit(0) | 0x20) == 0x65) {
      this.kind = Token.Float
      this.at++
      if (this.unit(0) == 0x2b || this.unit(0) == 0x2d) this.at++
      if (!isDigit(this.unit(0))) this.kind = Token.Bad
      while (isDigit(this.unit(0))) this.at++
    }
    if (isNameStart(this.unit(0)) || this.unit(0) == 0x2e) this.kind = Token.Bad
  }

  private string(): void {
    this.kind = Token.Text
    if (this.unit(1) == 0x22 && this.unit(2) == 0x22) {
      this.at += 3
      while (this.unit(0) >= 0) {
        if (this.unit(0) == 0x22 && this.unit(1) == 0x22 && this.unit(2) == 0x22) {
          this.at += 3
          return
        }
        const isEscaped = this.unit(0) == 0x5c && this.unit(1) == 0x22 && this.unit(2) == 0x22 && this.unit(3) == 0x22
        this.at += isEscaped ? 4 : 1
      }
      this.kind = Token.Bad
      return
    }
    this.at++
    while (true) {
      const unit = this.unit(0)
      if (unit < 0 || unit == 0x0a || unit == 0x0d) {
        this.kind = Token.Bad
        return
      }
      this.at += unit == 0x5c ? 2 : 1
      if (unit == 0x22) return
    }
  }
}

function isNameStart(unit: i32): bool {
  const letter = unit | 0x20
  return (letter >= 0x61 && letter <= 0x7a && unit > 0) || unit == 0x5f
}

function isDigit(unit: i32): bool {
  return unit >= 0x30 && unit <= 0x39
}
