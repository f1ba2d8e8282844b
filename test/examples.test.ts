/** Every example does what its README says, and is a configuration that Envoy takes too (where Envoy is installed). */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { req } from './golden/case.ts'
import { findEnvoy } from './support/envoy.ts'
import { type JsonObject, ProxyProcess } from './support/proxy-process.ts'
import { RawClient } from './support/raw-client.ts'
import { listenTcp, Upstream } from './support/upstream.ts'

const examples = join(import.meta.dirname, '../examples')

/** Starts an example on free ports, with these in place of 10001, 10002, … */
function start(name: string, upstreamPorts: readonly number[]): Promise<ProxyProcess> {
  const text = readFileSync(join(examples, name, 'envoy.yaml'), 'utf8')
    .replace(/\b(10000|9901)\b/g, '0')
    .replace(/\b1000([1-9])\b/g, (_, nth: string) => String(upstreamPorts[Number(nth) - 1]))
  return ProxyProcess.start('sluice', parse(text) as JsonObject)
}

async function exchange(port: number, request: string): Promise<string> {
  const client = await RawClient.connect(port)
  client.write(request)
  await client.waitFor(c => c.peer !== 'open', 'the connection to close')
  client.destroy()
  return client.text
}

test('quick-start', async () => {
  const upstream = await Upstream.listen()
  const proxy = await start('quick-start', [upstream.port])
  try {
    const port = proxy.ports.ingress as number
    assert.match(
      await exchange(port, req('GET /hello', ['connection: close'])),
      /^HTTP\/1\.1 200 OK\r\n[^]*x-wasm-filter: hello from AssemblyScript\r\n/,
    )
    assert.match(await exchange(port, req('GET /direct', ['connection: close'])), /hello from the route table\n$/)
  } finally {
    await proxy.stop()
    upstream.close()
  }
})

test('wasm-chain: three languages and a native filter on one chain', async () => {
  const upstream = await Upstream.listen()
  const proxy = await start('wasm-chain', [upstream.port])
  try {
    const port = proxy.ports.ingress as number
    const answer = await exchange(port, req('GET /', ['connection: close']))
    for (const language of ['assemblyscript', 'rust', 'go'])
      assert.match(answer, new RegExp(`\r\nx-${language}: yes\r\n`))
    const large = req('POST /', ['connection: close', 'content-length: 2000'], 'x'.repeat(2000))
    assert.match(await exchange(port, large), /^HTTP\/1\.1 413 /)
    assert.equal(upstream.requests.length, 1)
  } finally {
    await proxy.stop()
    upstream.close()
  }
})

test('tcp-proxy: two hosts take turns, one that refuses costs an attempt only', async () => {
  const echo = await listenTcp()
  const gone = await listenTcp()
  gone.close()
  const proxy = await start('tcp-proxy', [echo.port, gone.port])
  try {
    for (let i = 0; i < 4; i++) {
      const client = await RawClient.connect(proxy.ports.tcp as number)
      client.write('echo')
      await client.waitFor(c => c.text === 'echo', 'the echo')
      client.destroy()
    }
    assert.ok(((await proxy.stats('connect_fail')).get('cluster.hosts.upstream_cx_connect_fail') ?? 0) >= 1)
    await proxy.waitForStats(s => s.get('tcp.tcp.downstream_cx_total') === 4, 'the count of connections')
  } finally {
    await proxy.stop()
    echo.close()
  }
})

const envoy = findEnvoy()
for (const name of readdirSync(examples)) {
  test(`${name} has a README`, () => assert.ok(existsSync(join(examples, name, 'README.md'))))

  const skip =
    (envoy === undefined && 'Envoy is not installed') ||
    (name === 'wasm-chain' && 'Envoy compiles the Go module for 8 s') ||
    (name === 'tls' && 'its own test does so, when it has made certificates')
  test(`${name}: Envoy takes its configuration`, { skip }, () => {
    const config = join(examples, name, 'envoy.yaml')
    execFileSync(envoy as string, ['--mode', 'validate', '-c', config, '-l', 'off'], { cwd: join(examples, '..') })
  })
}
