/** Modules that others wrote, with other SDKs, built from their registries (third-party.sh) and kept outside of the repository. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, homedir, loadavg } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { cluster, http, router } from '../golden/case.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'

const script = join(import.meta.dirname, 'third-party.sh')
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
const folder = join(cache, 'sluice/third-party', hash('sha256', readFileSync(script, 'utf8')).slice(0, 12))
const buildTimeoutMs = 280_000
const timeout = 300_000
/** Of a processor: below it the time to start is judged. */
const idleLoad = 0.5

/** Its file, built now if it was never. Undefined: it cannot be, and the test is skipped. */
async function build(t: TestContext, name: string): Promise<string | undefined> {
  const file = join(folder, `${name}.wasm`)
  if (existsSync(file)) return file
  try {
    await promisify(execFile)(script, [name, folder], { timeout: buildTimeoutMs })
    return file
  } catch (error) {
    t.skip(`${name} cannot be built here (Go or npm, and their registries): ${(error as Error).message.slice(0, 300)}`)
    return undefined
  }
}

async function start(t: TestContext, filename: string, configuration: string) {
  const upstream = await Upstream.listen()
  t.after(() => upstream.close())
  const value = { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: configuration }
  const config = { name: 'third', configuration: value, vm_config: { code: { local: { filename } } } }
  const type = 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm'
  const http_filters = [{ name: 'wasm', typed_config: { '@type': type, config } }, router]
  const resources = { listeners: [http({ hcm: { http_filters } })], clusters: [cluster('a', ['$port'])] }
  const text = JSON.stringify({ static_resources: resources }).replaceAll('"$port"', String(upstream.port))
  const proxy = await ProxyProcess.start('sluice', JSON.parse(text) as JsonObject)
  t.after(() => proxy.stop())
  return { proxy, upstream }
}

async function ask(proxy: ProxyProcess, path: string): Promise<string> {
  const client = await RawClient.connect(proxy.ports.http as number)
  client.write(
    `GET ${path} HTTP/1.1\r\nhost: example.com\r\nuser-agent: test\r\naccept: */*\r\nconnection: close\r\n\r\n`,
  )
  await client.waitFor(c => c.peer !== 'open', 'an answer', 10_000)
  return client.text
}

for (const [name, configured] of [
  // It asks for its configuration when that cannot be read any more, on Envoy too.
  ['solo', ''],
  ['gcore', 'conf'],
] as const)
  test(`a filter on the AssemblyScript SDK of ${name}`, { timeout }, async t => {
    const file = await build(t, name)
    if (file === undefined) return
    const { proxy, upstream } = await start(t, file, 'conf')
    const answer = await ask(proxy, '/path')
    assert.match(answer, /^HTTP\/1.1 200 OK/)
    assert.equal(/^x-older: (.*)$/m.exec(answer)?.[1]?.trim(), configured)
    assert.ok(upstream.requests[0]?.message.headers.includes('x-older: /path'))
  })

test('the Coraza WAF with the OWASP core rule set', { timeout }, async t => {
  const file = await build(t, 'coraza')
  if (file === undefined) return
  const rules = ['@demo-conf', '@crs-setup-demo-conf', '@owasp_crs/*.conf'].map(each => `Include ${each}`)
  rules.splice(1, 0, 'SecRuleEngine On')
  const { proxy } = await start(
    t,
    file,
    JSON.stringify({ directives_map: { default: rules }, default_directives: 'default' }),
  )
  // 24 MB of code. Envoy takes more than eleven seconds.
  const load = (loadavg()[0] as number) / availableParallelism()
  if (load > idleLoad) t.diagnostic(`ready in ${Math.round(proxy.readyMs)} ms; the machine is too busy to judge that`)
  else assert.ok(proxy.readyMs <= 2000, `start to ready in ${proxy.readyMs} ms`)
  assert.match(await ask(proxy, '/?id=1'), /^HTTP\/1.1 200 OK/)
  for (const attack of ['/?id=1%27%20OR%201=1--%20-', '/?q=%3Cscript%3Ealert(1)%3C/script%3E', '/?file=/etc/passwd'])
    assert.match(await ask(proxy, attack), /^HTTP\/1.1 403 Forbidden/, attack)
  assert.match(proxy.output, /SQL Injection Attack Detected via libinjection/)
})
