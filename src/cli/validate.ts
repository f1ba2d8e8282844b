/** `--mode validate`: checks a configuration as far as serving it would, without opening a socket. */
import { checkConfiguration } from '../server/check.ts'
import type { ServerOptions } from '../server/options.ts'

/** Prints the verdict; the exit code is Envoy's: 0 accepted, 1 refused. */
export function validate(options: ServerOptions): number {
  try {
    const { warnings } = checkConfiguration(options, true)
    for (const warning of warnings) console.error(`warning: ${warning}`)
    console.log(`configuration '${options.configPath ?? ''}' OK`)
    return 0
  } catch (error) {
    console.error((error as Error).message)
    return 1
  }
}
