/**
 * Discovery on the main thread: brings every new version of a resource to the workers once the thread that checked the
 * configuration could build what is made of it.
 */
import { logger } from '../base/log.ts'
import { checkResource, type ResourceChecks } from '../config/load-resource.ts'
import type { AnyMessage } from '../config/build-message.ts'
import type { Scope } from '../stats/scope.ts'
import { fetchRemoteCode, needsRemoteCode } from '../wasm/remote-code.ts'
import type { Subscription } from '../xds/subscription.ts'
import { Subscriptions } from '../xds/subscriptions.ts'
import type { MainServices } from './main-services.ts'
import type { Snapshot } from './snapshot.ts'
import type { WorkerRuntime } from './worker-runtime.ts'
import type { Workers } from './workers.ts'

export interface DiscoveryServiceParts {
  readonly snapshot: Snapshot
  readonly checker: WorkerRuntime
  readonly checks: ResourceChecks
  readonly stats: Scope
  readonly workers: Workers
  readonly services: MainServices
}

const log = logger('config')

export class DiscoveryService {
  readonly #parts: DiscoveryServiceParts
  readonly #subscriptions: Subscriptions

  constructor(parts: DiscoveryServiceParts) {
    this.#parts = parts
    const { snapshot, stats, services } = parts
    this.#subscriptions = new Subscriptions(
      {
        stats,
        node: snapshot.node.message,
        adsConfig: snapshot.bootstrap.dynamicResources?.adsConfig,
        clusters: () => services.context.clusters,
        random: Math.random,
      },
      {
        check: (resource, typeUrl) => this.#check(resource, typeUrl),
        apply: (key, message) => this.#apply(key, message),
      },
    )
  }

  /** Resolves when everything that is followed has come or has been waited for long enough. */
  async start(): Promise<void> {
    const { checker, services } = this.#parts
    const { discovery } = checker.context
    if (!discovery.isUsed) return checker.close()
    await services.startClusters()
    // From now on nothing but the check stands between a fault and the workers.
    checker.context.trials.needed = true
    discovery.listen(this.#subscriptions)
    await this.#subscriptions.ready()
  }

  /** For `/config_dump`. */
  subscriptions(): readonly Subscription[] {
    return this.#subscriptions.all()
  }

  async close(): Promise<void> {
    if (this.#subscriptions.all().length === 0) return
    this.#subscriptions.close()
    await this.#parts.checker.close()
  }

  #check(resource: AnyMessage, typeUrl: string): object {
    const { message, warnings } = checkResource(resource, typeUrl, this.#parts.checks)
    for (const warning of warnings) log.warn(warning)
    return message
  }

  #apply(key: string, message: object | undefined): void {
    const { snapshot, checker } = this.#parts
    const { singletons } = snapshot
    const known = new Map(singletons)
    checker.context.discovery.update(key, message)
    if (needsRemoteCode(singletons)) return void this.#fetchAndTell(key, message, known)
    this.#tell(key, message, known)
  }

  /** Code that a wasm filter needs: the workers go on with the version before until it is there. */
  async #fetchAndTell(key: string, message: object | undefined, known: ReadonlyMap<string, unknown>): Promise<void> {
    const { snapshot, services, stats } = this.#parts
    const { singletons } = snapshot
    await fetchRemoteCode({ singletons, clusters: services.context.clusters, stats, random: Math.random })
    if (snapshot.resources.get(key) === message) this.#tell(key, message, known)
  }

  /** @param known the singletons that the workers have */
  #tell(key: string, message: object | undefined, known: ReadonlyMap<string, unknown>): void {
    const { snapshot, workers } = this.#parts
    const made = new Map([...snapshot.singletons].filter(([name, value]) => known.get(name) !== value))
    void workers.callAll('updateResource', key, message, made)
  }
}
