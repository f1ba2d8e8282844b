/** `upstream_log` of the router: a line for every attempt. */
import type { JsonObject } from '../../support/proxy-process.ts'
import type { Reply } from '../../support/upstream.ts'
import { type Case, cluster, fileLog, type Group, http, req, res, router, toA } from '../case.ts'

const format =
  '%ACCESS_LOG_TYPE% "case %REQ(X-CASE)%" %REQ(:METHOD)% %REQ(:PATH)% %REQ(X-ENVOY-ATTEMPT-COUNT)% %PROTOCOL% ' +
  '%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% rx=%BYTES_RECEIVED% tx=%BYTES_SENT% route=%ROUTE_NAME% ' +
  'cluster=%UPSTREAM_CLUSTER% host=%UPSTREAM_HOST% attempts=%UPSTREAM_REQUEST_ATTEMPT_COUNT% ' +
  'failure="%UPSTREAM_TRANSPORT_FAILURE_REASON%" resp=%RESP(X-UP)% trailer=%TRAILER(X-T)% ' +
  'wire=%UPSTREAM_PROTOCOL% down=%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT% local=%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% ' +
  'vhost=%VIRTUAL_CLUSTER_NAME% id=%STREAM_ID%\n'

const logging = (more: JsonObject = {}): JsonObject => ({
  ...router,
  typed_config: { ...(router['typed_config'] as JsonObject), upstream_log: [fileLog(format)], ...more },
})
const retry = { retry_policy: { retry_on: '5xx', num_retries: 2, retry_back_off: { base_interval: '0.001s' } } }
const routes: readonly JsonObject[] = [
  toA({ path: '/retry' }, retry, { name: 'retry' }),
  toA({ path: '/dead' }, { cluster: 'dead' }),
  toA({ path: '/empty' }, { cluster: 'empty' }),
  toA({ path: '/per_try' }, { retry_policy: { retry_on: '5xx', per_try_timeout: '0.1s' } }),
  toA({ path: '/timeout' }, { timeout: '0.1s' }),
  toA({ path: '/overflow' }, { cluster: 'overflow' }),
  toA({ path: '/endless' }, { timeout: '0s' }),
  toA({ path: '/rewritten' }, { prefix_rewrite: '/new', host_rewrite_literal: 'new.test' }),
  toA({ prefix: '/' }),
]
const ok = res('200 OK', ['x-up: 1'], 'ok')
const failed = res('503 Busy', ['x-up: 2'], 'no')
const log = (name: string, path: string, upstream: Reply | readonly Reply[], more: Partial<Case> = {}): Case => ({
  name,
  send: req(`GET ${path}`, [`x-case: ${name}`]),
  upstream,
  ...more,
})

export const upstreamLog: Group = {
  name: 'upstream-log',
  clusters: [cluster('overflow', ['$a'], { circuit_breakers: { thresholds: [{ max_requests: 0 }] } })],
  listeners: [
    http({ routes, hcm: { http_filters: [logging()] } }),
    http({
      name: 'ready',
      routes,
      hcm: {
        http_filters: [logging({ upstream_log_options: { flush_upstream_log_on_upstream_stream: true } })],
      },
    }),
  ],
  cases: [
    log('one attempt', '/', ok),
    log('two attempts', '/retry', [failed, ok]),
    log('three attempts', '/retry', [failed, { after: 'reset' }, ok]),
    log('no attempt is right', '/retry', failed),
    log('nobody there', '/dead', ok),
    log('no host', '/empty', ok),
    log('overflow', '/overflow', ok),
    log('attempts that take too long', '/per_try', [{ when: 'complete' }, ok]),
    log('it takes too long', '/timeout', { when: 'complete' }),
    log('a reset', '/', { after: 'reset' }),
    log('cut off in the response', '/', { write: res('200 OK', ['content-length: 10'], 'abc'), after: 'close' }),
    log('no HTTP', '/', 'nonsense\r\n\r\n'),
    log('rewritten', '/rewritten', ok),
    log('trailers', '/', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-t: 1\r\n\r\n'),
    log('a body', '/', ok, { send: req('POST /', ['x-case: a body', 'content-length: 4'], 'body') }),
    log(
      'the client goes',
      '/endless',
      { when: 'complete' },
      {
        send: [req('GET /endless', ['x-case: the client goes']), { upstreamHeads: 1 }, { do: 'reset' }],
        responses: 0,
      },
    ),
    log('when ready: one attempt', '/', ok, { listener: 'ready' }),
    log('when ready: two attempts', '/retry', [failed, ok], { listener: 'ready' }),
    log('when ready: nobody there', '/dead', ok, { listener: 'ready' }),
  ],
}
