import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, test } from 'node:test'
import { AccessLogFiles } from './access-log-file.ts'

let folder = ''
let counts: Record<string, number> = {}

const stats = {
  counter: (name: string) => cell(name),
  gauge: (name: string) => cell(name),
}

function cell(name: string): { inc(): void; add(n: number): void; sub(n: number): void } {
  // Of this test: a write of an earlier one may still end.
  const own = counts
  own[name] = 0
  const add = (n: number): void => {
    own[name] = (own[name] ?? 0) + n
  }
  return { inc: () => add(1), add, sub: n => add(-n) }
}

function makeFiles(
  options: { flushIntervalMs?: number; flushMinBytes?: number; openFiles?: boolean } = {},
): AccessLogFiles {
  return new AccessLogFiles({ flushIntervalMs: 1e6, flushMinBytes: 65_536, openFiles: true, ...options, stats })
}

/** Waits for something that a background write brings about. */
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 5000, 'it did not happen')
    await delay(1)
  }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'access-log-'))
  counts = {}
})

afterEach(() => rmSync(folder, { recursive: true }))

test('lines are buffered until they are flushed, and appended', async () => {
  const path = join(folder, 'a.log')
  const files = makeFiles()
  const file = files.open(path)
  assert.equal(files.open(path), file)
  file.write('one\n')
  file.write('two\n')
  assert.equal(readFileSync(path, 'utf8'), '')
  assert.equal(counts['filesystem.write_total_buffered'], 8)
  files.flush()
  await until(() => counts['filesystem.write_completed'] === 1)
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
  assert.equal(counts['filesystem.write_buffered'], 2)
  assert.equal(counts['filesystem.write_total_buffered'], 0)
  await files.close()
})

test('a full buffer and the timer flush', async () => {
  const path = join(folder, 'a.log')
  const files = makeFiles({ flushMinBytes: 4, flushIntervalMs: 5 })
  files.open(path).write('long enough\n')
  files.open(path).write('-\n')
  await until(() => readFileSync(path, 'utf8') === 'long enough\n-\n')
  assert.equal(counts['filesystem.flushed_by_timer'], 1)
  await files.close()
})

test('closing writes the rest, also behind a write under way', async () => {
  const path = join(folder, 'a.log')
  const files = makeFiles()
  const file = files.open(path)
  file.write('one\n')
  file.flush()
  file.write('two\n')
  await files.close()
  assert.equal(counts['filesystem.write_completed'], 2)
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
  file.write('late\n')
  assert.equal(counts['filesystem.write_buffered'], 2)
})

test('reopening after a rotation: old lines to the old file, new ones to a new one', async () => {
  const path = join(folder, 'a.log')
  const files = makeFiles()
  const file = files.open(path)
  file.write('old\n')
  renameSync(path, `${path}.1`)
  files.reopen()
  file.write('new\n')
  await until(() => existsSync(path))
  await files.close()
  await until(() => counts['filesystem.write_completed'] === 2)
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'old\n')
  assert.equal(readFileSync(path, 'utf8'), 'new\n')
})

test('a file that cannot be reopened goes on where it was', async () => {
  const path = join(folder, 'sub', 'a.log')
  assert.throws(() => makeFiles().open(path), { message: `unable to open file '${path}': No such file or directory` })
  const files = makeFiles()
  const file = files.open(join(folder, 'a.log'))
  const moved = `${folder}-moved`
  renameSync(folder, moved)
  files.reopen()
  assert.equal(counts['filesystem.reopen_failed'], 1)
  file.write('still\n')
  await files.close()
  assert.equal(readFileSync(join(moved, 'a.log'), 'utf8'), 'still\n')
  renameSync(moved, folder)
})

test('a full disk costs lines, counted, and nothing else', { skip: !existsSync('/dev/full') }, async () => {
  const files = makeFiles()
  const file = files.open('/dev/full')
  file.write('lost\n')
  file.flush()
  await until(() => counts['filesystem.write_failed'] === 1)
  // 8 MiB wait at most.
  const line = `${'x'.repeat(1024 * 1024 - 1)}\n`
  for (let i = 0; i < 20; i++) file.write(line)
  await until(() => (counts['filesystem.write_failed'] ?? 0) > 1)
  assert.ok((counts['filesystem.write_total_buffered'] ?? 0) <= 8 * 1024 * 1024)
  await files.close()
})

test('a pipe whose reader stands still costs lines, and goes on when it reads', async () => {
  const path = join(folder, 'pipe')
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', path])
  assert.throws(() => makeFiles().open(path), /unable to open file/)
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const files = makeFiles()
  const file = files.open(path)
  const line = `${'x'.repeat(1024 * 1024 - 1)}\n`
  for (let i = 0; i < 12; i++) file.write(line)
  assert.ok((counts['filesystem.write_failed'] ?? 0) > 0)
  let read = 0
  const chunk = Buffer.alloc(1024 * 1024)
  await until(() => {
    files.flush()
    try {
      read += readSync(reader, chunk)
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
    }
    return read > 200_000
  })
  const failed = counts['filesystem.write_failed'] ?? 0
  await files.close()
  assert.equal(counts['filesystem.write_failed'], failed + 1)
  closeSync(reader)
})

test('header bytes are written as they came', async () => {
  const path = join(folder, 'a.log')
  const files = makeFiles()
  files.open(path).write('\xc3\xa9\xff\n')
  await files.close()
  assert.deepEqual([...readFileSync(path)], [0xc3, 0xa9, 0xff, 0x0a])
})

test('a check opens nothing and tells what could not be opened', async () => {
  const files = makeFiles({ openFiles: false })
  const path = join(folder, 'a.log')
  files.open(path).write('x\n')
  files.reopen()
  await files.close()
  assert.equal(existsSync(path), false)
  assert.throws(() => makeFiles({ openFiles: false }).open(join(folder, 'sub', 'b.log')), /No such file or directory/)
  files.open('/dev/stdout')
})

test('a missing permission is told', { skip: process.getuid?.() === 0 }, () => {
  chmodSync(folder, 0o500)
  assert.throws(() => makeFiles().open(join(folder, 'a.log')), /Permission denied/)
})
