/** gRPC through the proxy with clients and servers of grpc-go, which is built here. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { http } from '../golden/case.ts'
import { connectEcho, serveEcho } from '../support/grpc-echo.ts'
import { hasProgram } from '../support/load.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { http2Cluster } from './setup.ts'

const kind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'
const missing = hasProgram('go') ? false : 'needs Go 1.25 or later (https://go.dev/dl)'
const calls = [
  'unary: "hello" <nil> ["with the call"] ["\\x00\\xff\\n"]',
  'error: AlreadyExists "there is one: 100 %" ["because"]',
  'large: 3000000 <nil>',
  'gzip: 100000 <nil>',
  'deadline: DeadlineExceeded',
  'up: 100000 <nil>',
  'down: 2000 message 1999 EOF',
  'both: [A B C] EOF',
  'many: 200',
]

describe('grpc-go', { skip: missing }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-grpc-go-'))
  const program = join(dir, 'grpc-go')
  let goServer: ChildProcess
  let echo: Awaited<ReturnType<typeof serveEcho>>
  let proxy: ProxyProcess
  const address = (listener: string): string => `127.0.0.1:${proxy.ports[listener]}`

  before(async () => {
    execFileSync('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'grpc-go'), stdio: 'pipe' })
    goServer = spawn(program, ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [line] = (await once(goServer.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
    echo = await serveEcho()
    const listener = (name: string) =>
      http({ name, routes: [{ match: { prefix: '/', grpc: {} }, route: { cluster: name, timeout: '0s' } }] })
    proxy = await ProxyProcess.start(kind, {
      static_resources: {
        listeners: [listener('go'), listener('js')],
        clusters: [http2Cluster('go', Number(line.toString())), http2Cluster('js', echo.port)],
      },
    })
  })

  after(async () => {
    await proxy?.stop()
    echo?.server.forceShutdown()
    goServer?.kill()
    rmSync(dir, { recursive: true })
  })

  for (const to of ['go', 'js'])
    test(`calls from Go to ${to}`, async () => {
      const client = spawn(program, ['call', address(to)], { stdio: ['ignore', 'pipe', 'inherit'] })
      assert.deepEqual((await text(client.stdout)).trimEnd().split('\n'), calls)
    })

  test('calls from grpc-js to Go', async t => {
    const client = connectEcho(address('go'))
    t.after(() => client.close())
    const messages: string[] = []
    for await (const message of client.down('500')) messages.push(message as string)
    assert.equal(messages.length, 500)
    const up = await new Promise((resolve, reject) => {
      const call = client.up((error, answer) => (error === null ? resolve(answer) : reject(error)))
      for (let i = 0; i < 100; i++) call.write('x'.repeat(1000))
      call.end()
    })
    assert.equal(up, '100000')
  })
})
