/** Executable GraphQL documents as trees of what counts for their weight: fields, fragments, list sizes. */
import { Lexer, Token } from "./lexer"

/** Nested selections, lists and objects; deeper documents are refused. */
const maxNesting = 200

/** A field, an inline fragment (no name) or the spread of a fragment. */
export class Selection {
  name: string = ""
  spread: bool = false
  aliased: bool = false
  /** Names of arguments and what stands there: a whole number, a variable ("$name"), or "". */
  argumentNames: string[] = []
  argumentValues: string[] = []
  selections: Selection[] = []

  get isField(): bool {
    return !this.spread && this.name.length > 0
  }
}

/** An operation or a fragment. */
export class Definition {
  /** `query`, `mutation`, `subscription`, `fragment`. */
  kind: string = "query"
  name: string = ""
  variables: string[] = []
  /** Default values of variables that are whole numbers; "" for others. */
  defaults: string[] = []
  selections: Selection[] = []
}

export class Document {
  operations: Definition[] = []
  fragments: Map<string, Definition> = new Map<string, Definition>()
  /** Why it could not be read; "" when it could. */
  fault: string = ""
  directives: i32 = 0
  aliases: i32 = 0
}

export class DocumentParser {
  private lexer: Lexer
  private document: Document = new Document()
  private depth: i32 = 0

  constructor(
    source: string,
    private maxTokens: i32,
  ) {
    this.lexer = new Lexer(source)
  }

  parse(): Document {
    this.advance()
    while (this.lexer.kind != Token.End && this.ok()) this.definition()
    if (this.ok() && this.document.operations.length == 0) this.fail("there is no operation")
    return this.document
  }

  private ok(): bool {
    return this.document.fault.length == 0
  }

  private fail(reason: string): void {
    if (this.ok()) this.document.fault = reason
  }

  private advance(): void {
    this.lexer.next()
    if (this.lexer.kind == Token.Bad) this.fail("syntax error at " + this.lexer.text.substring(0, 20))
    if (this.lexer.count > this.maxTokens) this.fail("more than " + this.maxTokens.toString() + " tokens")
  }

  private is(punctuator: string): bool {
    return this.lexer.kind == Token.Punctuator && this.lexer.text == punctuator
  }

  private take(punctuator: string): bool {
    if (!this.ok() || !this.is(punctuator)) return false
    this.advance()
    return true
  }

  private expect(punctuator: string): void {
    if (!this.take(punctuator)) this.unexpected()
  }

  private unexpected(): void {
    this.fail("syntax error at " + (this.lexer.kind == Token.End ? "the end" : this.lexer.text.substring(0, 20)))
  }

  private name(): string {
    const text = this.lexer.text
    if (this.lexer.kind != Token.Name) this.unexpected()
    else this.advance()
    return text
  }

  private definition(): void {
    const definition = new Definition()
    if (!this.is("{")) {
      definition.kind = this.name()
      if (definition.kind == "fragment") {
        definition.name = this.name()
        if (definition.name == "on") this.fail("a fragment must have a name")
        this.typeCondition()
      } else {
        if (!["query", "mutation", "subscription"].includes(definition.kind)) this.fail("only operations and fragments may stand here, not " + definition.kind.substring(0, 20))
        if (this.lexer.kind == Token.Name) definition.name = this.name()
        if (this.take("(")) this.variables(definition)
      }
      this.directives()
    }
    definition.selections = this.selectionSet()
    if (!this.ok()) return
    if (definition.kind != "fragment") this.document.operations.push(definition)
    else if (this.document.fragments.has(definition.name)) this.fail("the fragment " + definition.name + " is there twice")
    else this.document.fragments.set(definition.name, definition)
  }

  private typeCondition(): void {
    if (this.lexer.text != "on") this.unexpected()
    this.name()
    this.name()
  }

  private variables(definition: Definition): void {
    do {
      this.expect("$")
      definition.variables.push(this.name())
      this.expect(":")
      this.type()
      definition.defaults.push(this.take("=") ? this.value() : "")
      this.directives()
    } while (this.ok() && this.is("$"))
    this.expect(")")
  }

  private type(): void {
    let open = 0
    while (this.take("[")) open++
    this.name()
    this.take("!")
    while (open > 0 && this.ok()) {
      open--
      this.expect("]")
      this.take("!")
    }
  }

  private directives(): void {
    while (this.take("@")) {
      this.document.directives++
      this.name()
      if (this.take("(")) this.arguments(new Selection())
    }
  }

  private selectionSet(): Selection[] {
    const selections: Selection[] = []
    this.expect("{")
    if (++this.depth > maxNesting) this.fail("too deeply nested")
    while (this.ok() && !this.is("}")) selections.push(this.selection())
    if (selections.length == 0) this.unexpected()
    this.depth--
    this.expect("}")
    return selections
  }

  private selection(): Selection {
    const selection = new Selection()
    if (this.take("...")) {
      if (this.lexer.kind == Token.Name && this.lexer.text != "on") {
        selection.spread = true
        selection.name = this.name()
        this.directives()
        return selection
      }
      if (this.lexer.kind == Token.Name) this.typeCondition()
      this.directives()
      selection.selections = this.selectionSet()
      return selection
    }
    selection.name = this.name()
    if (this.take(":")) {
      selection.aliased = true
      this.document.aliases++
      selection.name = this.name()
    }
    if (this.take("(")) this.arguments(selection)
    this.directives()
    if (this.ok() && this.is("{")) selection.selections = this.selectionSet()
    return selection
  }

  private arguments(selection: Selection): void {
    do {
      selection.argumentNames.push(this.name())
      this.expect(":")
      selection.argumentValues.push(this.value())
    } while (this.ok() && this.lexer.kind == Token.Name)
    this.expect(")")
  }

  /** A value: the text of a whole number, "$name" of a variable, "" of anything else. */
  private value(): string {
    if (!this.ok()) return ""
    if (this.take("$")) return "$" + this.name()
    const kind = this.lexer.kind
    const text = this.lexer.text
    if (kind == Token.Int || kind == Token.Float || kind == Token.Text || kind == Token.Name) {
      this.advance()
      return kind == Token.Int ? text : ""
    }
    if (++this.depth > maxNesting) this.fail("too deeply nested")
    if (this.take("[")) {
      while (this.ok() && !this.is("]")) this.value()
      this.expect("]")
    } else if (this.take("{")) {
      while (this.ok() && !this.is("}")) {
        this.name()
        this.expect(":")
        this.value()
      }
      this.expect("}")
    } else this.unexpected()
    this.depth--
    return ""
  }
}
