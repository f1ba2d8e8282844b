/**
 * `npm run bench:sdk`: CPU per request of sluice with the same filter written with this SDK and with the Rust SDK, rounds
 * interleaved, medians. Needs wrk.
 *
 *   --filters a,b  some of: header, body, shared-data
 *   --rounds n     rounds a filter (5)      --seconds n   of load a round (3)
 *   --json         the result as JSON instead of a table
 *
 * Exit code 1 when a filter of ours takes more than 1.1 of Rust's, or an answer was an error.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { configuration, wasmFilter } from '../../test/bench/proxies.ts'
import { hasProgram, startBackend, wrk, wrkMissing } from '../../test/support/load.ts'
import { cpuOf, processTree } from '../../test/support/process-meter.ts'
import { ProxyProcess } from '../../test/support/proxy-process.ts'
import { pluginConfig } from '../test/support/proxy.ts'
import { compile, filterEntry } from './compile.ts'

const highestRatio = 1.1

/** Sources that do the same: in sdk/test/assembly, and in test/fixtures/wasm. */
const pairs = [
  { name: 'header', ours: 'log-headers', rust: 'rust-headers', setting: 'yes' },
  { name: 'body', ours: 'replace-body', rust: 'rust-body', setting: 'hello' },
  { name: 'shared-data', ours: 'shared-count', rust: 'rust-shared', setting: '' },
] as const

const { values: options } = parseArgs({
  options: {
    filters: { type: 'string', default: pairs.map(({ name }) => name).join() },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
})

type Language = 'AssemblyScript' | 'Rust'

interface Sample {
  readonly cpuUs: number
  readonly errors: string
}

async function sample(proxy: ProxyProcess, seconds: number): Promise<Sample> {
  const tree = processTree(proxy.pid)
  const before = cpuOf(tree)
  const { requests, errors } = await wrk(proxy.ports.bench as number, '/', 64, seconds)
  const after = cpuOf(tree)
  return { cpuUs: (after.userUs + after.systemUs - before.userUs - before.systemUs) / requests, errors }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

async function compare(pair: (typeof pairs)[number], folder: string, backendPort: number) {
  const file = join(folder, `${pair.ours}.wasm`)
  await compile(filterEntry(pair.ours), file)
  const type = 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm'
  const ours = {
    name: pair.ours,
    typed_config: { '@type': type, config: pluginConfig({ file, configuration: pair.setting }) },
  }
  const proxies = new Map<Language, ProxyProcess>()
  const samples: Record<Language, Sample[]> = { AssemblyScript: [], Rust: [] }
  try {
    for (const [language, filter] of [
      ['AssemblyScript', ours],
      ['Rust', wasmFilter(pair.rust, pair.setting)],
    ] as const) {
      const proxy = await ProxyProcess.start('sluice', configuration('http', backendPort, [filter]), { concurrency: 1 })
      proxies.set(language, proxy)
      await sample(proxy, 2)
    }
    for (let round = 0; round < Number(options.rounds); round++)
      for (const [language, proxy] of proxies) samples[language].push(await sample(proxy, Number(options.seconds)))
  } finally {
    for (const proxy of proxies.values()) await proxy.stop()
  }
  const cpuUs = (language: Language): number => median(samples[language].map(each => each.cpuUs))
  const errors = [...samples.AssemblyScript, ...samples.Rust].map(each => each.errors).find(text => text !== '') ?? ''
  const [as, rust] = [cpuUs('AssemblyScript'), cpuUs('Rust')]
  return { filter: pair.name, assemblyScriptUs: as, rustUs: rust, ratio: as / rust, errors }
}

if (!hasProgram('wrk')) {
  console.error(`skipped: ${wrkMissing}`)
} else {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
  const backend = await startBackend()
  const results: Awaited<ReturnType<typeof compare>>[] = []
  try {
    const wanted = options.filters.split(',')
    for (const pair of pairs) if (wanted.includes(pair.name)) results.push(await compare(pair, folder, backend.port))
  } finally {
    await backend.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  if (options.json) console.log(JSON.stringify(results, undefined, 1))
  else {
    const text = (number: number): string => number.toFixed(2)
    console.table(
      results.map(({ filter, assemblyScriptUs, rustUs, ratio, errors }) => ({
        filter,
        'AssemblyScript µs/request': text(assemblyScriptUs),
        'Rust µs/request': text(rustUs),
        ratio: text(ratio),
        verdict: errors === '' ? (ratio <= highestRatio ? 'ok' : `over ${highestRatio}`) : errors,
      })),
    )
  }
  if (results.some(({ ratio, errors }) => !(ratio <= highestRatio) || errors !== '')) process.exitCode = 1
}
