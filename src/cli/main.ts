/** The commands: reads the command line, runs what it asks for, answers the exit code. */
import { readFileSync } from 'node:fs'
import { parseCommandLine, UsageError, usage } from './options.ts'
import { run } from './run.ts'
import { validate } from './validate.ts'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

/** @param args without the program's name */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { command, server, notes } = parseCommandLine(args)
    switch (command) {
      case 'help':
        console.log(usage())
        return 0
      case 'version':
        console.log(`sluice  version: ${manifest.version} (Envoy API 1.40, Node ${process.version})`)
        return 0
      case 'validate':
        return validate(server)
      case 'run':
        return await run(server, notes)
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`sluice: ${error.message}\nTry: sluice --help`)
    return 1
  }
}
