/** The conformance suite h2spec, all of it, against a listener whose upstream answers when the request is complete. */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { Setup } from './setup.ts'

function findH2spec(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const root of [process.env['GOPATH'], goPath(), join(homedir(), 'go')])
    if (root !== undefined && root !== '') folders.push(join(root, 'bin'))
  return folders.map(folder => join(folder, 'h2spec')).find(path => existsSync(path))
}

function goPath(): string | undefined {
  try {
    return execFileSync('go', ['env', 'GOPATH'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

const program = findH2spec()
const skip =
  program === undefined && 'no h2spec: go install github.com/summerwind/h2spec/cmd/h2spec@latest (.ci/run does it)'

test('h2spec: generic, http2, hpack', { skip }, async () => {
  const setup = await Setup.start((request, response) => {
    request.on('error', () => {})
    request.resume()
    request.on('end', () => response.end('some bytes to send'))
  })
  try {
    const port = String(setup.proxy.ports['http2'])
    const args = ['generic', 'http2', 'hpack', '-h', '127.0.0.1', '-p', port, '-P', '/h1/', '-o', '3']
    const output = await new Promise<string>(resolve => {
      execFile(program as string, args, { maxBuffer: 1 << 24 }, (_error, stdout) => resolve(stdout))
    })
    const allPassed = /\b(14\d) tests, \1 passed, 0 skipped, 0 failed/.test(output)
    assert.ok(allPassed, /Failures:[^]*/.exec(output)?.[0] ?? output.slice(-2000))
  } finally {
    await setup.stop()
  }
})
