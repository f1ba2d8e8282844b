/** The published package: packed, installed elsewhere, started. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'sluice-package-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a packed tarball, unpacked elsewhere, starts and serves', async () => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).replace(/^[^[{]*(?=[[{])/, ''),
  ) as [{ filename: string; files: { path: string }[] }]
  const paths = packed.files.map(file => file.path)
  assert.ok(paths.includes('dist/main.js') && paths.includes('dist/index.d.ts'))
  assert.ok(!paths.some(path => path.startsWith('src/') || path.endsWith('.test.js')), 'sources and tests stay out')

  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', folder])
  // Its dependencies are those of this checkout: the test needs no registry.
  symlinkSync(join(root, 'node_modules'), join(folder, 'package', 'node_modules'))
  const config = `
admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }
static_resources:
  listeners:
  - name: ingress
    address: { socket_address: { address: 127.0.0.1, port_value: 0 } }
    filter_chains:
    - filters:
      - name: echo
        typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo }
`
  const launcher = join(folder, 'package', 'bin', 'sluice.mjs')
  const proxy = spawn(process.execPath, [launcher, '--config-yaml', config, '--concurrency', '1'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  for await (const line of createInterface(proxy.stderr)) {
    log += `${line}\n`
    const admin = /admin address: (\S+)/.exec(log)?.[1]
    if (admin === undefined || !/serving with 1 workers/.test(log)) continue
    assert.equal(await (await fetch(`http://${admin}/ready`)).text(), 'LIVE\n')
    proxy.kill('SIGTERM')
    break
  }
  proxy.stderr.resume()
  const code = await new Promise(resolve => proxy.on('exit', resolve))
  assert.equal(code, 0, log)

  const program = `
    import { Sluice } from './package/dist/index.js'
    const proxy = await Sluice.start({ configYaml: '{}' })
    await proxy.close()
    console.log('closed')`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder,
    encoding: 'utf8',
  })
  assert.match(output, /closed/)
})
