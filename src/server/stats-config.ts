/** `stats_config` of the bootstrap: tags, which stats are kept, histogram buckets. Follows `source/common/stats/{tag_producer,stats_matcher,histogram}_impl.cc`. */
import { configError } from '../config/position.ts'
import type { StatsConfig, StatsMatcher, TagSpecifier } from '../config/v3.ts'
import { makeStringMatcher, type StringPredicate } from '../matching/string-matcher.ts'
import { defaultBuckets } from '../stats/histogram.ts'
import { type StatDefinition, StatsStore } from '../stats/store.ts'
import { defaultRulesOf, TagExtraction, type TagRule } from '../stats/tags.ts'

/** For `MergedStats`. @throws ConfigError for a bad regex or a tag that has no default rule */
export function makeTagExtraction(config: StatsConfig | undefined): TagExtraction {
  return new TagExtraction((config?.statsTags ?? []).flatMap(tagRules), config?.useAllDefaultTags ?? true)
}

function tagRules(message: TagSpecifier): readonly TagRule[] {
  const { tagName: tag, fixedValue, regex } = message
  if (fixedValue !== undefined) return [{ tag, value: fixedValue }]
  if (!regex) {
    const rules = defaultRulesOf(tag)
    if (rules.length > 0) return rules
    throw configError(
      message,
      undefined,
      `the tag "${tag}" needs a regex or a fixed_value: it is none of the default tags`,
    )
  }
  try {
    return [{ tag, regex: new RegExp(regex) }]
  } catch (error) {
    throw configError(message, 'regex', (error as Error).message)
  }
}

/** The store of one thread, as `stats_config` wants it. */
export function makeStatsStore(
  config: StatsConfig | undefined,
  onDefine: (definitions: readonly StatDefinition[]) => void,
): StatsStore {
  const rejects = makeStatsRejection(config?.statsMatcher)
  return new StatsStore(rejects === undefined ? { onDefine } : { onDefine, rejects })
}

/** For `StatsStore`: the names that are not kept; undefined when all are. @throws ConfigError for a bad matcher */
function makeStatsRejection(message: StatsMatcher | undefined): StringPredicate | undefined {
  if (message === undefined) return undefined
  if (message.rejectAll !== undefined) return message.rejectAll ? () => true : undefined
  if (message.exclusionList) {
    const excluded = message.exclusionList.patterns.map(makeStringMatcher)
    return name => excluded.some(matches => matches(name))
  }
  const included = (message.inclusionList?.patterns ?? []).map(makeStringMatcher)
  return name => !included.some(matches => matches(name))
}

/** For the admin endpoints: upper bounds of a histogram's buckets, the first setting that matches its name. */
export function makeHistogramBuckets(config: StatsConfig | undefined): (name: string) => readonly number[] {
  const settings = (config?.histogramBucketSettings ?? []).map(({ match, buckets }) => ({
    matches: match === undefined ? () => true : makeStringMatcher(match),
    buckets: [...buckets].sort((a, b) => a - b),
  }))
  return name => settings.find(({ matches }) => matches(name))?.buckets ?? defaultBuckets
}
