/** Runtime values that the router and its retries read. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { type Case, type Group, http, quietRouter, req, res } from '../case.ts'

const failed = res('503 Service Unavailable', [], 'no')
const ok = res('200 OK', [], 'ok')

const group = (name: string, runtime: JsonObject, cases: readonly Case[]): Group => ({
  name,
  runtime,
  listeners: [
    http({
      routes: [
        {
          match: { prefix: '/' },
          route: { cluster: 'a', retry_policy: { retry_on: '5xx', num_retries: 3 } },
        },
      ],
      hcm: { http_filters: [quietRouter] },
    }),
  ],
  cases,
  stats: [/cluster\.a\.upstream_rq_(retry|maintenance|total)/],
})
const failsTwice: Case = { name: 'two failures', send: req('GET /'), upstream: [failed, failed, ok] }

export const runtimeKeys: readonly Group[] = [
  group('runtime: no retries', { 'upstream.use_retry': 0 }, [failsTwice]),
  group('runtime: all retries', { 'upstream.use_retry': 100 }, [failsTwice]),
  group('runtime: back-off', { 'upstream.base_retry_backoff_ms': 1 }, [failsTwice]),
  group('runtime: budget of none', { 'circuit_breakers.a.default.retry_budget.min_retry_concurrency': 0 }, [
    failsTwice,
  ]),
  group('runtime: a budget', { 'circuit_breakers.a.default.retry_budget.budget_percent': 50.5 }, [failsTwice]),
  group('runtime: maintenance', { 'upstream.maintenance_mode.a': 100 }, [failsTwice]),
]
