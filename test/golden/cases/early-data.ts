/** `early_data_policy` and 425 (RFC 8470), with upstreams that take no early data: HTTP/1 and HTTP/2. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { type Case, type Group, http, quietRouter, req, res, toA } from '../case.ts'

const policy: JsonObject = {
  early_data_policy: {
    name: 'envoy.route.early_data_policy.default',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.early_data.v3.DefaultEarlyDataPolicy' },
  },
}
const retry = (words: string, codes: readonly number[] = []): JsonObject => ({
  retry_policy: {
    retry_on: words,
    retriable_status_codes: codes,
    retry_back_off: { base_interval: '0.001s', max_interval: '0.002s' },
  },
})
const early = res('425 Too Early')
const ok = res('200 OK', [], 'ok')
const paths = ['plain', 'policy', 'retried', 'retried_policy', 'other_words']
const send = (path: string, method: string, header: string): Case => ({
  name: `${method} ${path} ${header}`,
  send: req(`${method} /${path}`, [
    ...(header === '' ? [] : [header]),
    ...(method === 'GET' ? [] : ['content-length: 0']),
  ]),
  upstream: [early, ok],
})

export const earlyData: Group = {
  name: 'early-data',
  listeners: [
    http({
      routes: [
        toA({ path: '/plain' }),
        toA({ path: '/policy' }, policy),
        toA({ path: '/retried' }, retry('retriable-status-codes', [425])),
        toA({ path: '/retried_policy' }, { ...retry('retriable-status-codes', [425]), ...policy }),
        toA({ path: '/other_words' }, { ...retry('5xx,retriable-4xx,reset,connect-failure'), ...policy }),
      ],
      hcm: { http_filters: [quietRouter] },
    }),
  ],
  cases: paths.flatMap(path =>
    ['GET', 'POST'].flatMap(method => ['', 'early-data: 1'].map(header => send(path, method, header))),
  ),
  stats: [/^cluster\.a\.upstream_(rq_0rtt|cx_connect_with_0_rtt|rq_retry\w*|rq_total)$/],
}
