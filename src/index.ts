/**
 * The public API: a proxy inside somebody's own program or test.
 *
 * ```ts
 * import { Sluice } from 'sluice'
 * const proxy = await Sluice.start({ configYaml })
 * await fetch(`http://127.0.0.1:${proxy.address('ingress').port}/`)
 * await proxy.close()
 * ```
 */
import type { LogLevel } from './base/log.ts'
import type { Address } from './core/address.ts'
import { Server } from './server/server.ts'

export type { Address, LogLevel }

export interface SluiceOptions {
  /** Bootstrap file: `.yaml`, `.yml`, anything else is JSON. */
  readonly configPath?: string
  /** YAML or JSON text, merged over the file or the whole configuration. */
  readonly configYaml?: string
  /** Worker threads; 0 (default): all in the calling thread. */
  readonly concurrency?: number
  /** Warn of configured fields that sluice lacks instead of refusing them. */
  readonly allowUnsupported?: boolean
  /** Default `warning`. */
  readonly logLevel?: LogLevel
  /** Longest wait of `drain`, ms (default 5,000). */
  readonly drainTimeMs?: number
  readonly serviceNode?: string
  readonly serviceCluster?: string
}

export class Sluice {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Resolves when all listeners accept. Rejects with the configuration's errors or a listener's. */
  static async start(options: SluiceOptions): Promise<Sluice> {
    const server = new Server({
      configPath: options.configPath,
      configYaml: options.configYaml,
      concurrency: options.concurrency ?? 0,
      allowUnsupported: options.allowUnsupported ?? false,
      logLevel: options.logLevel ?? 'warning',
      componentLogLevels: new Map(),
      logPath: undefined,
      logFormat: undefined,
      logFormatEscaped: false,
      serviceCluster: options.serviceCluster,
      serviceNode: options.serviceNode,
      serviceZone: undefined,
      drainTimeMs: options.drainTimeMs ?? 5000,
      drainStrategy: 'immediate',
      adminAddressPath: undefined,
      fileFlushIntervalMs: 1000,
      fileFlushMinBytes: 64 * 1024,
    })
    try {
      await server.start()
    } catch (error) {
      await server.close()
      throw error
    }
    return new Sluice(server)
  }

  /** Where a listener is bound (its first address); throws RangeError for an unknown name. */
  address(listenerName: string): Extract<Address, { kind: 'ip' }> {
    const found = this.#server.boundListeners.find(each => each.name === listenerName)?.addresses[0]
    if (found?.kind !== 'ip') throw new RangeError(`no listener "${listenerName}" with an IP address`)
    return found
  }

  /** All addresses by listener name. */
  get addresses(): ReadonlyMap<string, readonly Address[]> {
    return new Map(this.#server.boundListeners.map(each => [each.name, each.addresses]))
  }

  /** Where admin is bound, undefined without `admin` in the configuration. */
  get adminAddress(): Address | undefined {
    return this.#server.adminAddress
  }

  /** Values of counters and gauges by Envoy's names. */
  stat(name: string): number | undefined {
    return this.#server.stat(name)
  }

  /** Stops accepting, lets what is under way finish, then closes. */
  async drain(): Promise<void> {
    await this.#server.drainAndClose()
  }

  /** Closes at once. */
  async close(): Promise<void> {
    await this.#server.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
