/** What unified matchers of HTTP filters lead to: a filter is skipped, or another one put in its place. */
import { httpMatching } from '../../cel/matching.ts'
import { configError } from '../../config/position.ts'
import { ExecuteFilterAction, SkipFilter } from '../../config/v3.ts'
import type { HttpFilterContext } from '../../core/extension.ts'
import type { HttpFilterFactory } from '../../core/http-filter.ts'
import { makeMatchTree, type MatchTree } from '../../matching/match-tree.ts'
import { makeRuntimeFraction } from '../../matching/runtime-fraction.ts'

/** `execute` is for a composite filter; others have no use for it. */
export type FilterAction = 'skip' | ExecuteFilter
export type FilterActionTree = MatchTree<FilterAction>

export interface ExecuteFilter {
  readonly factory: HttpFilterFactory
  /** `sample_percent`: whether this stream gets it. @param random of the stream */
  sampled(random: number): boolean
}

/** Without a filter's context, as routes have none, no filter can be made. Throws `ConfigError`. */
export function makeFilterActionTree(
  message: Parameters<typeof makeMatchTree>[0],
  context: Parameters<typeof httpMatching>[0] & Pick<HttpFilterContext, 'runtime'>,
  filterContext: HttpFilterContext | undefined,
): FilterActionTree {
  return makeMatchTree<FilterAction>(message, {
    ...httpMatching(context),
    runtime: context.runtime,
    keepsMatching: true,
    makeAction(config, of) {
      if (config.typeUrl === SkipFilter.typeUrl) return 'skip'
      if (config.typeUrl === ExecuteFilterAction.typeUrl && filterContext !== undefined)
        return executeFilter(config.value as ExecuteFilterAction, filterContext)
      throw configError(of, 'typedConfig', `${config.typeUrl} is no action that a filter takes here`)
    },
  })
}

function executeFilter(message: ExecuteFilterAction, context: HttpFilterContext): ExecuteFilter {
  if (message.typedConfig === undefined)
    throw configError(message, undefined, 'needs typed_config: chains of filters are not supported by sluice')
  const { factory, terminal } = context.extensions.httpFilter(message.typedConfig, context)
  if (terminal) throw configError(message, 'typedConfig', 'a terminal filter cannot be delegated to')
  const sampled = message.samplePercent && makeRuntimeFraction(message.samplePercent, context.runtime)
  return { factory, sampled: sampled ?? (() => true) }
}
