/** CPU time and memory of a process and its children, read from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

/** Kernel clock ticks a second: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field, the command in brackets, may contain anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** The process and all that descend from it. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const parent = Number.isInteger(pid) ? statFields(pid)?.[1] : undefined
    if (parent !== undefined) parents.set(pid, Number(parent))
  }
  const tree = [root]
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child)
  return tree
}

/** User and system time so far in microseconds. */
export function cpuOf(pids: readonly number[]): { userUs: number; systemUs: number } {
  let user = 0
  let system = 0
  for (const pid of pids) {
    const fields = statFields(pid)
    user += Number(fields?.[11] ?? 0)
    system += Number(fields?.[12] ?? 0)
  }
  return { userUs: (user / ticksPerSecond) * 1e6, systemUs: (system / ticksPerSecond) * 1e6 }
}

/** Resident memory in bytes. */
export function rssOf(pids: readonly number[]): number {
  let kib = 0
  for (const pid of pids) {
    try {
      kib += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    } catch {
      // The process ended meanwhile.
    }
  }
  return kib * 1024
}
