/**
 * Which functions of a module may run long by calling: those that can come back to themselves, and those whose calls
 * add up. Some nodes only stand for something, such as "any function of a table": they cannot be metered, so that
 * everything that can reach itself through them is.
 */

export interface CallNode {
  /** Bytes of code. */
  readonly size: number
  /** One entry for each place that calls. */
  readonly callees: readonly number[]
  /** Calls one of its callees, and has no code of its own. */
  readonly isChoice: boolean
}

export interface CallCosts {
  /** 1: must be metered when entered. */
  readonly metered: Uint8Array
  /** Bytes of code that a call runs before something that is metered. */
  readonly costs: Float64Array
}

/** A function whose calls add up to more bytes of code than this is metered. */
const maxFreeCost = 4096
const callCost = 8

/** Tarjan's strongly connected components, which come callees first. */
export function callCosts(nodes: readonly CallNode[]): CallCosts {
  const count = nodes.length
  const order = new Int32Array(count)
  const low = new Int32Array(count)
  const open = new Uint8Array(count)
  const metered = new Uint8Array(count)
  const costs = new Float64Array(count)
  const nextCallee = new Int32Array(count)
  const stack: number[] = []
  const path: number[] = []
  let visited = 0

  const close = (root: number): void => {
    const members = stack.splice(stack.lastIndexOf(root))
    const isCycle = members.length > 1 || (nodes[root] as CallNode).callees.includes(root)
    for (const member of members) {
      open[member] = 0
      if (!isCycle) continue
      costs[member] = callCost
      if (!(nodes[member] as CallNode).isChoice) metered[member] = 1
    }
    for (const member of members) {
      const { callees, size, isChoice } = nodes[member] as CallNode
      if (metered[member] === 1) continue
      let cost = size
      for (const callee of callees)
        if (isChoice) cost = Math.max(cost, costs[callee] as number)
        else cost += costs[callee] as number
      if (cost > maxFreeCost && !isChoice) metered[member] = 1
      costs[member] = metered[member] === 1 ? callCost : cost
    }
  }

  for (let start = 0; start < count; start++) {
    if (order[start] !== 0) continue
    path.push(start)
    while (path.length > 0) {
      const node = path.at(-1) as number
      if (order[node] === 0) {
        order[node] = low[node] = ++visited
        open[node] = 1
        stack.push(node)
      }
      const callee = (nodes[node] as CallNode).callees[nextCallee[node] as number]
      if (callee === undefined) {
        path.pop()
        if (low[node] === order[node]) close(node)
        const caller = path.at(-1)
        if (caller !== undefined) low[caller] = Math.min(low[caller] as number, low[node] as number)
      } else {
        nextCallee[node] = (nextCallee[node] as number) + 1
        if (order[callee] === 0) path.push(callee)
        else if (open[callee] === 1) low[node] = Math.min(low[node] as number, order[callee] as number)
      }
    }
  }
  return { metered, costs }
}
