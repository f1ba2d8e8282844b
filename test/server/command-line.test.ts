/** The process as its users see it: exit codes, one-line errors, signals, validation. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { cluster, http, req } from '../golden/case.ts'
import { type JsonObject, proxyCommand } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { listenTcp, Upstream } from '../support/upstream.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluice-cli-'))
const children = new Set<ChildProcess>()
after(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

interface Run {
  readonly child: ChildProcess
  readonly output: () => string
  readonly exit: Promise<number | null>
  /** Resolves with the match when the output has it. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
}

function start(...flags: readonly string[]): Run {
  const [node = '', main = ''] = proxyCommand('sluice')
  const child = spawn(node, [main, ...flags], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let output = ''
  let wake = (): void => undefined
  const take = (chunk: Buffer): void => {
    output += chunk.toString()
    wake()
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const exit = new Promise<number | null>(resolve => child.on('close', resolve))
  return {
    child,
    output: () => output,
    exit,
    async waitFor(pattern) {
      const ended = exit.then(() => true)
      for (;;) {
        const match = pattern.exec(output)
        if (match !== null) return match
        const next = new Promise<boolean>(resolve => {
          wake = () => resolve(false)
        })
        if (await Promise.race([next, ended])) throw new Error(`ended without ${pattern}:\n${output}`)
      }
    },
  }
}

/** Runs to the end. */
async function run(...flags: readonly string[]): Promise<{ code: number | null; output: string }> {
  const { exit, output } = start(...flags)
  return { code: await exit, output: output() }
}

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text)
  return name
}

const direct: readonly JsonObject[] = [{ match: { prefix: '/' }, direct_response: { status: 200 } }]
const bootstrap = (...listeners: readonly JsonObject[]): string =>
  JSON.stringify({ static_resources: { listeners } }).replaceAll('$DIR', dir)

test('--version, --help and usage errors', async () => {
  assert.match((await run('--version')).output, /^sluice {2}version: \d+\.\d+\.\d+/)
  const help = await run('--help')
  assert.equal(help.code, 0)
  assert.match(help.output, /--config-path VALUE/)
  const wrong = await run('--no-such-flag')
  assert.equal(wrong.code, 1)
  assert.match(wrong.output, /^sluice: Unknown option '--no-such-flag'\nTry: sluice --help\n$/)
})

test('--mode validate: 0 and 1, every fault with its place', async () => {
  const good = await run('-c', file('good.json', bootstrap(http({ routes: direct }))), '--mode', 'validate')
  assert.deepEqual(good, { code: 0, output: "configuration 'good.json' OK\n" })
  const bad = file(
    'bad.yaml',
    `static_resources:
  clusters:
  - name: a
    conect_timeout: 1s
  - name: b
    type: STATIC
    lb_policy: SOMETIMES
`,
  )
  const { code, output } = await run('-c', bad, '--mode', 'validate')
  assert.equal(code, 1)
  assert.match(output, /bad\.yaml:4:5 static_resources\.clusters\[0\]\.conect_timeout: .*connect_timeout/)
  assert.match(output, /bad\.yaml:7:\d+ static_resources\.clusters\[1\]\.lb_policy: .*SOMETIMES/)
})

test('what sluice lacks is refused by name, --allow-unsupported warns and serves', async () => {
  const config = file(
    'unsupported.json',
    JSON.stringify({ static_resources: { listeners: [{ ...http({ routes: direct }), freebind: true }] } }).replaceAll(
      '$DIR',
      dir,
    ),
  )
  const refused = await run('-c', config)
  assert.equal(refused.code, 1)
  assert.match(refused.output, /listeners\[0\]\.freebind: .*not supported by sluice/)
  const warned = start('-c', config, '--allow-unsupported', '--concurrency', '0')
  await warned.waitFor(/freebind: .*not supported by sluice/)
  await warned.waitFor(/serving with/)
  warned.child.kill('SIGTERM')
  assert.equal(await warned.exit, 0)
})

test('one clear line and exit code 1: file missing, port in use, module missing', async () => {
  const lines = (output: string): string[] => output.split('\n').filter(line => /\[(critical|error)\]/.test(line))
  const missing = await run('-c', 'nowhere.yaml')
  assert.equal(missing.code, 1)
  assert.match(missing.output, /cannot read nowhere\.yaml: ENOENT/)

  const taken = createServer()
  const port = await new Promise<number>(resolve =>
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
  )
  try {
    const listener = http({ routes: direct, listener: { enable_reuse_port: false } })
    const config = bootstrap(listener).replaceAll('"port_value":0', `"port_value":${port}`)
    for (const concurrency of ['0', '1']) {
      const { code, output } = await run('-c', file('taken.json', config), '--concurrency', concurrency)
      assert.equal(code, 1)
      assert.deepEqual(lines(output).length, 1, output)
      assert.match(output, new RegExp(`cannot bind '127\\.0\\.0\\.1:${port}': Address already in use`))
    }
  } finally {
    taken.close()
  }
})

test('SIGTERM drains: what is under way finishes, new connections are refused, exit code 0', async () => {
  const upstream = await Upstream.listen()
  const free = await listenTcp()
  free.close()
  try {
    upstream.script([{ write: 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate' }])
    const config = JSON.stringify({
      static_resources: { listeners: [http({})], clusters: [cluster('a', ['$a'])] },
    })
      .replaceAll('"$a"', String(upstream.port))
      .replaceAll('$DIR', dir)
      .replaceAll('"port_value":0', `"port_value":${free.port}`)
    const proxy = start('-c', file('drain.json', config), '--concurrency', '1')
    await proxy.waitFor(/serving with/)
    const idle = await RawClient.connect(free.port)
    const busy = await RawClient.connect(free.port)
    busy.write(req('POST /', ['content-length: 4'], 'ab'))
    await upstream.sawHeads(1)
    proxy.child.kill('SIGTERM')
    await proxy.waitFor(/draining/)
    await idle.waitFor(c => c.peer !== 'open', 'the idle connection to be closed')
    await assert.rejects(RawClient.connect(free.port))
    busy.write('cd')
    // A connection that was told to close may stay for drain_timeout, as with Envoy.
    await busy.waitFor(c => c.text.endsWith('late'), 'the answer')
    busy.destroy()
    assert.match(busy.text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close\r\n[\s\S]*late$/)
    assert.equal(await proxy.exit, 0)
  } finally {
    upstream.close()
  }
})

test('a second SIGTERM ends at once', async () => {
  const proxy = start('-c', file('stubborn.json', bootstrap(http({ routes: direct }))), '--concurrency', '1')
  await proxy.waitFor(/serving with/)
  proxy.child.kill('SIGTERM')
  proxy.child.kill('SIGTERM')
  assert.equal(await proxy.exit, 0)
})

test('connections that a filter closed at once do not hold up a drain', async () => {
  const free = await listenTcp()
  free.close()
  const hello = {
    name: 'direct_response',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config',
      response: { inline_string: 'hello' },
    },
  }
  const listener = {
    name: 'tcp',
    address: { socket_address: { address: '127.0.0.1', port_value: free.port } },
    filter_chains: [{ filters: [hello] }],
  }
  const proxy = start('-c', file('hello.json', bootstrap(listener)), '--concurrency', '1')
  await proxy.waitFor(/serving with/)
  const client = await RawClient.connect(free.port)
  await client.waitFor(c => c.peer !== 'open', 'the greeting')
  assert.equal(client.text, 'hello')
  client.destroy()
  proxy.child.kill('SIGTERM')
  assert.equal(await proxy.exit, 0)
})
