/**
 * Discovered resources: a `DiscoveryResponse` in a file, and the checks that every resource passes as if it stood in the
 * bootstrap. Follows `source/extensions/config_subscription/filesystem` and `MessageUtil::anyConvertAndValidate`.
 */
import { readFileSync } from 'node:fs'
import { ConfigError, ConfigErrors } from '../base/errors.ts'
import type { AnyMessage } from './build-message.ts'
import { checkMessage } from './check-message.ts'
import { decodeBinary } from './decode-binary.ts'
import { decodeJson } from './decode-json.ts'
import { parseJson } from './json-source.ts'
import { type Message, typeNameOf, typeUrlPrefix } from './schema.ts'
import { checkSupport, withoutUnsupported } from './support.ts'
import { DiscoveryResponse } from './v3.ts'
import { parseYaml } from './yaml-source.ts'

export interface ResourceChecks {
  /** See `LoadOptions`. */
  readonly allowUnsupported: boolean
  /** See `checkMessage`. */
  readonly allowedDeprecations: ReadonlySet<string>
}

/** YAML for `.yaml` and `.yml`, protobuf for `.pb`, else JSON. Throws what `readFileSync` does, `ConfigErrors` or `ConfigError`. */
export function readDiscoveryFile(path: string): DiscoveryResponse {
  if (path.endsWith('.pb'))
    return decodeBinary(DiscoveryResponse.typeUrl, readFileSync(path), { label: path }) as unknown as DiscoveryResponse
  const text = readFileSync(path, 'utf8')
  const { value, source } = /\.ya?ml$/i.test(path) ? parseYaml(text, path) : parseJson(text, path)
  const errors: ConfigError[] = []
  const response = decodeJson(DiscoveryResponse.typeUrl.slice(typeUrlPrefix.length), value, source, errors)
  if (errors.length > 0) throw new ConfigErrors(errors)
  return response as unknown as DiscoveryResponse
}

/**
 * The message that will be used: without what is not supported where that is allowed.
 * @throws ConfigErrors
 */
export function checkResource(
  resource: AnyMessage,
  typeUrl: string,
  { allowUnsupported, allowedDeprecations }: ResourceChecks,
): { readonly message: object; readonly warnings: readonly string[] } {
  if (resource.typeUrl !== typeUrl)
    throw new ConfigErrors([new ConfigError(`expected a resource of type ${typeUrl}, got ${resource.typeUrl}`)])
  const name = typeNameOf(typeUrl)
  const message = resource.value as Message
  const checked = checkMessage(name, message, allowedDeprecations)
  const { refused, harmless } = checkSupport(name, message)
  const errors = [...checked.errors, ...(allowUnsupported ? [] : refused)]
  if (errors.length > 0) throw new ConfigErrors(errors)
  return {
    message: refused.length === 0 ? message : withoutUnsupported(name, message),
    warnings: [
      ...checked.warnings,
      ...refused.map(error => `${error.message}: left out`),
      ...harmless.map(error => error.message),
    ],
  }
}
