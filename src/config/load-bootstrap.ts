/**
 * From the command line's `-c` and `--config-yaml` to a checked Bootstrap message. Follows `InstanceUtil::loadBootstrapConfig`
 * of source/server/server.cc: each is decoded, the second merged over the first, the result validated.
 */
import { readFileSync } from 'node:fs'
import { ConfigError, ConfigErrors } from '../base/errors.ts'
import { decodeJson } from './decode-json.ts'
import { type JsonValue, parseJson } from './json-source.ts'
import type { Source } from './position.ts'
import type { Bootstrap } from './v3.ts'
import { parseYaml } from './yaml-source.ts'

const bootstrapType = 'envoy.config.bootstrap.v3.Bootstrap'

export interface LoadOptions {
  readonly configPath?: string
  /** Text of `--config-yaml`. */
  readonly configYaml?: string
}

export interface LoadedBootstrap {
  readonly bootstrap: Bootstrap
  /** Complete lines to log. */
  readonly warnings: readonly string[]
}

/** Throws `ConfigErrors` with everything that is wrong. */
export function loadBootstrap(options: LoadOptions): LoadedBootstrap {
  const errors: ConfigError[] = []
  const { configPath, configYaml } = options
  if (configPath === undefined && configYaml === undefined) {
    throw new ConfigErrors([new ConfigError('a configuration is needed: -c FILE or --config-yaml TEXT')])
  }
  const { value, source } =
    configPath === undefined ? parseYaml(configYaml ?? '', '--config-yaml') : readConfigFile(configPath)
  const bootstrap = decodeJson(bootstrapType, value, source, errors) as unknown as Bootstrap
  if (errors.length > 0) throw new ConfigErrors(errors)
  return { bootstrap, warnings: [] }
}

/** YAML when the name ends in .yaml or .yml, JSON otherwise. Throws `ConfigErrors`. */
export function readConfigFile(path: string): { value: JsonValue; source: Source } {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigErrors([new ConfigError(`cannot read ${path}: ${(error as Error).message}`)])
  }
  return /\.ya?ml$/i.test(path) ? parseYaml(text, path) : parseJson(text, path)
}
