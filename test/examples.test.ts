/** Every example does what its README says, on sluice and, where it is installed, on Envoy. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import tls from 'node:tls'
import { parse } from 'yaml'
import { req, res } from './golden/case.ts'
import { noOpenssl } from './support/certificates.ts'
import { envoyMissing, findEnvoy } from './support/envoy.ts'
import { type JsonObject, type ProxyKind, ProxyProcess } from './support/proxy-process.ts'
import { RawClient } from './support/raw-client.ts'
import { listenTcp, Upstream } from './support/upstream.ts'

const repository = join(import.meta.dirname, '..')
const examples = join(repository, 'examples')
const kinds: readonly { readonly kind: ProxyKind; readonly skip: string | false }[] = [
  { kind: 'sluice', skip: false },
  { kind: 'envoy', skip: findEnvoy() === undefined && envoyMissing },
]

/** Starts an example on free ports, with these in place of 10001, 10002, …, until the test is over. */
async function start(
  t: TestContext,
  kind: ProxyKind,
  file: string,
  upstreamPorts: readonly number[],
  adapt: (text: string) => string = text => text,
): Promise<ProxyProcess> {
  const text = adapt(readFileSync(join(examples, file), 'utf8'))
    .replaceAll('port_value: 10002', () => `port_value: ${upstreamPorts[1] ?? 0}`)
    .replace(/\b(10000|1500[16]|990[12])\b/g, '0')
    .replace(/\b1000([13-9])\b/g, (_, nth: string) => String(upstreamPorts[Number(nth) - 1]))
    .replace(/filename: (?=examples|filters|test)/g, `filename: ${repository}/`)
  const proxy = await ProxyProcess.start(kind, parse(text) as JsonObject)
  t.after(() => proxy.stop())
  return proxy
}

async function upstream(t: TestContext): Promise<Upstream> {
  const server = await Upstream.listen()
  t.after(() => server.close())
  return server
}

async function exchange(port: number | undefined, request: string): Promise<string> {
  const client = await RawClient.connect(port as number)
  client.write(request)
  await client.waitFor(c => c.peer !== 'open', 'the connection to close')
  client.destroy()
  return client.text
}

const reloads = (stats: ReadonlyMap<string, number>): number | undefined =>
  stats.get('extension_config_discovery.http_filter.header.config_reload')

const get = (path: string, headers: readonly string[] = []): string =>
  req(`GET ${path}`, ['connection: close', ...headers])

/** What an echo server answers to a line. */
async function echoed(port: number | undefined, line: string): Promise<string> {
  const client = await RawClient.connect(port as number)
  client.write(line)
  await client.waitFor(c => c.text === line || c.peer !== 'open', 'the echo or the end')
  client.destroy()
  return client.text
}

for (const { kind, skip } of kinds) {
  test(`quick-start on ${kind}`, { skip }, async t => {
    const { ports } = await start(t, kind, 'quick-start/envoy.yaml', [(await upstream(t)).port])
    assert.match(
      await exchange(ports.ingress, get('/hello')),
      /^HTTP\/1\.1 200 OK\r\n[^]*x-wasm-filter: hello from AssemblyScript\r\n/,
    )
    assert.match(await exchange(ports.ingress, get('/direct')), /hello from the route table\n$/)
  })

  test(`four-languages on ${kind}: each language's filter adds its header and counts`, { skip }, async t => {
    const proxy = await start(t, kind, 'four-languages/envoy.yaml', [])
    const answer = await exchange(proxy.ports.ingress, get('/'))
    const languages = ['c', 'go', 'rust', 'assemblyscript']
    assert.deepEqual(
      [...answer.matchAll(/x-served-by: (\w+)/g)].map(([, name]) => name),
      languages,
    )
    for (const name of languages)
      await proxy.waitForStats(stats => stats.get(`wasmcustom.served_by_${name}`) === 1, `the count of ${name}`)
  })

  test(`wasm-chain on ${kind}: three languages and a native filter on one chain`, { skip }, async t => {
    const server = await upstream(t)
    const { ports } = await start(t, kind, 'wasm-chain/envoy.yaml', [server.port])
    const answer = await exchange(ports.ingress, get('/'))
    for (const language of ['assemblyscript', 'rust', 'go'])
      assert.match(answer, new RegExp(`\r\nx-${language}: yes\r\n`))
    const large = req('POST /', ['connection: close', 'content-length: 2000'], 'x'.repeat(2000))
    assert.match(await exchange(ports.ingress, large), /^HTTP\/1\.1 413 /)
    assert.equal(server.requests.length, 1)
  })

  test(`tcp-proxy on ${kind}: two hosts take turns, one that refuses costs an attempt only`, { skip }, async t => {
    const echo = await listenTcp()
    t.after(() => echo.close())
    const gone = await listenTcp()
    gone.close()
    const proxy = await start(t, kind, 'tcp-proxy/envoy.yaml', [echo.port, gone.port])
    for (let i = 0; i < 4; i++) assert.equal(await echoed(proxy.ports.tcp, 'echo'), 'echo')
    assert.ok(((await proxy.stats('connect_fail')).get('cluster.hosts.upstream_cx_connect_fail') ?? 0) >= 1)
    await proxy.waitForStats(s => s.get('tcp.tcp.downstream_cx_total') === 4, 'the count of connections')
  })

  test(`network-filter on ${kind}: refused commands end the connection, in pieces too`, { skip }, async t => {
    const echo = await listenTcp()
    t.after(() => echo.close())
    const proxy = await start(t, kind, 'network-filter/envoy.yaml', [echo.port])
    assert.equal(await echoed(proxy.ports.tcp, 'echo\nPING\r\n'), 'echo\nPING\r\n')
    assert.equal(await echoed(proxy.ports.tcp, 'flushall\r\n'), '')
    const client = await RawClient.connect(proxy.ports.tcp as number)
    client.write('GET a\nFLUSH')
    await new Promise(resolve => setImmediate(resolve))
    client.write('ALL\n')
    await client.waitFor(c => c.peer !== 'open', 'the connection to close')
    assert.equal(client.text, '')
    client.destroy()
    await proxy.waitForStats(s => s.get('wasmcustom.line_guard_refused') === 2, 'the counter')
  })

  test(`front-proxy on ${kind}`, { skip }, async t => {
    const [users, orders] = [await upstream(t), await upstream(t)]
    const { ports } = await start(t, kind, 'front-proxy/envoy.yaml', [users.port, orders.port])
    users.script([res('503 Busy'), res('200 OK', [], 'user 7')])
    assert.match(await exchange(ports.edge, get('/users/7')), /^HTTP\/1\.1 200 [^]*user 7$/)
    assert.deepEqual(
      users.requests.map(({ message }) => message.start),
      ['GET /v2/users/7 HTTP/1.1', 'GET /v2/users/7 HTTP/1.1'],
    )
    await exchange(ports.edge, get('/a/..//orders'))
    assert.equal(orders.requests[0]?.message.start, 'GET /orders HTTP/1.1')
    const nowhere = await exchange(ports.edge, get('/nowhere', ['x-request-id: 1']))
    assert.match(nowhere, /^HTTP\/1\.1 404 [^]*\r\nserver: edge\r\n/)
    const error = JSON.parse(nowhere.slice(nowhere.indexOf('\r\n\r\n'))) as JsonObject
    assert.deepEqual(Object.keys(error).toSorted(), ['error', 'request', 'status'])
    assert.equal(error.status, 404)
    const preflight = ['connection: close', 'origin: https://www.example.com', 'access-control-request-method: GET']
    assert.match(
      await exchange(ports.edge, req('OPTIONS /users', preflight)),
      /^HTTP\/1\.1 204 [^]*access-control-allow-origin: https:\/\/www\.example\.com\r\n/,
    )
    assert.match(await exchange(ports.edge, get('/')), /^HTTP\/1\.1 302 [^]*\r\nlocation: http:\/\/a\.test\/users\r\n/)
  })

  test(`discovery on ${kind}`, { skip }, async t => {
    const api = await upstream(t)
    const dir = mkdtempSync(join(tmpdir(), 'sluice-test-discovery-'))
    t.after(() => rmSync(dir, { recursive: true, force: true }))
    const write = (name: string, change: (text: string) => string): void => {
      const text = readFileSync(join(examples, 'discovery', name), 'utf8')
      writeFileSync(join(dir, 'next'), change(text).replace('examples/', `${examples}/`))
      renameSync(join(dir, 'next'), join(dir, name))
    }
    write('routes.yaml', text => text)
    write('filter.yaml', text => text)
    const inDir = (text: string): string => text.replaceAll('examples/discovery/', `${dir}/`)
    const proxy = await start(t, kind, 'discovery/envoy.yaml', [api.port], inDir)
    const { ingress } = proxy.ports
    assert.match(await exchange(ingress, get('/hello')), /^HTTP\/1\.1 200 [^]*x-version: one\r\n[^]*hello/)
    assert.match(await exchange(ingress, get('/other')), /^HTTP\/1\.1 200 /)
    write('filter.yaml', text => text.replace('one', 'two'))
    write('routes.yaml', text => text.replace('hello\\n', 'again\\n'))
    await proxy.waitForStats(
      stats => stats.get('http.ingress.rds.public.config_reload') === 2 && reloads(stats) === 2,
      'both files to be read again',
    )
    // The workers are told after the stat is counted.
    let answer = ''
    do answer = await exchange(ingress, get('/hello'))
    while (!/x-version: two/.test(answer) || !/again/.test(answer))
    assert.match(answer, /^HTTP\/1\.1 200 /)
  })

  test(`rate-limit on ${kind}`, { skip }, async t => {
    const api = await upstream(t)
    const { ports } = await start(t, kind, 'rate-limit/envoy.yaml', [api.port])
    const answers: string[] = []
    for (const key of ['mine', 'mine', 'mine', 'yours']) {
      const text = await exchange(ports.ingress, get('/', [`x-api-key: ${key}`]))
      answers.push(`${text.slice(9, 12)} ${/x-ratelimit-remaining: (\d+)/.exec(text)?.[1]}`)
    }
    assert.deepEqual(answers, ['200 1', '200 0', '429 0', '200 1'])
    const preflight = ['connection: close', 'origin: https://www.example.com', 'access-control-request-method: GET']
    assert.match(
      await exchange(ports.ingress, req('OPTIONS /', preflight)),
      /^HTTP\/1\.1 200 [^]*access-control-allow-origin: https:\/\/www\.example\.com\r\n/,
    )
  })

  test(`sidecar on ${kind}`, { skip }, async t => {
    const [application, one, other] = [await upstream(t), await upstream(t), await upstream(t)]
    const proxy = await start(t, kind, 'sidecar/envoy.yaml', [application.port, one.port, other.port])
    assert.match(await exchange(proxy.ports.inbound, get('/')), /^HTTP\/1\.1 200 /)
    assert.match(await exchange(proxy.ports.inbound, get('/healthz/sidecar')), /^HTTP\/1\.1 200 /)
    assert.equal(application.requests.length, 1, 'the sidecar answers health checks for itself')
    for (const host of [one, other]) host.script([res('503 Busy'), res('200 OK', [], 'order')])
    const answers = [await exchange(proxy.ports.outbound, get('/', ['host: orders']))]
    answers.push(await exchange(proxy.ports.outbound, get('/', ['host: orders:80'])))
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200 [^]*order$/)
    assert.ok(((await proxy.stats('retry')).get('cluster.orders.upstream_rq_retry') ?? 0) >= 1)
    assert.match(await exchange(proxy.ports.outbound, get('/', ['host: elsewhere'])), /^HTTP\/1\.1 404 /)
  })

  test(`double-proxy on ${kind}: who has no certificate does not get in`, { skip: skip || noOpenssl }, async t => {
    const certificates = mkdtempSync(join(tmpdir(), 'sluice-test-double-proxy-'))
    t.after(() => rmSync(certificates, { recursive: true }))
    execFileSync(join(examples, 'tls/make-certificates.sh'), [certificates], { stdio: 'ignore' })
    const adapt = (text: string): string => text.replaceAll('examples/tls/certificates', certificates)
    const echo = await listenTcp()
    t.after(() => echo.close())
    const serverSide = await start(t, kind, 'double-proxy/server-side.yaml', [echo.port], adapt)
    const { tunnel } = serverSide.ports
    const clientSide = await start(t, kind, 'double-proxy/client-side.yaml', [echo.port, tunnel as number], adapt)
    assert.equal(await echoed(clientSide.ports.database, 'echo\nover two proxies'), 'echo\nover two proxies')
    await serverSide.waitForStats(
      stats => [...stats].some(([name, value]) => name.endsWith('ssl.handshake') && value === 1),
      'the handshake',
    )
    const stranger = tls.connect({
      host: '127.0.0.1',
      port: tunnel,
      rejectUnauthorized: false,
      servername: 'api.example.com',
    })
    stranger.on('error', () => {})
    stranger.write('hello')
    let answer = ''
    stranger.on('data', (data: Buffer) => (answer += data.toString()))
    await new Promise(resolve => stranger.once('close', resolve))
    assert.equal(answer, '')
  })
}

const envoy = findEnvoy()
for (const name of readdirSync(examples))
  test(`${name} has a README`, () => assert.ok(existsSync(join(examples, name, 'README.md'))))

for (const file of globSync('*/envoy.yaml', { cwd: examples })) {
  const name = file.split('/')[0] as string
  const skip =
    (envoy === undefined && envoyMissing) ||
    (['wasm-chain', 'four-languages'].includes(name) && 'Envoy has run it above') ||
    (name === 'tls' && 'its own test does so, when it has made certificates')
  test(`${name}: Envoy takes its configuration as it is`, { skip }, () => {
    const config = join(examples, file)
    execFileSync(envoy as string, ['--mode', 'validate', '-c', config, '-l', 'off'], { cwd: repository })
  })
}
