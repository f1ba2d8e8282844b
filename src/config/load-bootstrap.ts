/**
 * From the command line's `-c` and `--config-yaml` to a checked Bootstrap message. Follows `InstanceUtil::loadBootstrapConfig`
 * of source/server/server.cc: each is decoded, the second merged over the first, the result validated.
 */
import { readFileSync } from 'node:fs'
import { ConfigError, ConfigErrors } from '../base/errors.ts'
import { checkMessage } from './check-message.ts'
import { decodeJson } from './decode-json.ts'
import { type JsonValue, parseJson } from './json-source.ts'
import { mergeMessage } from './merge.ts'
import type { Source } from './position.ts'
import type { Message } from './schema.ts'
import { checkSemantics, type SemanticOptions } from './semantics.ts'
import { checkSupport, withoutUnsupported } from './support.ts'
import type { Bootstrap } from './v3.ts'
import { parseYaml } from './yaml-source.ts'

const bootstrapType = 'envoy.config.bootstrap.v3.Bootstrap'

export interface LoadOptions extends SemanticOptions {
  readonly configPath?: string | undefined
  /** Text of `--config-yaml`. */
  readonly configYaml?: string | undefined
  /** Configured fields that sluice does not have become warnings, and are left out. */
  readonly allowUnsupported?: boolean | undefined
}

export interface LoadedBootstrap {
  readonly bootstrap: Bootstrap
  /** Complete lines to log. */
  readonly warnings: readonly string[]
}

/** Throws `ConfigErrors` with everything that is wrong. */
export function loadBootstrap(options: LoadOptions): LoadedBootstrap {
  const { configPath, configYaml } = options
  let message: Message | undefined
  if (configPath !== undefined) message = decode(readConfigFile(configPath))
  if (configYaml !== undefined) {
    const over = decode(readText(() => parseYaml(configYaml, '--config-yaml')))
    message = message === undefined ? over : mergeMessage(bootstrapType, message, over)
  }
  if (message === undefined) {
    throw new ConfigErrors([new ConfigError('a configuration is needed: -c FILE or --config-yaml TEXT')])
  }
  const bootstrap = message as unknown as Bootstrap
  const checked = checkMessage(bootstrapType, message, allowedDeprecations(bootstrap))
  const unsupported = checkSupport(bootstrapType, message)
  const refused = options.allowUnsupported === true ? [] : unsupported.refused
  const errors = [...checked.errors, ...checkSemantics(bootstrap, options), ...refused]
  if (errors.length > 0) throw new ConfigErrors(errors.sort(byPlace))
  const kept = unsupported.refused.length === 0 ? message : withoutUnsupported(bootstrapType, message)
  return {
    bootstrap: kept as unknown as Bootstrap,
    warnings: [
      ...checked.warnings,
      ...leftOutWarnings(unsupported.refused),
      ...unsupported.harmless.map(error => error.message),
    ],
  }
}

/** What `--allow-unsupported` costs; loudest where connections lose their protection. */
function leftOutWarnings(refused: readonly ConfigError[]): readonly string[] {
  if (refused.length === 0) return []
  return [
    `--allow-unsupported leaves out ${refused.length} of the configured fields: what is served is not what is configured`,
    ...refused.map(({ message, path }) => {
      if (/transport_socket(\.typed_config)?$/.test(path)) return `${message}: LEFT OUT, CONNECTIONS ARE IN CLEARTEXT`
      if (/transport_socket/.test(path)) return `${message}: LEFT OUT, CONNECTIONS ARE LESS SECURE THAN CONFIGURED`
      return `${message}: left out`
    }),
  ]
}

function byPlace(a: ConfigError, b: ConfigError): number {
  return a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column
}

/** `envoy.deprecated_features:NAME: true` in a static layer of the runtime, and the switch for all. */
export function allowedDeprecations(bootstrap: Bootstrap): ReadonlySet<string> {
  const allowed = new Set<string>()
  const prefix = 'envoy.deprecated_features:'
  for (const { staticLayer } of bootstrap.layeredRuntime?.layers ?? []) {
    for (const [key, value] of Object.entries(staticLayer ?? {})) {
      if (value !== true && value !== 'true') continue
      if (key.startsWith(prefix)) allowed.add(key.slice(prefix.length))
      if (key === 'envoy.features.enable_all_deprecated_features') allowed.add('*')
    }
  }
  return allowed
}

interface Parsed {
  readonly value: JsonValue
  readonly source: Source
}

/** YAML when the name ends in .yaml or .yml, JSON otherwise. Throws `ConfigErrors`. */
function readConfigFile(path: string): Parsed {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigErrors([new ConfigError(`cannot read ${path}: ${(error as Error).message}`)])
  }
  return readText(() => (/\.ya?ml$/i.test(path) ? parseYaml(text, path) : parseJson(text, path)))
}

function readText(parse: () => Parsed): Parsed {
  try {
    return parse()
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigErrors([error]) : error
  }
}

function decode({ value, source }: Parsed): Message {
  const errors: ConfigError[] = []
  const message = decodeJson(bootstrapType, value, source, errors)
  if (errors.length > 0) throw new ConfigErrors(errors)
  return message
}
