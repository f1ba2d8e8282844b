/** The process: command line in, exit code out. The only file that reads `process.argv` and handles signals. */
import { readFileSync } from 'node:fs'
import { parseCommandLine, UsageError, usage } from './cli/options.ts'
import { run } from './cli/run.ts'
import { validate } from './cli/validate.ts'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

async function main(args: readonly string[]): Promise<number> {
  const { command, server, notes } = parseCommandLine(args)
  if (command === 'help') {
    console.log(usage())
    return 0
  }
  if (command === 'version') {
    console.log(`sluice  version: ${manifest.version} (Envoy API 1.40, Node ${process.version})`)
    return 0
  }
  return command === 'validate' ? validate(server) : run(server, notes)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`sluice: ${error.message}\nTry: sluice --help`)
  process.exitCode = 1
}
