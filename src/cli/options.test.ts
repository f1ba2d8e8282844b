import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommandLine, UsageError, usage } from './options.ts'

test("Envoy's flags are read with Envoy's meanings", () => {
  const { command, server, notes } = parseCommandLine([
    ...'-c a.yaml --config-yaml {} --concurrency 3 -l warn --component-log-level upstream:debug,config:trace'.split(
      ' ',
    ),
    ...'--log-path l --service-cluster c --service-node n --service-zone z --drain-time-s 5'.split(' '),
    ...'--drain-strategy immediate --base-id 7 --file-flush-interval-msec 50 --reject-unknown-dynamic-fields'.split(
      ' ',
    ),
  ])
  assert.equal(command, 'run')
  assert.equal(server.configPath, 'a.yaml')
  assert.equal(server.concurrency, 3)
  assert.equal(server.logLevel, 'warning')
  assert.deepEqual(
    [...server.componentLogLevels],
    [
      ['upstream', 'debug'],
      ['config', 'trace'],
    ],
  )
  assert.equal(server.drainTimeMs, 5000)
  assert.equal(server.fileFlushIntervalMs, 50)
  assert.match(
    notes.join('\n'),
    /--base-id is accepted and has no effect: hot restart[\s\S]*--reject-unknown-dynamic-fields/,
  )
})

test('long and equals forms, modes', () => {
  assert.equal(parseCommandLine(['--config-path=a.json', '--mode=validate']).command, 'validate')
  assert.equal(parseCommandLine(['--version']).command, 'version')
  assert.equal(parseCommandLine(['-h']).command, 'help')
  assert.match(usage(), /--restart-epoch VALUE\s+hot restart: generation \(no effect/)
})

test('bad flags and values are refused with what would be right', () => {
  const wrong = (args: string, message: RegExp): void => {
    assert.throws(
      () => parseCommandLine(args.split(' ')),
      (e: unknown) => e instanceof UsageError && message.test(e.message),
    )
  }
  wrong('--concurrency 2', /one of -c FILE/)
  wrong('-c a --concurrency x', /--concurrency takes a non-negative integer, not "x"/)
  wrong('-c a --concurrency 65', /0 to 64/)
  wrong('-c a -l loud', /--log-level takes one of trace, debug/)
  wrong('-c a --component-log-level upstream', /COMPONENT:LEVEL/)
  wrong('-c a --mode run', /--mode takes one of serve, validate/)
  wrong('-c a --bootstrap-version 2', /takes 3/)
  wrong('-c a --no-such', /no-such/)
})
