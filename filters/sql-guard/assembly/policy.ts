/** What may be said to the database. */
import { ConfigReader, Counter, log, LogLevelValues, properties } from "proxy-wasm-sdk-as/assembly"
import { Pattern } from "../../lib/assembly/pattern"
import { SqlReader, Statement } from "./statements"

/** Characters of a statement that are logged. */
const logged = 200

export class Policy {
  isMysql: bool = false
  enforces: bool = true
  passTls: bool = false
  maxStatement: i32 = 0
  private allow: string[] = []
  private deny: string[] = []
  private needWhere: string[] = []
  private single: bool = false
  private patterns: Pattern[] = []
  private names: string[] = []
  passed!: Counter
  denied!: Counter
  unreadable!: Counter

  read(config: ConfigReader): void {
    this.isMysql = config.choice("protocol", ["postgres", "mysql"]) == "mysql"
    this.enforces = config.choice("mode", ["enforce", "report"]) == "enforce"
    this.passTls = config.choice("tls", ["refuse", "pass"]) == "pass"
    this.maxStatement = <i32>config.integer("max_statement_bytes", 64, 1_048_576, 65_536)
    this.allow = upper(config.texts("allow_statements"))
    this.deny = upper(config.texts("deny_statements"))
    this.needWhere = upper(config.texts("require_where"))
    this.single = config.flag("single_statements", false)
    const list = config.list("deny_patterns")
    for (let i = 0; i < list.length; i++) {
      const pattern = new Pattern(list[i].text("regex"))
      if (pattern.fault.length > 0) list[i].fault("regex", "is no pattern: " + pattern.fault)
      this.patterns.push(pattern)
      this.names.push(list[i].textOr("name", pattern.source))
    }
    if (this.allow.length + this.deny.length + this.needWhere.length + list.length == 0 && !this.single)
      config.fault("", "must have one of allow_statements, deny_statements, require_where, deny_patterns, single_statements")
  }

  /** Why a text may not be sent; "" when it may. Counts and logs. */
  verdict(sql: string): string {
    const statements = new SqlReader(sql, this.isMysql).read()
    let reason = this.single && statements.length > 1 ? "several statements at once" : ""
    let culprit = ""
    for (let i = 0; i < statements.length && reason.length == 0; i++) {
      reason = this.judge(statements[i])
      culprit = statements[i].normal
    }
    if (reason.length == 0) {
      this.passed.increment()
      return ""
    }
    return this.refuse(reason, culprit)
  }

  /** Counts and logs a refusal. @returns the reason where it is enforced */
  refuse(reason: string, statement: string): string {
    this.denied.increment()
    log(LogLevelValues.warn, (this.enforces ? "denied: " : "would be denied: ") + reason + "; " + properties.source.address() + " " + statement.substring(0, logged))
    return this.enforces ? reason : ""
  }

  private judge(statement: Statement): string {
    const kinds = statement.kinds
    for (let i = 0; i < kinds.length; i++) {
      if (this.deny.includes(kinds[i]) || (this.allow.length > 0 && !this.allow.includes(kinds[i]))) return printable(kinds[i]) + " is not allowed"
      if (this.needWhere.includes(kinds[i]) && !statement.hasWhere) return printable(kinds[i]) + " without WHERE is not allowed"
    }
    // What begins with no word (a parenthesis, say) and has none is not known to be harmless.
    if (kinds.length == 0 && this.allow.length > 0) return "a statement without a verb is not allowed"
    if (this.patterns.length == 0) return ""
    const bytes = String.UTF8.encode(statement.normal)
    for (let i = 0; i < this.patterns.length; i++) if (this.patterns[i].test(bytes)) return printable(this.names[i]) + " is not allowed"
    return ""
  }
}

function upper(texts: string[]): string[] {
  for (let i = 0; i < texts.length; i++) texts[i] = texts[i].toUpperCase()
  return texts
}

/** Letters, digits and a few signs: the text goes into SQL and to the client. */
function printable(text: string): string {
  let clean = ""
  for (let i = 0; i < text.length && clean.length < 60; i++) {
    const unit = text.charCodeAt(i)
    const letter = unit | 0x20
    if ((letter >= 0x61 && letter <= 0x7a) || (unit >= 0x30 && unit <= 0x39) || unit == 0x20 || unit == 0x5f || unit == 0x2d) clean += text.charAt(i)
  }
  return clean
}
