/** `typed_per_filter_config` of the levels of a route. Follows Envoy's `PerFilterConfigs`. */
import { ConfigError } from '../base/errors.ts'
import { emptyAny } from '../config/build-message.ts'
import type { MessageType } from '../config/message-type.ts'
import { configError } from '../config/position.ts'
import type { FilterConfig } from '../config/v3.ts'
import type { AnyMessage, FactoryContext } from '../core/extension.ts'

const wrapperType = 'envoy.config.route.v3.FilterConfig'

interface Level {
  readonly typeUrl: string
  readonly parsed: unknown
}

interface Entry {
  /** Least specific first. */
  readonly configs: readonly Level[]
  readonly disabled: boolean | undefined
}

/** What all levels so far say of each filter, by its configured name. */
export type PerFilterConfigs = ReadonlyMap<string, Entry>

export const noPerFilterConfigs: PerFilterConfigs = new Map()
const noLevels: readonly Level[] = []
const noConfigs: readonly unknown[] = []

/** Adds a more specific level. `of` is the message that has the field. Throws `ConfigError`. */
export function addPerFilterConfigs(
  less: PerFilterConfigs,
  configs: Readonly<Record<string, AnyMessage>>,
  context: FactoryContext,
  of: object,
): PerFilterConfigs {
  const names = Object.keys(configs)
  if (names.length === 0) return less
  const all = new Map(less)
  for (const name of names) {
    const any = configs[name] as AnyMessage
    const wrapper = any.typeUrl.endsWith(wrapperType) ? (any.value as FilterConfig) : undefined
    const before = all.get(name)?.configs ?? noLevels
    if (wrapper?.disabled === true) {
      all.set(name, { configs: before, disabled: true })
      continue
    }
    const config = wrapper === undefined ? any : wrapper.config
    if (config === undefined)
      throw configError(of, 'typedPerFilterConfig', `empty per filter configuration for the filter ${name}`, name)
    if (config.typeUrl === emptyAny.typeUrl) {
      all.set(name, { configs: before, disabled: false })
      continue
    }
    try {
      const parsed = context.extensions.perFilterConfig(name, config, context)
      all.set(name, { configs: [...before, { typeUrl: config.typeUrl, parsed }], disabled: false })
    } catch (error) {
      if (!(error instanceof ConfigError) || error.path !== '') throw error
      // Without a place: no filter takes it.
      if (wrapper?.isOptional !== true) throw configError(of, 'typedPerFilterConfig', error.reason, name)
    }
  }
  return all
}

export function mostSpecific(all: PerFilterConfigs, name: string, type: MessageType<unknown>): unknown {
  const level = all.get(name)?.configs.at(-1)
  return level?.typeUrl === type.typeUrl ? level.parsed : undefined
}

export function allLevels(all: PerFilterConfigs, name: string, type: MessageType<unknown>): readonly unknown[] {
  const levels = all.get(name)?.configs
  if (levels === undefined) return noConfigs
  return levels.filter(level => level.typeUrl === type.typeUrl).map(level => level.parsed)
}
