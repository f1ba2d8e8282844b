/** Access log files of a whole process: rotated, and on a disk that is full. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileLog, http } from '../golden/case.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'

const routes = [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'answer' } } }]
const withLog = (log: JsonObject): JsonObject => ({
  static_resources: { listeners: [http({ routes, hcm: { access_log: [log] } })] },
})
const flags = ['--file-flush-interval-msec', '10']

async function ask(proxy: ProxyProcess, path: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${proxy.ports['http']}${path}`)
  assert.equal(await response.text(), 'answer')
}

async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await done()) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.fail(`waited in vain for ${what}`)
}

test('after a rotation SIGUSR1 and /reopen_logs open the file anew', async () => {
  const proxy = await ProxyProcess.start('sluice', withLog(fileLog('%REQ(:path)%\n')), { flags, concurrency: 2 })
  try {
    const file = join(proxy.dir, 'access.log')
    const text = (name: string): string => (existsSync(name) ? readFileSync(name, 'utf8') : '')
    await ask(proxy, '/1')
    await until(() => text(file) === '/1\n', 'the first line')
    renameSync(file, `${file}.1`)
    process.kill(proxy.pid, 'SIGUSR1')
    await until(() => existsSync(file), 'the new file')
    await ask(proxy, '/2')
    // A worker may not have heard of the signal yet: then its line is in the old file.
    await until(() => text(file) === '/2\n' || text(`${file}.1`) === '/1\n/2\n', 'the second line')
    renameSync(file, `${file}.2`)
    assert.equal((await proxy.admin('/reopen_logs', 'POST')).status, 200)
    await until(() => existsSync(file), 'the third file')
    await ask(proxy, '/3')
    await until(() => (text(file) + text(`${file}.2`)).includes('/3\n'), 'the third line')
  } finally {
    await proxy.stop()
  }
})

test('a full disk costs lines, counted, and no request', { skip: !existsSync('/dev/full') }, async () => {
  const log = fileLog('%REQ(:path)%\n')
  const full = { ...log, typed_config: { ...(log['typed_config'] as JsonObject), path: '/dev/full' } }
  const proxy = await ProxyProcess.start('sluice', withLog(full), { flags })
  try {
    await ask(proxy, '/1')
    await proxy.waitForStats(stats => (stats.get('filesystem.write_failed') ?? 0) > 0, 'the failure to be counted')
    await ask(proxy, '/2')
  } finally {
    await proxy.stop()
  }
})
