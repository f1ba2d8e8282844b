/** `npm start`: an upstream of a few lines, sluice in front of it on the configuration beside this file, and what to try. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

const upstreamPort = 10_001

const upstream = createServer((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify({ method: request.method, path: request.url, headers: request.headers }, null, 2)}\n`)
})
upstream.on('error', error => {
  console.error(`the example's upstream needs port ${upstreamPort}: ${error.message}`)
  process.exit(1)
})
upstream.listen(upstreamPort, '127.0.0.1', () => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const config = fileURLToPath(new URL('envoy.yaml', import.meta.url))
  const proxy = spawn(process.execPath, [main, '-c', config, ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both; the proxy drains and this process goes with it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => signal === 'SIGTERM' && proxy.kill(signal))
  proxy.on('exit', code => process.exit(code ?? 1))
  console.log(`
  sluice: listener on http://127.0.0.1:10000, admin on http://127.0.0.1:9901

    curl -i  http://127.0.0.1:10000/hello      the upstream, through a wasm filter that adds x-wasm-filter
    curl -i  http://127.0.0.1:10000/direct     an answer from the route table
    curl     http://127.0.0.1:9901/stats?filter=downstream_rq
    curl     http://127.0.0.1:9901/help

  Configuration: examples/quick-start/envoy.yaml. Ctrl-C drains and ends.
`)
})
