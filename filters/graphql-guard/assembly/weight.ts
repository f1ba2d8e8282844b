/** Depth and cost of operations. A fragment is weighed once, however often it is spread. */
import { Json, JsonKind } from "proxy-wasm-sdk-as/assembly"
import { Definition, Document, Selection } from "./document"

/** What fields cost and which arguments say how long a list is. */
export class Prices {
  fields: Map<string, f64> = new Map<string, f64>()
  field: f64 = 1
  listArguments: string[] = []
  /** For a list argument whose value is not known. */
  unknownList: f64 = 1
}

class Weight {
  depth: i32 = 0
  cost: f64 = 0
  introspects: bool = false
}

export class Scale {
  fault: string = ""
  rootFields: i32 = 0
  private known: Map<string, Weight> = new Map<string, Weight>()
  private open: string[] = []
  private operation: Definition = new Definition()

  constructor(
    private document: Document,
    private variables: Json | null,
    private prices: Prices,
  ) {}

  weigh(operation: Definition): Weight {
    this.operation = operation
    this.known = new Map<string, Weight>()
    this.rootFields = this.countFields(operation.selections, 0)
    return this.selections(operation.selections)
  }

  private selections(selections: Selection[]): Weight {
    const total = new Weight()
    for (let i = 0; i < selections.length && this.fault.length == 0; i++) {
      const selection = selections[i]
      const inner = selection.spread ? this.fragment(selection.name) : this.selections(selection.selections)
      let depth = inner.depth
      let cost = inner.cost
      if (selection.isField) {
        depth++
        const own = this.prices.fields.has(selection.name) ? this.prices.fields.get(selection.name) : this.prices.field
        cost = own + cost * this.listSize(selection)
        if (selection.name == "__schema" || selection.name == "__type") total.introspects = true
      }
      total.depth = max(total.depth, depth)
      total.cost += cost
      if (inner.introspects) total.introspects = true
    }
    return total
  }

  private fragment(name: string): Weight {
    if (this.known.has(name)) return this.known.get(name)
    if (!this.document.fragments.has(name)) this.fault = "there is no fragment " + name
    else if (this.open.includes(name)) this.fault = "the fragment " + name + " spreads itself"
    if (this.fault.length > 0) return new Weight()
    this.open.push(name)
    const weight = this.selections(this.document.fragments.get(name).selections)
    this.open.pop()
    this.known.set(name, weight)
    return weight
  }

  /** Fields at the top, those in fragments too. Each fragment inside counts; nested ones up to a bound. */
  private countFields(selections: Selection[], depth: i32): i32 {
    let count = 0
    for (let i = 0; i < selections.length && count < 100_000; i++) {
      const selection = selections[i]
      if (selection.isField) count++
      else if (!selection.spread) count += this.countFields(selection.selections, depth + 1)
      else if (depth < 8 && this.document.fragments.has(selection.name)) count += this.countFields(this.document.fragments.get(selection.name).selections, depth + 1)
    }
    return count
  }

  private listSize(selection: Selection): f64 {
    const prices = this.prices
    let size: f64 = 1
    for (let i = 0; i < selection.argumentNames.length; i++) {
      if (!prices.listArguments.includes(selection.argumentNames[i])) continue
      const value = this.valueOf(selection.argumentValues[i])
      size = max(size, value)
    }
    return size
  }

  private valueOf(value: string): f64 {
    if (!value.startsWith("$")) return value.length > 0 ? parseFloat(value) : this.prices.unknownList
    const name = value.substring(1)
    const variables = this.variables
    if (variables !== null) {
      const given = variables.get(name)
      if (given !== null) return given.kind == JsonKind.Number ? given.number : this.prices.unknownList
    }
    const index = this.operation.variables.indexOf(name)
    if (index < 0 || this.operation.defaults[index].length == 0) return this.prices.unknownList
    return parseFloat(this.operation.defaults[index])
  }
}
