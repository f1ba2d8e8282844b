/**
 * `envoy.filters.http.composite`: the filter that a unified matcher names, its own one or that of a match_delegate around it.
 * Follows Envoy's `source/extensions/filters/http/composite`.
 */
import { Composite } from '../../../../config/v3.ts'
import type { HttpFilterExtension } from '../../../../core/extension.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type { HeadersStatus, HttpFilterCallbacks } from '../../../../core/http-filter.ts'
import type { Counter } from '../../../../stats/scope.ts'
import { DelegatingFilter } from '../../../common/delegating-filter.ts'
import { type ExecuteFilter, type FilterActionTree, makeFilterActionTree } from '../../../common/filter-actions.ts'

export const compositeFilter: HttpFilterExtension<Composite> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.composite',
  message: Composite,
  terminal: false,
  create(message, context) {
    const tree = message.matcher && makeFilterActionTree(message.matcher, context, context)
    const scope = context.httpStats.scope('composite')
    const success = scope.counter('filter_delegation_success')
    scope.counter('filter_delegation_error')
    return callbacks => new CompositeFilter(callbacks, tree, success)
  },
}

class CompositeFilter extends DelegatingFilter {
  readonly #callbacks: HttpFilterCallbacks
  readonly #tree: FilterActionTree | undefined
  readonly #success: Counter

  constructor(callbacks: HttpFilterCallbacks, tree: FilterActionTree | undefined, success: Counter) {
    super()
    this.#callbacks = callbacks
    this.#tree = tree
    this.#success = success
  }

  override decodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    const action = this.#tree?.({ streamInfo: this.#callbacks.streamInfo, requestHeaders: headers })
    if (typeof action === 'object') this.onMatch(action)
    return super.decodeHeaders(headers, endStream)
  }

  onMatch(action: unknown): void {
    const execute = action as ExecuteFilter
    if (!execute.sampled(this.#callbacks.random)) return
    this.delegate = execute.factory(this.#callbacks)
    this.#success.inc()
  }
}
