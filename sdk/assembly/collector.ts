/**
 * Garbage collection for the `minimal` runtime, which never collects by itself: between callbacks, where nothing but
 * globals can hold an object. That needs no shadow stack, so filters are smaller and faster than with `incremental`.
 */

/** Callbacks from one collection to the next, at most. */
let interval = 256
let callbacks = 0
let depth = 0
/** Up to this size (1 MiB) memory may grow without collections coming oftener: they cost by what lives, not by garbage. */
const roomPages: i32 = 16
/** The size that tells, when memory has outgrown it, that collections come too rarely. */
let pages: i32 = roomPages

/** A callback begins. Host calls may enter callbacks within callbacks. */
// @ts-ignore: decorator
@inline
export function enter(): void {
  depth++
}

/** A callback ends. */
// @ts-ignore: decorator
@inline
export function leave(): void {
  if (--depth == 0 && ASC_RUNTIME == 1 && (++callbacks >= interval || memory.size() > pages)) collect()
}

function collect(): void {
  if (memory.size() > pages && callbacks < interval) interval = max(1, callbacks >> 1)
  __collect()
  callbacks = 0
  pages = max(memory.size(), roomPages)
}
