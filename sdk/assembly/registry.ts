/** Which root contexts the module has, and which contexts live. */
import { BaseContext, Context, RootContext } from './contexts'
import { LogLevelValues } from './enums'
import { log } from './log'
import { get_property_string } from './properties'

/** Makes a root context. */
export type RootContextFactory = (context_id: u32) => RootContext

const factories: RootContextFactory[] = new Array<RootContextFactory>()
const rootIds: string[] = new Array<string>()

/**
 * Makes root contexts of this kind where the configuration's `root_id` is `name`. A module's only kind serves every
 * `root_id`; of several, the one registered as "" serves those that no other has.
 */
export function registerRootContext(root_context_factory: RootContextFactory, name: string): void {
  factories.push(root_context_factory)
  rootIds.push(name)
}

function makeRoot(id: u32): RootContext {
  let index = 0
  if (factories.length != 1) {
    const rootId = get_property_string('plugin_root_id')
    const wanted = rootId === null ? '' : rootId
    index = rootIds.indexOf(wanted)
    if (index < 0) index = rootIds.indexOf('')
    if (index < 0) {
      log(
        LogLevelValues.critical,
        'no root context is registered for root_id "' + wanted + '"; there is: ' + rootIds.join(', '),
      )
      unreachable()
    }
  }
  const root = factories[index](id)
  root.context_id = id
  return root
}

/**
 * Live contexts by id: an open table, since ids only ever grow and most contexts are short-lived. Slot `id & mask` or the
 * next free one.
 */
let table: StaticArray<BaseContext | null> = new StaticArray<BaseContext | null>(16)
let mask: u32 = 15
let live: u32 = 0

function slotOf(id: u32): u32 {
  let slot = id & mask
  while (true) {
    const context = unchecked(table[slot])
    if (context === null || context.context_id == id) return slot
    slot = (slot + 1) & mask
  }
}

/** The context of an id, or null. */
export function findContext(id: u32): BaseContext | null {
  return unchecked(table[slotOf(id)])
}

/** The root context of an id that the host got from us. */
export function getRootContext(id: u32): RootContext {
  return changetype<RootContext>(unchecked(table[slotOf(id)]))
}

/** The stream context of an id that the host got from us. */
export function getContext(id: u32): Context {
  return changetype<Context>(unchecked(table[slotOf(id)]))
}

/** The context of an id that the host got from us. */
export function getBaseContext(id: u32): BaseContext {
  return changetype<BaseContext>(unchecked(table[slotOf(id)]))
}

/** `parent` is 0 for root contexts. */
export function createContext(id: u32, parent: u32): void {
  const context: BaseContext = parent == 0 ? makeRoot(id) : getRootContext(parent).createContext(id)
  context.context_id = id
  if (++live > mask >> 1) grow()
  table[slotOf(id)] = context
}

function grow(): void {
  const old = table
  table = new StaticArray<BaseContext | null>(old.length * 2)
  mask = table.length - 1
  for (let i = 0; i < old.length; i++) {
    const context = old[i]
    if (context !== null) table[slotOf(context.context_id)] = context
  }
}

/** Later contexts of the same run of slots move up, so that look-ups need no marks for the deleted. */
export function deleteContext(id: u32): void {
  let hole = slotOf(id)
  if (unchecked(table[hole]) === null) return
  live--
  for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
    const context = unchecked(table[slot])
    if (context === null) break
    if (((slot - context.context_id) & mask) >= ((slot - hole) & mask)) {
      table[hole] = context
      hole = slot
    }
  }
  table[hole] = null
}
