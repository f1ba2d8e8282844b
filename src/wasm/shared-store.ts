/**
 * Shared data and shared queues of proxy-wasm, one store for all threads of the process: entries live in a growable
 * SharedArrayBuffer behind a lock, so that a guest's synchronous read is a read of memory. Words of a queue ready to
 * be read travel over a BroadcastChannel to the thread that registered it last.
 */
import { randomInt } from 'node:crypto'
import { BroadcastChannel, threadId } from 'node:worker_threads'

/** All keys, values and items together. */
const maxBytes = 64 * 1024 * 1024
const maxEntries = 100_000
const maxQueues = 4096
const maxQueueItems = 100_000

// Words (i32) of the header:
const lockWord = 0
const nextFreeWord = 1
const casWord = 2
const entriesWord = 3
const queuesWord = 4
const identityWord = 5
const freeListWord = 16 // one list a size class, by power of two
const bucketWord = 64
const buckets = 4096
const queueWord = bucketWord + buckets
const heapStart = (queueWord + maxQueues + 1) * 4
const growBytes = 256 * 1024

// Words of an entry, which its scope and key follow:
const nextAt = 0
const hashAt = 1
const scopeLengthAt = 2
const keyLengthAt = 3
const valueAt = 4 // data: block; queue: first item; account: bytes
const lengthAt = 5 // data: bytes; queue: items; account: queues
const casAt = 6 // data: cas; queue: token
const lastAt = 7 // queue: last item
const ownerAt = 8 // queue: thread + 1
const entryWords = 9

// Words of an item, which its bytes follow:
const itemNextAt = 0
const itemLengthAt = 1
const itemAccountAt = 2
const itemWords = 3
/** What an entry costs its scope beside key and value. */
const entryCost = entryWords * 4

/** If nobody frees the lock for this long, its owner died with it. */
const lockTimeoutMs = 2000
const awaited = 2

export interface SharedValue {
  readonly value: Uint8Array
  readonly cas: number
}

interface QueueReady {
  readonly token: number
  readonly owner: number
}

export function makeSharedBuffer(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(heapStart + growBytes, { maxByteLength: maxBytes })
  const words = new Int32Array(buffer)
  words[nextFreeWord] = heapStart
  words[identityWord] = randomInt(2 ** 31)
  words[identityWord + 1] = randomInt(2 ** 31)
  return buffer
}

export class SharedStore {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #listeners = new Map<number, (token: number) => void>()
  #channel: BroadcastChannel | undefined

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer)
    this.#bytes = new Uint8Array(buffer)
  }

  /** @param scope vm_id; it and `key` are latin1 */
  get(scope: string, key: string): SharedValue | undefined {
    return this.#locked(() => {
      const entry = this.#find('d', scope, key)
      if (entry === 0) return undefined
      const block = this.#get(entry, valueAt)
      const value = this.#bytes.slice(block, block + this.#get(entry, lengthAt))
      return { value, cas: this.#get(entry, casAt) >>> 0 }
    })
  }

  /**
   * @param expectedCas what `get` said, to write only if nobody has written since; 0 writes anyway
   * @param limitBytes of all that the scope has put here, keys included
   */
  set(
    scope: string,
    key: string,
    value: Uint8Array,
    expectedCas: number,
    limitBytes = maxBytes,
  ): 'ok' | 'cas-mismatch' | 'full' {
    return this.#locked(() => {
      let entry = this.#find('d', scope, key)
      if (entry !== 0 && expectedCas !== 0 && expectedCas !== this.#get(entry, casAt) >>> 0) return 'cas-mismatch'
      const cost = entry === 0 ? entryCost + key.length + value.length : value.length - this.#get(entry, lengthAt)
      const account = this.#account(scope)
      if (account === 0 || !this.#mayCharge(account, cost, limitBytes)) return 'full'
      const block = this.#allocate(value.length)
      if (block === 0) return 'full'
      if (entry === 0) {
        entry = this.#insert('d', scope, key)
        if (entry === 0) {
          this.#free(block)
          return 'full'
        }
      } else this.#free(this.#get(entry, valueAt))
      this.#charge(account, cost)
      this.#bytes.set(value, block)
      this.#set(entry, valueAt, block)
      this.#set(entry, lengthAt, value.length)
      const cas = this.#word(casWord) + 1
      this.#words[casWord] = cas
      this.#set(entry, casAt, cas)
      return 'ok'
    })
  }

  /**
   * The token of a new or known queue, whose items are told to `onReady` from now on; 0 when there are too many.
   * @param limitQueues of the scope
   * @param limitBytes as of `set`
   */
  registerQueue(
    scope: string,
    name: string,
    onReady: (token: number) => void,
    limitQueues = maxQueues,
    limitBytes = maxBytes,
  ): number {
    const token = this.#locked(() => {
      let entry = this.#find('q', scope, name)
      if (entry === 0) {
        const account = this.#account(scope)
        const cost = entryCost + name.length
        if (account === 0 || !this.#mayCharge(account, cost, limitBytes)) return 0
        const ofScope = this.#get(account, lengthAt)
        if (ofScope >= limitQueues || this.#word(queuesWord) >= maxQueues) return 0
        entry = this.#insert('q', scope, name)
        if (entry === 0) return 0
        this.#charge(account, cost)
        this.#set(account, lengthAt, ofScope + 1)
        const made = this.#word(queuesWord) + 1
        this.#words[queuesWord] = made
        this.#words[queueWord + made] = entry
        this.#set(entry, casAt, made)
      }
      this.#set(entry, ownerAt, threadId + 1)
      return this.#get(entry, casAt)
    })
    if (token !== 0) {
      this.#listeners.set(token, onReady)
      this.#open()
    }
    return token
  }

  /** 0 when there is none. */
  resolveQueue(scope: string, name: string): number {
    return this.#locked(() => {
      const entry = this.#find('q', scope, name)
      return entry === 0 ? 0 : this.#get(entry, casAt)
    })
  }

  /** @param scope who puts it in, and has the cost until it is taken out */
  enqueue(token: number, item: Uint8Array, scope = '', limitBytes = maxBytes): 'ok' | 'no-queue' | 'full' {
    let owner = 0
    const result = this.#locked(() => {
      const queue = this.#queue(token)
      if (queue === 0) return 'no-queue'
      const account = this.#account(scope)
      const cost = itemWords * 4 + item.length
      if (account === 0 || !this.#mayCharge(account, cost, limitBytes)) return 'full'
      if (this.#get(queue, lengthAt) >= maxQueueItems) return 'full'
      const block = this.#allocate(cost)
      if (block === 0) return 'full'
      this.#charge(account, cost)
      this.#set(block, itemNextAt, 0)
      this.#set(block, itemLengthAt, item.length)
      this.#set(block, itemAccountAt, account)
      this.#bytes.set(item, block + itemWords * 4)
      const last = this.#get(queue, lastAt)
      if (last === 0) this.#set(queue, valueAt, block)
      else this.#set(last, itemNextAt, block)
      this.#set(queue, lastAt, block)
      this.#set(queue, lengthAt, this.#get(queue, lengthAt) + 1)
      owner = this.#get(queue, ownerAt)
      return 'ok'
    })
    if (result === 'ok') this.#notify({ token, owner })
    return result
  }

  dequeue(token: number): Uint8Array | 'no-queue' | 'empty' {
    return this.#locked(() => {
      const queue = this.#queue(token)
      if (queue === 0) return 'no-queue'
      const block = this.#get(queue, valueAt)
      if (block === 0) return 'empty'
      const length = this.#get(block, itemLengthAt)
      const item = this.#bytes.slice(block + itemWords * 4, block + itemWords * 4 + length)
      this.#charge(this.#get(block, itemAccountAt), -(itemWords * 4 + length))
      const next = this.#get(block, itemNextAt)
      this.#set(queue, valueAt, next)
      if (next === 0) this.#set(queue, lastAt, 0)
      this.#set(queue, lengthAt, this.#get(queue, lengthAt) - 1)
      this.#free(block)
      return item
    })
  }

  close(): void {
    this.#channel?.close()
    this.#channel = undefined
    this.#listeners.clear()
  }

  // ── ready messages ──

  #open(): BroadcastChannel {
    if (this.#channel !== undefined) return this.#channel
    const [a = 0, b = 0] = this.#words.subarray(identityWord, identityWord + 2)
    const channel = new BroadcastChannel(`wasm-queues-${a}-${b}`)
    channel.addEventListener('message', event => this.#ready((event as unknown as { data: QueueReady }).data))
    channel.unref()
    this.#channel = channel
    return channel
  }

  #notify(message: QueueReady): void {
    if (message.owner === threadId + 1 && this.#listeners.has(message.token)) setImmediate(() => this.#ready(message))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Node's channel takes the message alone
    else this.#open().postMessage(message)
  }

  #ready({ token, owner }: QueueReady): void {
    if (owner === threadId + 1) this.#listeners.get(token)?.(token)
  }

  // ── entries ──

  #queue(token: number): number {
    return token > 0 && token <= this.#word(queuesWord) ? this.#word(queueWord + token) : 0
  }

  #find(kind: string, scope: string, key: string): number {
    const hash = hashOf(kind, scope, key)
    let entry = this.#word(bucketWord + (hash & (buckets - 1)))
    while (entry !== 0) {
      if (this.#get(entry, hashAt) === hash && this.#isKey(entry, scope, key)) return entry
      entry = this.#get(entry, nextAt)
    }
    return 0
  }

  #isKey(entry: number, scope: string, key: string): boolean {
    if (this.#get(entry, scopeLengthAt) !== scope.length || this.#get(entry, keyLengthAt) !== key.length) return false
    const at = entry + entryWords * 4
    return this.#isText(at, scope) && this.#isText(at + scope.length, key)
  }

  #isText(at: number, text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.#bytes[at + i] !== text.charCodeAt(i)) return false
    return true
  }

  #insert(kind: string, scope: string, key: string): number {
    if (this.#word(entriesWord) >= maxEntries) return 0
    const entry = this.#allocate(entryWords * 4 + scope.length + key.length)
    if (entry === 0) return 0
    const hash = hashOf(kind, scope, key)
    const bucket = bucketWord + (hash & (buckets - 1))
    for (let word = 0; word < entryWords; word++) this.#set(entry, word, 0)
    this.#set(entry, nextAt, this.#word(bucket))
    this.#set(entry, hashAt, hash)
    this.#set(entry, scopeLengthAt, scope.length)
    this.#set(entry, keyLengthAt, key.length)
    const text = scope + key
    for (let i = 0; i < text.length; i++) this.#bytes[entry + entryWords * 4 + i] = text.charCodeAt(i)
    this.#words[bucket] = entry
    this.#words[entriesWord] = this.#word(entriesWord) + 1
    return entry
  }

  // ── accounts: what each scope has here ──

  /** 0 when there is no room for one. */
  #account(scope: string): number {
    return this.#find('a', scope, '') || this.#insert('a', scope, '')
  }

  #mayCharge(account: number, bytes: number, limitBytes: number): boolean {
    return bytes <= 0 || this.#get(account, valueAt) + bytes <= limitBytes
  }

  #charge(account: number, bytes: number): void {
    this.#set(account, valueAt, this.#get(account, valueAt) + bytes)
  }

  // ── memory: blocks of powers of two, the class in the word before a block ──

  #allocate(size: number): number {
    const sizeClass = 32 - Math.clz32(Math.max(size + 3, 15))
    const list = freeListWord + sizeClass
    const free = this.#word(list)
    if (free !== 0) {
      this.#words[list] = this.#get(free, 0)
      return free
    }
    const start = this.#word(nextFreeWord)
    const end = start + 2 ** sizeClass
    if (end > maxBytes) return 0
    if (end > this.buffer.byteLength) this.buffer.grow(Math.min(maxBytes, Math.ceil(end / growBytes) * growBytes))
    this.#words[nextFreeWord] = end
    this.#words[start >> 2] = sizeClass
    return start + 4
  }

  #free(block: number): void {
    const list = freeListWord + this.#get(block, -1)
    this.#set(block, 0, this.#word(list))
    this.#words[list] = block
  }

  #word(index: number): number {
    return this.#words[index] as number
  }

  #get(block: number, word: number): number {
    return this.#words[(block >> 2) + word] as number
  }

  #set(block: number, word: number, value: number): void {
    this.#words[(block >> 2) + word] = value
  }

  // ── lock: 0 free, 1 held, 2 held and awaited ──

  #locked<T>(work: () => T): T {
    if (Atomics.compareExchange(this.#words, lockWord, 0, 1) !== 0)
      while (Atomics.exchange(this.#words, lockWord, awaited) !== 0)
        if (Atomics.wait(this.#words, lockWord, awaited, lockTimeoutMs) === 'timed-out') break
    try {
      return work()
    } finally {
      if (Atomics.exchange(this.#words, lockWord, 0) === awaited) Atomics.notify(this.#words, lockWord, 1)
    }
  }
}

function hashOf(kind: string, scope: string, key: string): number {
  let hash = kind.charCodeAt(0)
  for (let i = 0; i < scope.length; i++) hash = Math.imul(hash ^ scope.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ 0x2f, 0x01000193)
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}
