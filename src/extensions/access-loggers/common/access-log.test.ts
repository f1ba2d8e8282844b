/** The file, stdout and stderr loggers and their filters, configured as users do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../../base/errors.ts'
import { decodeJson } from '../../../config/decode-json.ts'
import { parseYaml } from '../../../config/yaml-source.ts'
import type { AccessLog as AccessLogMessage } from '../../../config/v3.ts'
import type { AccessLogType } from '../../../core/access-log.ts'
import type { FactoryContext, Runtime } from '../../../core/extension.ts'
import { HeaderMap } from '../../../core/header-map.ts'
import { StreamInformation } from '../../../network/stream-info.ts'
import { ExtensionRegistry } from '../../registry.ts'
import { fileAccessLog } from '../file/file.ts'
import { stderrAccessLog } from '../stderr/stderr.ts'
import { stdoutAccessLog } from '../stdout/stdout.ts'
import { makeAccessLog } from './make-access-log.ts'

const fileType = 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog'
const streamType = 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3'

interface Request {
  readonly status?: number
  readonly durationMs?: number
  readonly flags?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly responseHeaders?: Readonly<Record<string, string>>
  readonly trailers?: Readonly<Record<string, string>>
  readonly logType?: AccessLogType
}

/** What an `access_log` entry writes for requests: `path line`. */
function written(yaml: string, requests: readonly Request[], runtime: Readonly<Record<string, number>> = {}): string[] {
  const lines: string[] = []
  const run: Runtime = {
    getInteger: (key, fallback) => runtime[key] ?? fallback,
    getDouble: (_, fallback) => fallback,
    getBoolean: (_, fallback) => fallback,
    featureEnabled: (key, numerator, denominator, random) => random % denominator < (runtime[key] ?? numerator),
  }
  const context = {
    runtime: run,
    clusters: { get: () => undefined, clusters: new Map() },
    extensions: new ExtensionRegistry([fileAccessLog, stdoutAccessLog, stderrAccessLog]),
    openAccessLog: (path: string) => ({ write: (line: string) => lines.push(`${path} ${line}`) }),
  } as unknown as FactoryContext
  const { value, source } = parseYaml(yaml, 'test.yaml')
  const errors: ConfigError[] = []
  const decoded = decodeJson('envoy.config.accesslog.v3.AccessLog', value, source, errors)
  assert.deepEqual(errors, [])
  const message = decoded as unknown as AccessLogMessage
  const log = makeAccessLog(message, context)
  for (const request of requests) log.log(logContext(request))
  return lines
}

function logContext({ status = 200, durationMs = 5, flags = 0, headers, responseHeaders, trailers, logType }: Request) {
  const address = { kind: 'ip', ip: '10.0.0.1', port: 1, version: 4 } as const
  const streamInfo = new StreamInformation(
    {
      connectionId: 1,
      localAddress: address,
      directRemoteAddress: address,
      remoteAddress: address,
      requestedServerName: undefined,
      tls: undefined,
      listenerName: 'l',
      filterChainName: '',
    },
    'HTTP/1.1',
  )
  streamInfo.responseCode = status
  streamInfo.durationMs = durationMs
  streamInfo.responseFlags = flags
  return {
    requestHeaders: HeaderMap.of({ ':authority': 'a', ':path': '/', ':method': 'GET', ...headers }),
    responseHeaders: HeaderMap.of({ ':status': String(status), ...responseHeaders }),
    responseTrailers: trailers === undefined ? undefined : HeaderMap.of(trailers),
    streamInfo,
    localReplyBody: '',
    logType: logType ?? 'DownstreamEnd',
  } as const
}

/** Which of the requests a filter lets through, by number. */
function passing(filter: string, requests: readonly Request[], runtime?: Readonly<Record<string, number>>): number[] {
  const numbered = requests.map((request, i) => ({ ...request, headers: { ...request.headers, n: String(i) } }))
  const yaml = `{name: x, filter: ${filter}, typed_config: {"@type": ${fileType}, path: p, log_format: {text_format_source: {inline_string: "%REQ(N)%"}}}}`
  return written(yaml, numbered, runtime).map(line => Number(line.slice(2)))
}

test('the default line', () => {
  const [line = ''] = written(`{name: x, typed_config: {"@type": ${fileType}, path: /a.log}}`, [
    { headers: { 'user-agent': 'me' } },
  ])
  assert.match(line, /^\/a\.log \[\d{4}-.*Z\] "GET \/ HTTP\/1\.1" 200 - 0 0 5 - "-" "me" "-" "a" "-"\n$/)
})

const formats: readonly (readonly [config: string, line: string])[] = [
  ['log_format: {text_format_source: {inline_string: "%RESPONSE_CODE%|"}}', '200|'],
  ['log_format: {text_format: "%RESPONSE_CODE%|"}', '200|'],
  ['format: "%RESPONSE_CODE%/"', '200/'],
  [
    'log_format: {json_format: {s: "%RESPONSE_CODE%", p: "%PROTOCOL% x", n: {u: "%UPSTREAM_HOST%"}}}',
    '{"n":{"u":null},"p":"HTTP/1.1 x","s":200}\n',
  ],
  ['json_format: {s: "%RESPONSE_CODE%"}', '{"s":200}\n'],
  ['typed_json_format: {s: "%RESPONSE_CODE%"}', '{"s":200}\n'],
]
for (const [config, line] of formats)
  test(config, () => {
    assert.deepEqual(written(`{name: x, typed_config: {"@type": ${fileType}, path: p, ${config}}}`, [{}]), [
      `p ${line}`,
    ])
  })

test('stdout and stderr', () => {
  for (const [type, path] of [
    ['StdoutAccessLog', '/dev/stdout'],
    ['StderrAccessLog', '/dev/stderr'],
  ])
    assert.deepEqual(
      written(
        `{name: x, typed_config: {"@type": ${streamType}.${type}, log_format: {text_format_source: {inline_string: hi}}}}`,
        [{}],
      ),
      [`${path} hi`],
    )
})

const statuses = [{ status: 200 }, { status: 404 }, { status: 500 }, { status: 0 }]
const cases: readonly (readonly [filter: string, requests: readonly Request[], passes: readonly number[]])[] = [
  ['{status_code_filter: {comparison: {op: GE, value: {default_value: 404, runtime_key: k}}}}', statuses, [1, 2]],
  ['{status_code_filter: {comparison: {op: LE, value: {default_value: 404, runtime_key: k}}}}', statuses, [0, 1, 3]],
  ['{status_code_filter: {comparison: {op: EQ, value: {default_value: 404, runtime_key: k}}}}', statuses, [1]],
  ['{status_code_filter: {comparison: {op: NE, value: {default_value: 404, runtime_key: k}}}}', statuses, [0, 2, 3]],
  [
    '{duration_filter: {comparison: {op: GE, value: {default_value: 100, runtime_key: k}}}}',
    [{ durationMs: 99.9 }, { durationMs: 100.2 }],
    [1],
  ],
  ['{not_health_check_filter: {}}', [{}], [0]],
  ['{header_filter: {header: {name: X-A, string_match: {prefix: b}}}}', [{ headers: { 'x-a': 'bc' } }, {}], [0]],
  ['{response_flag_filter: {}}', [{ flags: 0 }, { flags: 1 << 28 }], [1]],
  [
    '{response_flag_filter: {flags: [UH, DC]}}',
    [{ flags: 1 << 1 }, { flags: 1 << 2 }, { flags: (1 << 14) | 1 }],
    [0, 2],
  ],
  [
    '{grpc_status_filter: {statuses: [UNAVAILABLE]}}',
    [
      { trailers: { 'grpc-status': '14' } },
      { responseHeaders: { 'grpc-status': '0' } },
      { status: 503 },
      { trailers: { 'grpc-status': 'x' } },
    ],
    [0, 2],
  ],
  [
    '{grpc_status_filter: {statuses: [OK], exclude: true}}',
    [{ trailers: { 'grpc-status': '0' } }, { status: 200 }],
    [1],
  ],
  ['{log_type_filter: {types: [DownstreamEnd]}}', [{}, { logType: 'TcpPeriodic' }], [0]],
  ['{log_type_filter: {types: [DownstreamEnd], exclude: true}}', [{}, { logType: 'TcpPeriodic' }], [1]],
  [
    '{and_filter: {filters: [{status_code_filter: {comparison: {op: GE, value: {default_value: 300, runtime_key: k}}}}, {header_filter: {header: {name: a}}}]}}',
    [{ status: 300 }, { status: 300, headers: { a: '1' } }, { headers: { a: '1' } }],
    [1],
  ],
  [
    '{or_filter: {filters: [{status_code_filter: {comparison: {op: GE, value: {default_value: 300, runtime_key: k}}}}, {header_filter: {header: {name: a}}}]}}',
    [{ status: 300 }, {}, { headers: { a: '1' } }],
    [0, 2],
  ],
  [
    '{runtime_filter: {runtime_key: r, percent_sampled: {numerator: 50}}}',
    [
      { headers: { 'x-request-id': '0000000a-0000-4000-8000-000000000000' } },
      { headers: { 'x-request-id': '00000040-0000-4000-8000-000000000000' } },
    ],
    [0],
  ],
]
for (const [filter, requests, passes] of cases)
  test(filter.slice(0, 110), () => assert.deepEqual(passing(filter, requests), passes))

test('runtime values change limits and samples', () => {
  const filter = '{status_code_filter: {comparison: {op: GE, value: {default_value: 404, runtime_key: k}}}}'
  assert.deepEqual(passing(filter, statuses, { k: 500 }), [2])
  const sampled = '{runtime_filter: {runtime_key: r, use_independent_randomness: true}}'
  assert.deepEqual(passing(sampled, [{}]), [])
  assert.deepEqual(passing(sampled, [{}], { r: 100 }), [0])
})

test('a bad format is told with its place', () => {
  assert.throws(
    () =>
      written(`name: x\ntyped_config:\n  "@type": ${fileType}\n  path: p\n  log_format: {text_format: "%NOPE%"}\n`, []),
    (error: unknown) => error instanceof ConfigError && error.line === 5 && /%NOPE%/.test(error.message),
  )
})
