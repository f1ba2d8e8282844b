/**
 * Narrows the routes of a virtual host down to those whose path can match, so that a request does not ask hundreds of routes one
 * after the other: a radix tree of the literals that their paths must begin with. Their order stays.
 */
import { toBytes } from '../base/latin1.ts'
import type { RouteMatch } from '../config/v3.ts'

/** With more references than that in the tree all routes are asked one after the other. */
const maxReferences = 1_000_000

/** What every path that the route takes begins with, a byte string; '' when nothing is known. */
export function literalPrefix(message: RouteMatch): string {
  if (message.safeRegex !== undefined) return literalOfRegex(message.safeRegex.regex)
  if (message.caseSensitive === false) return ''
  return toBytes(message.path ?? message.prefix ?? message.pathSeparatedPrefix ?? '')
}

/** The expression must match the whole path. */
function literalOfRegex(regex: string): string {
  if (regex.includes('|')) return ''
  const literal = /^[\w/~:=&%@,;-]*/.exec(regex)?.[0] ?? ''
  const next = regex[literal.length]
  return next === '?' || next === '*' || next === '{' ? literal.slice(0, -1) : literal
}

interface Node<T> {
  /** What leads here from the node above. */
  readonly label: string
  /** Length of the whole way here. */
  readonly end: number
  /** In their order: those of this node and of all above. */
  readonly candidates: readonly T[]
  /** By the first character after `end`. */
  readonly children: ReadonlyMap<number, Node<T>>
}

interface Entry {
  readonly literal: string
  readonly index: number
}

export class RouteIndex<T> {
  readonly #root: Node<T>

  /** `literals[i]` is the literal of `routes[i]`. */
  constructor(routes: readonly T[], literals: readonly string[]) {
    let references = 0
    const build = (entries: readonly Entry[], start: number, end: number, above: readonly number[]): Node<T> => {
      const own = entries.filter(({ literal }) => literal.length === end).map(({ index }) => index)
      const candidates = own.length === 0 ? above : [...above, ...own].sort((a, b) => a - b)
      references += candidates.length
      const groups = Map.groupBy(
        entries.filter(({ literal }) => literal.length > end),
        ({ literal }) => literal.charCodeAt(end),
      )
      return {
        label: entries[0]?.literal.slice(start, end) ?? '',
        end,
        candidates: candidates.map(index => routes[index] as T),
        children: new Map(
          references > maxReferences
            ? []
            : [...groups].map(([code, group]) => [code, build(group, end, commonEnd(group), candidates)]),
        ),
      }
    }
    const root = build(
      literals.map((literal, index) => ({ literal, index })),
      0,
      0,
      [],
    )
    this.#root = references > maxReferences ? { label: '', end: 0, candidates: routes, children: new Map() } : root
  }

  /** The routes whose literal the path begins with, in their order. */
  candidates(path: string): readonly T[] {
    let node = this.#root
    for (;;) {
      if (node.children.size === 0 || node.end >= path.length) return node.candidates
      const child = node.children.get(path.charCodeAt(node.end))
      if (child === undefined || !path.startsWith(child.label, node.end)) return node.candidates
      node = child
    }
  }
}

/** How far all literals agree. */
function commonEnd(entries: readonly Entry[]): number {
  const first = entries[0]?.literal ?? ''
  let end = first.length
  for (const { literal } of entries) {
    let same = 0
    while (same < end && literal.charCodeAt(same) === first.charCodeAt(same)) same += 1
    end = same
  }
  return end
}
