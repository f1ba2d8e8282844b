/** What `stats_config` says: which tags, which stats, which histogram buckets. */
import { configError } from '../config/position.ts'
import type { StatsConfig, StatsMatcher } from '../config/v3.ts'
import { makeStringMatcher } from '../matching/string-matcher.ts'
import { defaultRulesOf, TagExtraction, type TagRule } from '../stats/tags.ts'

/** Envoy's default bucket bounds (ms, bytes, …). */
const defaultBuckets: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
]

export interface StatsSettings {
  readonly tags: TagExtraction
  /** Whether `stats_matcher` refuses a name. */
  rejects(name: string): boolean
  /** Upper bounds of a histogram's buckets, in its unit. */
  buckets(name: string): readonly number[]
}

/** @throws ConfigError for a regex that does not compile or a tag that is neither known nor described */
export function makeStatsSettings(config: StatsConfig | undefined): StatsSettings {
  const bucketRules = (config?.histogramBucketSettings ?? []).map(({ match, buckets }) => ({
    matches: match ? makeStringMatcher(match) : () => true,
    buckets,
  }))
  return {
    tags: new TagExtraction((config?.statsTags ?? []).flatMap(tagRules), config?.useAllDefaultTags ?? true),
    rejects: makeRejects(config?.statsMatcher),
    buckets: name => bucketRules.find(rule => rule.matches(name))?.buckets ?? defaultBuckets,
  }
}

function tagRules(specifier: StatsConfig['statsTags'][number]): readonly TagRule[] {
  const { tagName, fixedValue, regex } = specifier
  if (fixedValue !== undefined) return [{ tag: tagName, value: fixedValue }]
  if (regex) {
    try {
      return [{ tag: tagName, regex: new RegExp(regex) }]
    } catch (error) {
      throw configError(specifier, 'regex', `is not a regular expression: ${(error as Error).message}`)
    }
  }
  const rules = defaultRulesOf(tagName)
  if (rules.length === 0)
    throw configError(specifier, 'tagName', `"${tagName}" is no default tag: give a regex or a fixed_value`)
  return rules
}

function makeRejects(matcher: StatsMatcher | undefined): (name: string) => boolean {
  if (matcher === undefined) return () => false
  if (matcher.rejectAll !== undefined) {
    const all = matcher.rejectAll
    return () => all
  }
  const list = matcher.exclusionList ?? matcher.inclusionList
  const patterns = (list?.patterns ?? []).map(pattern => makeStringMatcher(pattern))
  const included = matcher.inclusionList !== undefined
  return name => patterns.some(matches => matches(name)) !== included
}
