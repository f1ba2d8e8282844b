/**
 * What is said on a discovery stream about resources of one type, in the two variants of the protocol: the state of the world
 * and increments. Follows Envoy's `GrpcMuxImpl` and `DeltaSubscriptionState`, and the xDS protocol's document.
 */
import type { AnyMessage } from '../config/build-message.ts'
import { decodeBinary } from '../config/decode-binary.ts'
import type { Message } from '../config/schema.ts'
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
  type Node,
  Resource,
} from '../config/v3.ts'
import { type ReceivedResource, resourceName, type ResourceWatcher } from './subscription.ts'

type Request = Partial<DiscoveryRequest> | Partial<DeltaDiscoveryRequest>

export interface TypeState {
  readonly watchers: Set<ResourceWatcher>
  /** What a new stream begins with. */
  first(): Request
  /** After watchers have come or gone; undefined: nothing has changed. */
  changed(): Request | undefined
  /** Hands on what has come. @returns the acknowledgement, or the refusal with its reason */
  take(response: Message): { readonly answer: Request; readonly refusal: string | undefined }
}

/** One of the variants. */
export interface DiscoveryProtocol {
  /** Of the methods: `StreamRoutes`, `DeltaRoutes`. */
  readonly methodPrefix: 'Stream' | 'Delta'
  readonly requestType: string
  readonly responseType: string
  newState(typeUrl: string): TypeState
}

export const stateOfTheWorld: DiscoveryProtocol = {
  methodPrefix: 'Stream',
  requestType: DiscoveryRequest.typeUrl,
  responseType: DiscoveryResponse.typeUrl,
  newState: typeUrl => new WorldState(typeUrl),
}

export const incremental: DiscoveryProtocol = {
  methodPrefix: 'Delta',
  requestType: DeltaDiscoveryRequest.typeUrl,
  responseType: DeltaDiscoveryResponse.typeUrl,
  newState: typeUrl => new IncrementalState(typeUrl),
}

/** `google.rpc.Code`, as Envoy refuses. */
const internal = 13

export function withNode(request: Request, node: Node | undefined): Request {
  return node === undefined ? request : { ...request, node }
}

class WorldState implements TypeState {
  readonly watchers = new Set<ResourceWatcher>()
  readonly #typeUrl: string
  #version = ''
  #nonce = ''
  #asked = ''

  constructor(typeUrl: string) {
    this.#typeUrl = typeUrl
  }

  first(): Request {
    this.#nonce = ''
    return this.#request()
  }

  changed(): Request | undefined {
    return wantedNames(this.watchers).join() === this.#asked ? undefined : this.#request()
  }

  take(message: Message): { answer: Request; refusal: string | undefined } {
    const { resources, versionInfo, nonce } = message as unknown as DiscoveryResponse
    this.#nonce = nonce
    const refusal = offer(this.watchers, () => {
      const received = resources.map(each => readResource(each, versionInfo))
      for (const watcher of this.watchers) {
        const own = ownResources(watcher, received)
        if (own.length > 0 || watcher.resourceName === '') watcher.onResources(own, [], versionInfo, true)
      }
    })
    if (refusal === undefined) this.#version = versionInfo
    return { answer: withRefusal(this.#request(), refusal), refusal }
  }

  #request(): Request {
    const resourceNames = wantedNames(this.watchers)
    this.#asked = resourceNames.join()
    return { versionInfo: this.#version, resourceNames, typeUrl: this.#typeUrl, responseNonce: this.#nonce }
  }
}

class IncrementalState implements TypeState {
  readonly watchers = new Set<ResourceWatcher>()
  readonly #typeUrl: string
  /** Versions of what has been accepted, by name. */
  readonly #versions = new Map<string, string>()
  #asked = new Set<string>()

  constructor(typeUrl: string) {
    this.#typeUrl = typeUrl
  }

  first(): Request {
    const names = wantedNames(this.watchers)
    this.#asked = new Set(names)
    return {
      typeUrl: this.#typeUrl,
      resourceNamesSubscribe: names,
      initialResourceVersions: Object.fromEntries(this.#versions),
    }
  }

  changed(): Request | undefined {
    const names = new Set(wantedNames(this.watchers))
    const resourceNamesSubscribe = [...names].filter(name => !this.#asked.has(name))
    const resourceNamesUnsubscribe = [...this.#asked].filter(name => !names.has(name))
    this.#asked = names
    for (const name of resourceNamesUnsubscribe) this.#versions.delete(name)
    if (resourceNamesSubscribe.length === 0 && resourceNamesUnsubscribe.length === 0) return undefined
    return { typeUrl: this.#typeUrl, resourceNamesSubscribe, resourceNamesUnsubscribe }
  }

  take(message: Message): { answer: Request; refusal: string | undefined } {
    const { resources, removedResources, systemVersionInfo, nonce } = message as unknown as DeltaDiscoveryResponse
    const refusal = offer(this.watchers, () => {
      const received = resources.flatMap(each => {
        if (each.resource === undefined) return []
        return [{ ...readResource(each.resource, each.version), name: each.name }]
      })
      for (const watcher of this.watchers) {
        const own = ownResources(watcher, received)
        const removed = removedResources.filter(name => watcher.resourceName === '' || watcher.resourceName === name)
        if (own.length === 0 && removed.length === 0 && watcher.resourceName !== '') continue
        try {
          watcher.onResources(own, removed, systemVersionInfo, false)
        } catch (error) {
          watcher.onAttempt()
          throw error
        }
      }
    })
    if (refusal === undefined) {
      const all = wantedNames(this.watchers).length === 0
      for (const { name, version } of resources) if (all || this.#asked.has(name)) this.#versions.set(name, version)
      for (const name of removedResources) this.#versions.delete(name)
    }
    return { answer: withRefusal({ typeUrl: this.#typeUrl, responseNonce: nonce }, refusal), refusal }
  }
}

/** What fails refuses the whole answer, for all. */
function offer(watchers: ReadonlySet<ResourceWatcher>, take: () => void): string | undefined {
  try {
    take()
    return undefined
  } catch (error) {
    for (const watcher of watchers) watcher.onFailure('rejected')
    return (error as Error).message
  }
}

function ownResources(watcher: ResourceWatcher, received: readonly ReceivedResource[]): readonly ReceivedResource[] {
  return watcher.resourceName === '' ? received : received.filter(({ name }) => name === watcher.resourceName)
}

/** None for everything. */
function wantedNames(watchers: ReadonlySet<ResourceWatcher>): string[] {
  return [...new Set([...watchers].map(each => each.resourceName))].filter(name => name !== '').sort()
}

function withRefusal(request: Request, refusal: string | undefined): Request {
  return refusal === undefined
    ? request
    : { ...request, errorDetail: { code: internal, message: refusal, details: [] } }
}

/** A resource of the type, or one in a `Resource`. Throws `ConfigErrors`. */
function readResource(any: AnyMessage, version: string): ReceivedResource {
  const bytes = any.value as Uint8Array
  if (any.typeUrl === Resource.typeUrl) {
    const wrapped = decodeBinary(Resource.typeUrl, bytes, { label: 'xds', rawAny: true }) as unknown as Resource
    if (wrapped.resource === undefined) throw new Error('a Resource without a resource')
    return { ...readResource(wrapped.resource, version), name: wrapped.name }
  }
  const resource = { typeUrl: any.typeUrl, value: decodeBinary(any.typeUrl, bytes, { label: 'xds' }) }
  return { name: resourceName(resource), version, resource }
}
