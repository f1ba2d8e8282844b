/**
 * Takes SQL texts apart as far as a guard must: statements, what kinds they are, and a form of each in which spelling
 * counts for nothing (lower case, literals as `?`, no comments, single spaces).
 */

/** Words that say what a statement does. */
const verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "TRUNCATE", "DROP", "ALTER", "CREATE", "GRANT", "REVOKE", "CALL", "EXECUTE", "COPY", "DO", "VALUES", "TABLE", "LOAD"]
/** Statements with others inside. */
const compound = ["WITH", "EXPLAIN", "DESCRIBE", "DESC", "PREPARE", "COPY", "DECLARE", "CREATE"]

export class Statement {
  /** Upper case: of the statement, and of those inside of it. */
  kinds: string[] = []
  normal: string = ""
  /** Does WHERE occur, outside of parentheses? */
  hasWhere: bool = false
}

export class SqlReader {
  private at: i32 = 0
  private statements: Statement[] = []
  private statement: Statement = new Statement()
  private depth: i32 = 0
  private before: string = ""

  constructor(
    private sql: string,
    private isMysql: bool,
  ) {}

  read(): Statement[] {
    while (this.at < this.sql.length) this.token()
    this.end()
    return this.statements
  }

  private unit(ahead: i32): i32 {
    const at = this.at + ahead
    return at < this.sql.length ? this.sql.charCodeAt(at) : -1
  }

  private end(): void {
    if (this.statement.normal.length > 0) this.statements.push(this.statement)
    this.statement = new Statement()
    this.depth = 0
    this.before = ""
  }

  private put(text: string): void {
    const normal = this.statement.normal
    this.statement.normal = normal.length > 0 ? normal + " " + text : text
    this.before = text
  }

  private token(): void {
    const unit = this.unit(0)
    const next = this.unit(1)
    if (unit == 0x20 || (unit >= 0x09 && unit <= 0x0d) || unit == 0xa0 || unit == 0) this.at++
    else if (unit == 0x2d && next == 0x2d && (!this.isMysql || this.unit(2) <= 0x20)) this.line()
    else if (unit == 0x23 && this.isMysql) this.line()
    else if (unit == 0x2f && next == 0x2a) this.comment()
    else if (unit == 0x2a && next == 0x2f && this.isMysql) this.at += 2
    else if (unit == 0x27) this.quoted(0x27, this.isMysql)
    else if (unit == 0x22) this.quoted(0x22, this.isMysql)
    else if (unit == 0x60 && this.isMysql) this.quoted(0x60, false)
    else if (unit == 0x24 && !this.isMysql && this.dollar()) return
    else if (isWordStart(unit)) this.word()
    else if (unit >= 0x30 && unit <= 0x39) {
      while (isWord(this.unit(0)) || this.unit(0) == 0x2e) this.at++
      this.put("?")
    } else this.sign(unit)
  }

  private sign(unit: i32): void {
    this.at++
    if (unit == 0x3b && this.depth <= 0) return this.end()
    if (unit == 0x28) this.depth++
    else if (unit == 0x29) this.depth--
    this.put(String.fromCharCode(unit))
  }

  private line(): void {
    while (this.at < this.sql.length && this.unit(0) != 0x0a && (this.isMysql || this.unit(0) != 0x0d)) this.at++
  }

  /** Comments of Postgres nest; what MySQL runs although it looks like a comment is read as if it were none. */
  private comment(): void {
    if (this.isMysql && (this.unit(2) == 0x21 || ((this.unit(2) | 0x20) == 0x6d && this.unit(3) == 0x21))) {
      this.at += this.unit(2) == 0x21 ? 3 : 4
      while (this.unit(0) >= 0x30 && this.unit(0) <= 0x39) this.at++
      return
    }
    let open = 0
    while (this.at < this.sql.length) {
      if (this.unit(0) == 0x2f && this.unit(1) == 0x2a && (open == 0 || !this.isMysql)) {
        open++
        this.at += 2
      } else if (this.unit(0) == 0x2a && this.unit(1) == 0x2f) {
        this.at += 2
        if (--open == 0) return
      } else this.at++
    }
  }

  /** A text, or a name in quotes. */
  private quoted(quote: i32, escapes: bool): void {
    const from = ++this.at
    while (this.at < this.sql.length) {
      const unit = this.unit(0)
      if (unit == 0x5c && escapes) this.at += 2
      else if (unit == quote && this.unit(1) == quote) this.at += 2
      else if (unit == quote) break
      else this.at++
    }
    const isName = quote == 0x60 || (quote == 0x22 && !this.isMysql)
    this.put(isName ? this.sql.substring(from, min(this.at, this.sql.length)).toLowerCase() : "?")
    this.at++
  }

  /** `$$…$$`, `$tag$…$tag$`. */
  private dollar(): bool {
    let length = 1
    while (isWord(this.unit(length)) && !(length == 1 && this.unit(1) <= 0x39)) length++
    if (this.unit(length) != 0x24) return false
    const tag = this.sql.substring(this.at, this.at + length + 1)
    const end = this.sql.indexOf(tag, this.at + tag.length)
    this.at = end < 0 ? this.sql.length : end + tag.length
    this.put("?")
    return true
  }

  private word(): void {
    const from = this.at
    while (isWord(this.unit(0)) || this.unit(0) == 0x24) this.at++
    const word = this.sql.substring(from, this.at)
    // E'…' has escapes; N'…', B'…', X'…', U&'…', _utf8'…' are texts.
    if (this.unit(0) == 0x27) {
      if (word.length == 1 && "eEnNbBxX".includes(word)) return this.quoted(0x27, this.isMysql || word == "e" || word == "E")
      if (this.isMysql && word.startsWith("_")) return this.quoted(0x27, true)
    }
    const upper = word.toUpperCase()
    const statement = this.statement
    if (upper == "WHERE" && this.depth <= 0) statement.hasWhere = true
    const isFirst = statement.kinds.length == 0
    const isInside = !isFirst && compound.includes(statement.kinds[0]) && verbs.includes(upper)
    // SELECT … FOR UPDATE, ON CONFLICT DO UPDATE, ON DELETE CASCADE, GRANT … ON TABLE are no statements.
    const isClause = this.before == "for" || this.before == "do" || this.before == "on" || this.before == "key" || this.before == "."
    if (isFirst || (isInside && !isClause && !statement.kinds.includes(upper))) statement.kinds.push(upper)
    this.put(word.toLowerCase())
  }
}

function isWordStart(unit: i32): bool {
  const letter = unit | 0x20
  return (letter >= 0x61 && letter <= 0x7a && unit > 0) || unit == 0x5f || unit >= 0x80
}

function isWord(unit: i32): bool {
  return isWordStart(unit) || (unit >= 0x30 && unit <= 0x39)
}
