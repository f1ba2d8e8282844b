/**
 * Resources in a file, read anew whenever a file is moved to its place (or, with `watched_directory`, to that directory).
 * Follows `source/extensions/config_subscription/filesystem/filesystem_subscription_impl.cc`.
 */
import { existsSync, type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { logger } from '../base/log.ts'
import { readDiscoveryFile } from '../config/load-resource.ts'
import type { DiscoveryResponse, PathConfigSource } from '../config/v3.ts'
import { type ReceivedResource, resourceName, type ResourceWatcher } from './subscription.ts'

const log = logger('config')

export class FileSource {
  readonly #path: string
  readonly #watcher: ResourceWatcher
  readonly #files: FSWatcher

  /** Throws when the directory cannot be watched. */
  constructor({ path, watchedDirectory }: PathConfigSource, watcher: ResourceWatcher) {
    this.#path = path
    this.#watcher = watcher
    const directory = watchedDirectory?.path ?? dirname(path)
    const name = watchedDirectory === undefined ? basename(path) : undefined
    // A change of the contents in place is no event: a half-written file would be read.
    this.#files = watch(directory, { persistent: false }, (event, changed) => {
      if (event !== 'rename' || (name !== undefined && changed !== name)) return
      if (existsSync(path)) this.#read()
    })
    this.#files.on('error', error => log.warn(`cannot watch ${directory}: ${error.message}`))
    this.#read()
  }

  close(): void {
    this.#files.close()
  }

  #read(): void {
    let response: DiscoveryResponse
    try {
      response = readDiscoveryFile(this.#path)
    } catch (error) {
      log.warn(`Filesystem config update failure: in ${this.#path}, ${(error as Error).message}`)
      return this.#watcher.onFailure('unreadable')
    }
    const { versionInfo, resources } = response
    const received = resources.map(
      (resource): ReceivedResource => ({
        name: resourceName(resource),
        version: versionInfo,
        resource,
      }),
    )
    try {
      this.#watcher.onResources(received, [], versionInfo, true)
    } catch (error) {
      this.#watcher.onFailure('rejected')
      log.warn(`Filesystem config update rejected: ${(error as Error).message}`)
    }
  }
}
