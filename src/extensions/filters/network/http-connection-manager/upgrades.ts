/** The `upgrade_configs` of a connection manager. */
import { configError } from '../../../../config/position.ts'
import type { HttpConnectionManager } from '../../../../config/v3.ts'
import type { HttpFilterContext } from '../../../../core/extension.ts'
import type { UpgradeSettings } from '../../../../http/settings.ts'
import { makeHttpFilters } from './http-filters.ts'

/** By lower-case type. Throws `ConfigError` for a type that is there twice. */
export function makeUpgrades(
  message: HttpConnectionManager,
  context: HttpFilterContext,
): ReadonlyMap<string, UpgradeSettings> {
  const upgrades = new Map<string, UpgradeSettings>()
  for (const each of message.upgradeConfigs) {
    const type = each.upgradeType.toLowerCase()
    if (upgrades.has(type))
      throw configError(each, 'upgradeType', `multiple upgrade configs with the same name: '${each.upgradeType}'`)
    upgrades.set(type, {
      enabled: each.enabled ?? true,
      filters: each.filters.length === 0 ? undefined : makeHttpFilters(each.filters, context),
    })
  }
  return upgrades
}
