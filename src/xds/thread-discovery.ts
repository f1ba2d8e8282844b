/** What one thread has made of discovered resources. The main thread brings new versions (subscriptions.ts). */
import type { Discovered, Discovery, DiscoveryRequest, MakeOfResource } from '../core/discovery.ts'

/** Resources by key, as they are now. */
export type ResourceMap = Map<string, object>

/** Of the main thread, which fetches what is followed. */
export interface DiscoveryListener {
  onFollowed(key: string, request: DiscoveryRequest): void
  onForsaken(key: string): void
}

/** Requests with one key share a subscription, as in Envoy. */
export function resourceKey({ typeUrl, name, source }: DiscoveryRequest): string {
  const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
  return `${typeUrl} ${name} ${JSON.stringify(source, plain)}`
}

export class ThreadDiscovery implements Discovery {
  readonly #resources: ResourceMap
  readonly #followers = new Map<string, Set<Follower<unknown>>>()
  readonly #requests = new Map<string, DiscoveryRequest>()
  #listener: DiscoveryListener | undefined

  constructor(resources: ResourceMap) {
    this.#resources = resources
  }

  get isUsed(): boolean {
    return this.#requests.size > 0
  }

  /** What is followed already is told at once. */
  listen(listener: DiscoveryListener): void {
    this.#listener = listener
    for (const [key, request] of this.#requests) listener.onFollowed(key, request)
  }

  follow<T>(request: DiscoveryRequest, make: MakeOfResource<T>): Discovered<T> {
    const key = resourceKey(request)
    let followers = this.#followers.get(key)
    if (followers === undefined) this.#followers.set(key, (followers = new Set()))
    const known = this.#resources.get(key)
    const follower = new Follower(make, () => this.#leave(key, follower))
    if (known !== undefined) follower.show(follower.make(known))
    followers.add(follower)
    if (followers.size > 1) return follower
    this.#requests.set(key, request)
    this.#listener?.onFollowed(key, request)
    return follower
  }

  /**
   * Undefined: the resource is gone. All who follow it make theirs of it before any of them shows it.
   * @throws ConfigError: everything is as before
   */
  update(key: string, resource: object | undefined): void {
    const followers = [...(this.#followers.get(key) ?? [])]
    const made: Made<unknown>[] = []
    try {
      for (const each of followers) made.push(each.make(resource))
    } catch (error) {
      for (const each of made) closeAll(each)
      throw error
    }
    for (const [index, each] of followers.entries()) each.show(made[index] as Made<unknown>)
    if (resource === undefined) this.#resources.delete(key)
    else this.#resources.set(key, resource)
  }

  #leave(key: string, follower: Follower<unknown>): void {
    const followers = this.#followers.get(key)
    if (followers === undefined || !followers.delete(follower) || followers.size > 0) return
    this.#followers.delete(key)
    this.#requests.delete(key)
    this.#resources.delete(key)
    this.#listener?.onForsaken(key)
  }
}

interface Made<T> {
  readonly value: T | undefined
  readonly closers: (() => void)[]
}

class Follower<T> implements Discovered<T> {
  #made: Made<T> = { value: undefined, closers: [] }
  readonly #make: MakeOfResource<T>
  readonly #leave: () => void

  constructor(make: MakeOfResource<T>, leave: () => void) {
    this.#make = make
    this.#leave = leave
  }

  get current(): T | undefined {
    return this.#made.value
  }

  make(resource: object | undefined): Made<T> {
    const closers: (() => void)[] = []
    if (resource === undefined) return { value: undefined, closers }
    try {
      return { value: this.#make(resource, close => closers.push(close)), closers }
    } catch (error) {
      closeAll({ closers })
      throw error
    }
  }

  show(made: Made<T>): void {
    const before = this.#made
    this.#made = made
    closeAll(before)
  }

  close(): void {
    this.show({ value: undefined, closers: [] })
    this.#leave()
  }
}

function closeAll({ closers }: { readonly closers: (() => void)[] }): void {
  for (const close of closers.reverse()) close()
}
